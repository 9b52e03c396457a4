import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import {
  InvalidAddressError,
  InvalidNameError,
  Lab,
  LabClosedError,
  type Node,
} from "@netyard/netyard";
import { hostsFile, nsswitchConf, resolvConf } from "../../lib/node/process/names.ts";
import { pair, TextReader } from "./fixtures/topology.ts";

/** What programs find for a name: `getent hosts`, or undefined. */
async function lookUp(node: Node, name: string): Promise<string[]> {
  const lines = await node.$`getent ahosts ${name}`.noThrow().lines();
  return [...new Set(lines.filter((line) => line).map((line) => line.split(/\s+/)[0]))].sort();
}

/** What the node's thread finds for a name. */
const lookUpInThread = (node: Node, name: string): Promise<string[]> =>
  node.run(async (name) => {
    const { lookup } = await import("node:dns/promises");
    const found = await lookup(name, { all: true }).catch(() => []);
    return [...new Set(found.map(({ address }) => address))].sort();
  }, name);

Deno.test("a name of the lab is known to every node's programs and threads", async () => {
  await using lab = await Lab.create();
  const { dc, server, laptop } = await pair(lab);
  await lab.dnsEntry("server.test", server.ip!);
  for (const node of [laptop, dc, lab.ix, server]) {
    assertMatch(await node.$`getent hosts server.test`.text(), /^198\.\S+\s+server\.test$/);
    assertEquals(await lookUpInThread(node, "server.test"), [server.ip!]);
  }
  assertEquals(lab.resolve("server.test"), server.ip);
  assertEquals(lab.resolve("other.test"), undefined);
  await lab.dnsEntry("Mixed.Test", server.ip!);
  assertMatch(await laptop.$`getent hosts mIXED.tEST`.text(), /^198\.\S+\s/);
  assertEquals(lab.resolve("mixed.test"), server.ip);
});

Deno.test("names may be many, before a node is used and after", async () => {
  await using lab = await Lab.create();
  const { server, laptop } = await pair(lab);
  await laptop.$`true`;
  // More than an environment variable holds.
  for (let n = 0; n < 5000; n++) await lab.dnsEntry(`host-${n}.example.test`, server.ip!);
  for (const node of [laptop, server]) {
    assertMatch(await node.$`getent hosts host-4999.example.test`.text(), /^198\./);
  }
});

Deno.test("a name has addresses of both families", async () => {
  await using lab = await Lab.create();
  const { server, laptop } = await pair(lab);
  await lab.dnsEntry("server.test", server.ip6!);
  await lab.dnsEntry("server.test", server.ip!);
  await lab.dnsEntry("server.test", server.ip!);
  await lab.dnsEntry("six.test", "2001:DB8:0:0::7");
  const both = [server.ip!, server.ip6!].sort();
  assertEquals(await lookUp(laptop, "server.test"), both);
  assertEquals(await lookUpInThread(laptop, "server.test"), both);
  assertMatch(await laptop.$`getent hosts six.test`.text(), /^2001:db8::7\s/);
  assertEquals(lab.resolve("server.test"), server.ip6);
  using listener = server.runSync(() => Deno.listen({ hostname: server.ip6!, port: 80 }));
  const accepted = listener.accept();
  const from = await laptop.run(async () => {
    using connection = await Deno.connect({ hostname: "server.test", port: 80 });
    return connection.localAddr.hostname;
  });
  (await accepted).close();
  assertEquals(from, laptop.ip6);
});

Deno.test("a device's own name goes before the lab's, and other devices do not see it", async () => {
  await using lab = await Lab.create();
  const { server, laptop } = await pair(lab);
  await lab.dnsEntry("app.test", "198.18.1.1");
  await laptop.dnsEntry("app.test", "198.18.2.2");
  await laptop.dnsEntry("mine.test", "198.18.3.3");
  assertEquals(await lookUp(laptop, "app.test"), ["198.18.2.2"]);
  assertEquals(await lookUp(server, "app.test"), ["198.18.1.1"]);
  assertEquals(await lookUp(laptop, "mine.test"), ["198.18.3.3"]);
  assertEquals(await lookUp(server, "mine.test"), []);
  assertEquals(await lookUpInThread(server, "mine.test"), []);
  assertEquals(lab.resolve("mine.test"), undefined);
});

Deno.test("running programs see a name that is added later", async () => {
  await using lab = await Lab.create();
  const { server, laptop } = await pair(lab);
  const script = "echo ready; until getent hosts late.test; do sleep 0.01; done";
  const child = laptop.command("sh", { args: ["-c", script], stdout: "piped" }).spawn();
  const output = new TextReader(child.stdout);
  await output.until(/ready/);
  assertEquals(await lookUpInThread(laptop, "late.test"), []);
  const task = await server.spawn(
    "data:text/javascript,import { lookup } from 'node:dns/promises';" +
      "self.onmessage = async ({ data }) => self.postMessage(" +
      "(await lookup(data).catch(() => ({ address: 'none' }))).address);",
  );
  const messages = task.messages()[Symbol.asyncIterator]();
  task.post("late.test");
  assertEquals((await messages.next()).value, "none");

  await lab.dnsEntry("late.test", "198.18.4.4");
  assertEquals(await lookUpInThread(laptop, "late.test"), ["198.18.4.4"]);
  task.post("late.test");
  assertEquals((await messages.next()).value, "198.18.4.4");
  assertEquals((await child.status).code, 0);
  assertStringIncludes(await output.rest(), "198.18.4.4");
});

Deno.test("names that are known stay known while others are added", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  await lab.dnsEntry("known.test", "198.18.5.5");
  const script = "n=0; while [ $n -lt 300 ]; do getent hosts known.test >/dev/null || exit 1; " +
    "n=$((n+1)); done";
  const child = laptop.command("sh", { args: ["-c", script] }).spawn();
  let ended = false;
  const status = child.status.finally(() => ended = true);
  for (let n = 0; !ended; n++) {
    await lab.dnsEntry(`n${n % 200}.test`, `198.18.6.${n % 200}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assertEquals((await status).code, 0);
});

Deno.test("a node resolves itself and localhost, and nothing that it was not told", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  assertEquals(await lookUp(laptop, "laptop"), ["127.0.1.1"]);
  assert(
    (await lookUp(laptop, "localhost")).includes("127.0.0.1") ||
      (await lookUp(laptop, "localhost")).includes("::1"),
  );
  const began = performance.now();
  assertEquals(await lookUp(laptop, "www.example.com"), []);
  assertEquals(await lookUpInThread(laptop, "www.example.com"), []);
  assert(performance.now() - began < 2000, "it waits for a name server that it does not have");
});

Deno.test("setNameserver() has every node ask that server, also those that run", async () => {
  await using lab = await Lab.create();
  const { dc, server, laptop } = await pair(lab);
  assertEquals(await lookUp(laptop, "www.example"), []);
  assertEquals(await lookUpInThread(dc, "www.example"), []);
  const dns = await server.spawn(new URL("./fixtures/dns_server.ts", import.meta.url), {
    args: [server.ip, { "www.example": "198.18.9.9" }],
  });
  for await (const _ of dns.messages()) break;
  await lab.setNameserver(server.ip!);
  for (const node of [laptop, dc, lab.ix]) {
    assertEquals(await lookUp(node, "www.example"), ["198.18.9.9"]);
    assertEquals(await lookUpInThread(node, "www.example"), ["198.18.9.9"]);
  }
  assertEquals(await laptop.$`cat /etc/resolv.conf`.lines(), [
    `nameserver ${server.ip}`,
    "options timeout:2 attempts:2",
  ]);
});

Deno.test("the host's own files are not touched, and its names stay its own", async () => {
  const files = ["/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf"];
  const read = () => Promise.all(files.map((file) => Deno.readTextFile(file).catch(() => "")));
  const before = await read();
  {
    await using lab = await Lab.create();
    const { server, laptop } = await pair(lab);
    await laptop.$`true`;
    await lab.dnsEntry("server.test", server.ip!);
    await laptop.dnsEntry("own.test", server.ip!);
    await lab.setNameserver(server.ip!);
    await laptop.run(() => 1);
    await laptop.$`sh -c ${"echo 1.2.3.4 added.test >>/etc/hosts"}`;
    assertEquals(await lookUp(laptop, "added.test"), ["1.2.3.4"]);
    assertEquals(await lookUp(server, "added.test"), []);
    assertEquals(await read(), before);
    await assertRejects(() => Deno.connect({ hostname: "server.test", port: 1 }), Error, "lookup");
  }
  assertEquals(await read(), before);
});

Deno.test("names and addresses that are none are refused, and nothing changes", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  const before = await laptop.$`cat /etc/hosts`.text();
  const bad = ["", " ", "a b", "a\nb", "-a.test", "a-.test", "a..b", ".", "x".repeat(64)];
  for (const name of [...bad, "a.".repeat(127) + "a", "ü.test", 5 as unknown as string]) {
    await assertRejects(() => lab.dnsEntry(name, "1.2.3.4"), InvalidNameError, "host name");
    await assertRejects(() => laptop.dnsEntry(name, "1.2.3.4"), InvalidNameError, "host name");
  }
  for (const ip of ["", "1.2.3", "1.2.3.4.5", "256.1.1.1", "::g", "server.test", "1.2.3.4 x\ny"]) {
    await assertRejects(() => lab.dnsEntry("a.test", ip), InvalidAddressError);
    await assertRejects(() => laptop.dnsEntry("a.test", ip), InvalidAddressError);
    await assertRejects(() => lab.setNameserver(ip), InvalidAddressError);
  }
  assertEquals(lab.resolve("a.test"), undefined);
  assertEquals(await lookUp(laptop, "a.test"), []);
  assertEquals(await laptop.$`cat /etc/hosts`.text(), before);
});

Deno.test("names of a lab that closed are refused", async () => {
  const lab = await Lab.create();
  const { laptop } = await pair(lab);
  await lab.close();
  await assertRejects(() => lab.dnsEntry("a.test", "1.2.3.4"), LabClosedError);
  await assertRejects(() => lab.setNameserver("1.2.3.4"), LabClosedError);
  await assertRejects(() => laptop.dnsEntry("a.test", "1.2.3.4"), LabClosedError);
});

Deno.test("the files by which a node resolves are exact", () => {
  const own = new Map([["app.test", ["10.0.0.1"]]]);
  const shared = new Map([["app.test", ["10.0.0.2"]], ["six.test", ["2001:db8::1", "10.0.0.3"]]]);
  assertEquals(
    hostsFile("laptop", own, shared),
    "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n127.0.1.1\tlaptop\n" +
      "10.0.0.1\tapp.test\n2001:db8::1\tsix.test\n10.0.0.3\tsix.test\n",
  );
  assertEquals(resolvConf("10.0.0.1"), "nameserver 10.0.0.1\noptions timeout:2 attempts:2\n");
  assert(!/^nameserver/m.test(resolvConf(undefined)));
  assertEquals(
    nsswitchConf("passwd: files\nhosts: files mymachines dns\nnetworks: files\n"),
    "passwd: files\nnetworks: files\nhosts: files dns\n",
  );
  assertEquals(nsswitchConf(""), "hosts: files dns\n");
});

Deno.test("a device that is added later knows the names from before", async () => {
  await using lab = await Lab.create();
  const { dc, server } = await pair(lab);
  await lab.dnsEntry("server.test", server.ip!);
  const late = await lab.addDevice("late", { interfaces: { eth0: { gateway: dc } } });
  assertEquals(await lookUp(late, "server.test"), [server.ip!]);
});

Deno.test("names of services and absolute names are taken; what programs take for an address is refused", async () => {
  await using lab = await Lab.create();
  const { laptop: node } = await pair(lab);
  for (const name of ["_srv._tcp.example", "_acme-challenge.example.", "API.example."]) {
    await lab.dnsEntry(name, "192.0.2.7");
  }
  assertEquals(lab.resolve("api.EXAMPLE"), "192.0.2.7");
  assertEquals(lab.resolve("_srv._tcp.example."), "192.0.2.7");
  for (const name of ["_srv._tcp.example", "_acme-challenge.example", "api.example"]) {
    const found = await node.$`getent ahostsv4 ${name}`.text();
    assertEquals(found.split(" ")[0], "192.0.2.7", name);
  }
  for (const name of ["1.2.3.4", "01.2.3.4", "a.7", "1"]) {
    await assertRejects(
      () => lab.dnsEntry(name, "192.0.2.7"),
      InvalidNameError,
      "ends in a number",
    );
  }
  for (const name of ["localhost", "a.localhost."]) {
    await assertRejects(() => lab.dnsEntry(name, "192.0.2.7"), InvalidNameError, "RFC 6761");
  }
  for (const name of ["", ".", "a..b", "-x.example", "x".repeat(64), "a b", "::1"]) {
    await assertRejects(() => lab.dnsEntry(name, "192.0.2.7"), InvalidNameError, "host name");
  }
});
