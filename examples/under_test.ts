// Tests of a networked program: the server in lib/echo_server.ts, and clients behind three routers.
//
//   laptop ------ home (NAT) --------------------\
//   workstation - office (NAT, strict firewall) ----- IX ----- dc -- server
//
// labTest() is a Deno.test with its own lab, which is closed when the test ends. spawn() runs the
// program on a thread in the network of the server, with the Deno permissions of production.
// waitUntil() polls for a condition that has no event; no test sleeps.
//
// deno test -P examples/under_test.ts
import "@netyard/netyard/rootless";
import { type Device, type Lab, type NodeTask, type Router } from "@netyard/netyard";
import { labTest, waitUntil } from "@netyard/netyard/testing";
import { assertEquals, assertMatch, assertRejects } from "@std/assert";

const PROGRAM = new URL("./lib/echo_server.ts", import.meta.url);

labTest("a client behind a NAT is told the address of its router", async (lab) => {
  const { server, laptop, home } = await build(lab);
  await using _program = await start(server, 7007);
  const answer = await laptop.run(ask, server.ip!, 7007);
  assertMatch(answer, /^[\d.]+:\d+ said hello$/);
  assertEquals(answer.split(":")[0], home.uplinkIp);
});

labTest("an office reaches the server on the port of the web alone", async (lab) => {
  const { server, workstation, laptop } = await build(lab);
  await using _program = await start(server, 7007);
  await using _web = await start(server, 443);
  assertMatch(await laptop.run(ask, server.ip!, 7007), /said hello$/);
  await assertRejects(() => workstation.run(ask, server.ip!, 7007), Error, "timeout");
  assertMatch(await workstation.run(ask, server.ip!, 443), /said hello$/);
});

labTest("a client gets through again after the server was restarted", async (lab) => {
  const { server, laptop } = await build(lab);
  const program = await start(server, 7007);
  await laptop.run(ask, server.ip!, 7007);

  await program.stop();
  const why = () =>
    laptop.run(ask, server.ip!, 7007).then(() => "it answers", (error: Error) => error.message);
  await waitUntil(async () => /refused/.test(await why()), { what: "the port is closed" });

  await using _again = await start(server, 7007);
  assertMatch(await laptop.run(ask, server.ip!, 7007), /said hello$/);
});

interface Topology {
  server: Device;
  laptop: Device;
  workstation: Device;
  home: Router;
}

async function build(lab: Lab): Promise<Topology> {
  const dc = await lab.addRouter("dc", { preset: "public" });
  const home = await lab.addRouter("home", { preset: "home" });
  const office = await lab.addRouter("office", { preset: "corporate" });
  return {
    server: await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } }),
    laptop: await lab.addDevice("laptop", { interfaces: { eth0: { gateway: home } } }),
    workstation: await lab.addDevice("workstation", { interfaces: { eth0: { gateway: office } } }),
    home,
  };
}

/** Starts the program, and waits until its serve() has returned: then it listens. */
async function start(node: Device, port: number): Promise<NodeTask> {
  const program = await node.spawn(PROGRAM, { permissions: { net: true }, args: [port] });
  await program.done;
  return program;
}

/** A client, which runs on the thread of the device. */
async function ask(hostname: string, port: number): Promise<string> {
  const signal = AbortSignal.timeout(300);
  using connection = await Deno.connect({ hostname, port, signal });
  await connection.write(new TextEncoder().encode("hello"));
  const buffer = new Uint8Array(64);
  return new TextDecoder().decode(buffer.subarray(0, await connection.read(buffer) ?? 0));
}
