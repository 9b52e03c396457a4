import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { labTest } from "@netyard/netyard/testing";

const fixture = (name: string) => new URL(`./fixtures/${name}.ts`, import.meta.url);

async function next(messages: AsyncIterator<unknown>): Promise<unknown> {
  return (await messages.next()).value;
}

labTest("a module gets messages and sends them", async (lab) => {
  const dc = await lab.addRouter("dc");
  await using task = await dc.spawn(fixture("echo"));
  task.post("early");
  const messages = task.messages()[Symbol.asyncIterator]();
  const seen = [await next(messages), await next(messages)];
  assertEquals(seen.filter((m) => (m as { echo?: string }).echo), [{ echo: "early" }]);
  task.post([1, 2]);
  assertEquals(await next(messages), { echo: [1, 2] });
  await task.done;
});

// client -- dc -- server
labTest("a module with narrowed permissions has those alone, and serves", async (lab) => {
  const dc = await lab.addRouter("dc");
  const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
  const client = await lab.addDevice("client", { interfaces: { eth0: { gateway: dc } } });
  await using task = await server.spawn(fixture("echo"), {
    permissions: { net: true },
    args: [8080],
  });
  const messages = task.messages()[Symbol.asyncIterator]();
  assertEquals(await next(messages), {
    permissions: { net: "granted", ffi: "prompt", read: "prompt", run: "prompt" },
  });
  assertEquals(await next(messages), { listening: 8080 });
  const answer = await client.run(async (hostname) => {
    using connection = await Deno.connect({ hostname, port: 8080 });
    return await new Response(connection.readable).text();
  }, server.ip!);
  assertEquals(answer, "served");
  // This process keeps what it has.
  assertEquals(Deno.permissions.querySync({ name: "ffi" }).state, "granted");
});

labTest("a module that throws, or is not there, rejects `done`", async (lab) => {
  const dc = await lab.addRouter("dc");
  await using throws = await dc.spawn(fixture("throws"));
  await assertRejects(() => throws.done, TypeError, "the module failed");
  await using missing = await dc.spawn(fixture("missing"));
  const error = await assertRejects(() => missing.done);
  assertStringIncludes((error as Error).message, "missing");
});
