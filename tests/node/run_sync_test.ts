import { assertEquals, assertThrows } from "@std/assert";
import { Lab, NodeRemovedError, RemoteFunctionError } from "@netyard/netyard";
import { readLink } from "../../native/libc.ts";
import { netOf, ownNamespace, pair, text } from "./fixtures/topology.ts";

const here = () => readLink("/proc/thread-self/ns/net");

Deno.test("a listener made by runSync() is served by this thread's event loop", async () => {
  await using lab = await Lab.create();
  const { server, laptop } = await pair(lab);
  using listener = server.runSync(() => Deno.listen({ port: 8080 }));
  const served = (async () => {
    using connection = await listener.accept();
    await connection.write(new TextEncoder().encode(connection.remoteAddr.hostname));
  })();
  const seen = await laptop.run(async (hostname) => {
    using connection = await Deno.connect({ hostname, port: 8080 });
    return await new Response(connection.readable).text();
  }, server.ip!);
  assertEquals(seen, laptop.ip);
  await served;
});

Deno.test("an HTTP server made by runSync() answers on this thread", async () => {
  await using lab = await Lab.create();
  const { server, laptop } = await pair(lab);
  const hostname = server.ip!;
  await using http = server.runSync(() =>
    Deno.serve({ hostname, port: 80, onListen() {} }, () => new Response("hello"))
  );
  assertEquals(http.addr.port, 80);
  assertEquals(await laptop.$`curl -s http://${hostname}/`.text(), "hello");
});

Deno.test("Deno.connect of runSync() to a literal address connects from the node", async () => {
  await using lab = await Lab.create();
  const { server, laptop } = await pair(lab);
  for (const hostname of [server.ip!, server.ip6!]) {
    using listener = server.runSync(() => Deno.listen({ hostname, port: 9000 }));
    const accepted = listener.accept();
    using connection = await laptop.runSync(() => Deno.connect({ hostname, port: 9000 }));
    using other = await accepted;
    assertEquals(connection.remoteAddr.hostname, hostname);
    assertEquals(other.remoteAddr.hostname, hostname === server.ip ? laptop.ip : laptop.ip6);
  }
});

Deno.test("runSync() is back outside after a result and after an error", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  const home = ownNamespace("net");
  assertEquals(laptop.runSync(here), netOf(laptop));
  assertEquals(here(), home);
  const error = new TypeError("mine");
  assertEquals(
    assertThrows(() =>
      laptop.runSync(() => {
        throw error;
      })
    ),
    error,
  );
  assertEquals(here(), home);
});

Deno.test("runSync() of one node inside that of another comes back to each", async () => {
  await using lab = await Lab.create();
  const { server, laptop } = await pair(lab);
  const seen = laptop.runSync(() => {
    const before = here();
    const inner = server.runSync(() => [here(), laptop.runSync(here), here()]);
    assertThrows(() =>
      server.runSync(() => {
        throw new Error("inside");
      })
    );
    return [before, ...inner, here()];
  });
  const [l, s] = [netOf(laptop), netOf(server)];
  assertEquals(seen, [l, s, l, s, l]);
  assertEquals(here(), ownNamespace("net"));
});

Deno.test("commands and functions started inside runSync() run in their own node", async () => {
  await using lab = await Lab.create();
  const { server, laptop } = await pair(lab);
  const link = { args: ["/proc/self/ns/net"] };
  const [output, sync, shell] = laptop.runSync(() =>
    [
      server.command("readlink", link).output(),
      server.command("readlink", link).outputSync(),
      server.$`readlink /proc/self/ns/net`.text(),
    ] as const
  );
  assertEquals(text((await output).stdout).trim(), netOf(server));
  assertEquals(text(sync.stdout).trim(), netOf(server));
  assertEquals(await shell, netOf(server));
  const ip = await laptop.runSync(() =>
    server.run(() => Deno.networkInterfaces().find((i) => i.name === "eth0")?.address)
  );
  assertEquals(ip, server.ip);
});

Deno.test("runSync() refuses an async function", async () => {
  await using lab = await Lab.create();
  const { laptop } = await pair(lab);
  assertThrows(() => laptop.runSync(async () => await here()), RemoteFunctionError, "async");
});

Deno.test("runSync() of a node whose lab closed is refused", async () => {
  const lab = await Lab.create();
  const { laptop } = await pair(lab);
  await lab.close();
  assertThrows(() => laptop.runSync(here), NodeRemovedError, "closed");
});
