import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { NodeRemovedError, RemoteFunctionError } from "@netyard/netyard";
import { labTest } from "@netyard/netyard/testing";
import type { Device, Lab } from "@netyard/netyard";

/** client -- home (NAT) -- exchange -- dc -- server */
async function pair(lab: Lab): Promise<{ client: Device; server: Device }> {
  const dc = await lab.addRouter("dc");
  const home = await lab.addRouter("home", { preset: "home" });
  const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
  const client = await lab.addDevice("client", { interfaces: { eth0: { gateway: home } } });
  return { client, server };
}

labTest("run takes awkward values there and back", async (lab) => {
  const { client } = await pair(lab);
  const cyclic: Record<string, unknown> = { name: "loop" };
  cyclic.self = cyclic;
  const values = [
    NaN,
    -0,
    123n,
    new Date(0),
    /a+b/gi,
    new Map([["k", new Set([1, 2])]]),
    new Uint8Array([1, 2, 3]),
    undefined,
    null,
    "text",
  ];
  assertEquals(await client.run((...all) => all, ...values), values);
  const back = await client.run((value) => value, cyclic);
  assertEquals(back.self, back);
});

labTest("errors come back with their class, code, cause and both stacks", async (lab) => {
  const { client } = await pair(lab);
  const refused = await assertRejects(
    () => client.run(async () => void await Deno.connect({ hostname: "127.0.0.1", port: 1 })),
    Deno.errors.ConnectionRefused,
  );
  assertStringIncludes(refused.stack ?? "", "sent from");
  const error = await assertRejects(
    () =>
      client.run(function failing() {
        throw Object.assign(new TypeError("outer", { cause: new RangeError("inner") }), {
          code: "E42",
        });
      }),
    TypeError,
    "outer",
  );
  assertInstanceOf(error.cause, RangeError);
  assertEquals((error as TypeError & { code: string }).code, "E42");
  assertStringIncludes(error.stack ?? "", "client:failing");
  const thrown = await client.run(() => {
    throw { not: "an error" };
  }).catch((value: unknown) => value);
  assertEquals(thrown, { not: "an error" });
});

labTest("a function that uses what is around it is refused by the variable's name", async (lab) => {
  const { client } = await pair(lab);
  const port = 80;
  const error = await assertRejects(() => client.run(() => port + 1), RemoteFunctionError);
  assertStringIncludes(error.message, '"port"');
  assertStringIncludes(error.message, "as an argument");
});

labTest("what cannot be sent is refused, both ways", async (lab) => {
  const { client, server } = await pair(lab);
  await assertRejects(() => client.run((f) => typeof f, () => 1), RemoteFunctionError, "argument");
  await assertRejects(() => client.run(() => () => 1), RemoteFunctionError, "returned");
  await assertRejects(() => client.run(parseInt, "1"), RemoteFunctionError, "not known");
  await assertRejects(() => client.run((node) => node.name, server), RemoteFunctionError, "server");
});

labTest("calls run at once, and methods in shorthand are functions too", async (lab) => {
  const { client } = await pair(lab);
  const holder = {
    async double(n: number) {
      await Promise.resolve();
      return 2 * n;
    },
  };
  const results = await Promise.all([1, 2, 3].map((n) => client.run(holder.double, n)));
  assertEquals(results, [2, 4, 6]);
});

labTest("connect, listen, UDP and fetch work inside run", async (lab) => {
  const { client, server } = await pair(lab);
  const ip = server.ip!;
  await server.run((hostname) => {
    Deno.serve({ hostname, port: 80, onListen() {} }, (request) => new Response(request.url));
  }, ip);
  assertEquals(
    await client.run(async (ip) => await (await fetch(`http://${ip}/path`)).text(), ip),
    `http://${ip}/path`,
  );
  await using reflector = await server.spawnReflector();
  const seen = await client.run(async ({ ip, port }) => {
    const { default: dgram } = await import("node:dgram");
    const socket = dgram.createSocket("udp4");
    const answer = new Promise<string>((resolve) =>
      socket.once("message", (data) => resolve(String(data)))
    );
    socket.send("?", port, ip);
    const text = await answer;
    socket.close();
    return text;
  }, reflector.address);
  assert(seen.startsWith(`${lab.router("home").uplinkIp}:`), seen);
});

labTest("a program that run starts belongs to the node and ends with it", async (lab) => {
  const { client } = await pair(lab);
  const inner = await client.run(async () => {
    const { stdout } = await new Deno.Command("sh", { args: ["-c", "echo $$; ip -br addr"] })
      .output();
    return new TextDecoder().decode(stdout);
  });
  assertStringIncludes(inner, client.ip!);
  // Its PID is one of the node's own namespace, which counts from 1.
  assert(Number(inner.split("\n")[0]) < 1000, inner);
});

labTest("what still runs when the lab closes is rejected", async (lab) => {
  const { client } = await pair(lab);
  await client.run(() => 0);
  const waiting = client.run(() => new Promise<never>(() => {}));
  const rejected = assertRejects(() => waiting, NodeRemovedError);
  await lab.close();
  await rejected;
});
