// Tests that share two machines: built once, and restored before each test.
//
//   client (VM) -- lan -- server (VM)
//
// Booting and setup happen once, for the first test; each test finds the machines in that state, with
// their memory, and the bridge without rules.
//
// deno test -P examples/vm_fixture_test.ts
import "@netyard/netyard/rootless";
import { labFixture } from "@netyard/netyard/testing";
import { assert, assertEquals, assertGreaterOrEqual } from "@std/assert";

const pair = labFixture({ label: "pair" }, async (lab) => {
  const lan = lab.bridge("lan");
  const [client, server] = ["client", "server"].map((name) => lab.vm(name, { bridges: [lan] }));
  await lab.boot();
  await server.writeFile("/tmp/index.html", "hello");
  (await server.run("httpd -h /tmp")).assertOk();
  return { lan, client, server };
});

const GET = "timeout 3 wget -q -O - http://server.lan/";

pair.test("the client gets the page", async ({ client }) => {
  assertEquals((await client.run(GET)).assertOk().stdout, "hello");
});

pair.test("the client gets nothing of a server that is gone", async ({ client, server }) => {
  await server.powerOff();
  assert(!(await client.run(GET)).ok());
});

pair.test("the client gets nothing over a bridge that is cut", async ({ lan, client, server }) => {
  assertEquals(server.state, "running"); // As it was built.
  await lan.partition(client, server);
  assert(!(await client.run(GET)).ok());
});

pair.test("a bridge that is slow delays the page", async ({ lan, client, server }) => {
  assert(!lan.isPartitioned(client, server));
  await lan.addLatency(100);
  const { stdout } = (await client.run("ping -c 1 server.lan")).assertOk();
  assertGreaterOrEqual(Number(/time=([\d.]+)/.exec(stdout)![1]), 200); // 100 ms each way.
});

pair.test("a year later the page is the same", async ({ client, server }) => {
  await client.clock.advance("8760h");
  assertEquals((await client.run(GET)).assertOk().stdout, "hello");
  const ahead = (await client.clock.get()).getTime() - (await server.clock.get()).getTime();
  assertGreaterOrEqual(ahead, 364 * 86_400_000);
});
