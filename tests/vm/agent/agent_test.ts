import { assert, assertEquals, assertRejects } from "@std/assert";
import { GuestAgent } from "../../../lib/vm/agent/agent.ts";
import { GuestAgentError } from "../../../lib/vm/options/errors.ts";
import { type Behaviour, FakeServer, type Peer } from "../fake_peer.ts";

/** Answers a sync as an agent does. */
async function answerSync(peer: Peer, message: Message): Promise<void> {
  await peer.send(new Uint8Array([0xff]));
  await peer.json({ return: message.arguments.id });
}

interface Message {
  execute: string;
  arguments: { id: number };
}

/** A fake agent that synchronizes, and leaves the rest to the test. */
function fakeAgent(answer: Behaviour["answer"] = (peer) => peer.json({ return: {} })): FakeServer {
  return new FakeServer({
    answer: (peer, message, delimited) =>
      message.execute === "guest-sync-delimited"
        ? answerSync(peer, message)
        : answer(peer, message, delimited),
  });
}

function clientOf(server: FakeServer, hint?: () => string): GuestAgent {
  return new GuestAgent({ connect: () => server.connect(), label: "nas", hint, timeoutMs: 5000 });
}

/** The commands that were called, without the syncs. */
function calls(server: FakeServer): string[] {
  return (server.received as Message[]).map(({ execute }) => execute)
    .filter((name) => name !== "guest-sync-delimited");
}

Deno.test("nothing is sent to an agent before the first sync", async () => {
  await using server = fakeAgent();
  using agent = clientOf(server);
  await assertRejects(
    () => agent.call("guest-ping"),
    GuestAgentError,
    "nas: guest-ping: there is no connection yet; sync() first",
  );
  assertEquals([server.bytes, server.peer, agent.ready], [0, undefined, false]);
  await agent.sync();
  assertEquals(agent.ready, true);
  assertEquals(await agent.call("guest-ping"), {});
  assertEquals(calls(server), ["guest-ping"]);
});

Deno.test("a sync resets the agent's parser, and drops all that came before its answer", async () => {
  const marked: boolean[] = [];
  await using server = new FakeServer({
    answer: async (peer, message, delimited) => {
      marked.push(delimited);
      if (message.execute === "guest-sync-delimited") {
        await peer.send('{"return": "stale"}\n{"error": {"class": "x", "desc": "y"}}\n{"ret');
        await peer.send(new Uint8Array([0xff]));
        await peer.json({ return: message.arguments.id - 1 }); // of an earlier sync
        await answerSync(peer, message);
      } else await peer.json({ return: 5 });
    },
  });
  using agent = clientOf(server);
  await agent.sync();
  assertEquals(await agent.call("guest-get-time"), 5);
  assertEquals(marked, [true, false]);
});

Deno.test("a sync that an agent lost is repeated, and its second answer is dropped", async () => {
  let first: Message | undefined;
  await using server = new FakeServer({
    answer: async (peer, message) => {
      if (message.execute !== "guest-sync-delimited") return await peer.json({ return: 7 });
      if (!first) return first = message;
      assertEquals(message.arguments.id, first.arguments.id);
      await answerSync(peer, message);
      await answerSync(peer, message);
    },
  });
  using agent = clientOf(server);
  await agent.sync();
  assertEquals(await agent.call("guest-get-time"), 7);
});

Deno.test("calls take turns, in the order in which they were made", async () => {
  let open = 0;
  await using server = fakeAgent(async (peer, { arguments: { pid } }) => {
    assertEquals(++open, 1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    open--;
    await peer.json({ return: { exited: true, exitcode: pid } });
  });
  using agent = clientOf(server);
  await agent.sync();
  const pids = [3, 1, 2];
  const answers = await Promise.all(pids.map((pid) => agent.call("guest-exec-status", { pid })));
  assertEquals(answers.map(({ exitcode }) => exitcode), pids);
});

Deno.test("a refusal of the agent is an error with its description", async () => {
  const error = { class: "CommandNotFound", desc: "The command guest-ping has been disabled" };
  await using server = fakeAgent((peer) => peer.json({ error }));
  using agent = clientOf(server, () => "not shown: the agent said all there is to say");
  await agent.sync();
  const thrown = await assertRejects(
    () => agent.call("guest-ping", {}, { what: 'nas: run("true")' }),
    GuestAgentError,
  );
  assertEquals(
    thrown.message,
    'nas: run("true"): guest-ping: the agent refused: The command guest-ping has been disabled ' +
      "(CommandNotFound)",
  );
  assertEquals([thrown.command, thrown.errorClass, thrown.desc], [
    "guest-ping",
    "CommandNotFound",
    "The command guest-ping has been disabled",
  ]);
  assertEquals(agent.ready, true);
});

Deno.test("the answer to a repeated delimiter is not that of the next call", async () => {
  const error = { class: "GenericError", desc: "JSON parse error, stray '\\xff'" };
  await using server = fakeAgent(async (peer) => {
    await peer.json({ error });
    await peer.json({ return: { exited: true, exitcode: 7 } });
  });
  using agent = clientOf(server);
  await agent.sync();
  assertEquals((await agent.call("guest-exec-status", { pid: 1 })).exitcode, 7);
});

Deno.test("a late answer is never taken for that of another call", async () => {
  let held: Promise<void> | undefined;
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  // One after another, as the agent does: calls after the delayed one wait for it.
  await using server = new FakeServer({
    answer: (peer, message) => {
      held ??= released;
      held = held.then(() =>
        message.execute === "guest-sync-delimited"
          ? answerSync(peer, message)
          : peer.json({ return: message.execute })
      );
    },
  });
  using agent = clientOf(server, () => "the console's end");
  const syncing = agent.sync();
  release();
  await syncing;
  const { promise: again, resolve: goOn } = Promise.withResolvers<void>();
  held = again;
  const error = await assertRejects(
    () => agent.call("guest-get-time", {}, { timeoutMs: 40 }),
    GuestAgentError,
  );
  assertEquals(
    error.message,
    "nas: guest-get-time: the agent did not answer within 40 ms\nthe console's end",
  );
  assertEquals(agent.ready, false);
  await assertRejects(
    () => agent.call("guest-ping", {}, { timeoutMs: 40 }),
    GuestAgentError,
    "within 40 ms; it may still be busy with a call that timed out",
  );
  const next = agent.call("guest-get-host-name");
  goOn();
  assertEquals(await next as unknown, "guest-get-host-name");
  assertEquals(agent.ready, true);
});

Deno.test("an agent that reads nothing fails the call at its deadline", async () => {
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  await using server = fakeAgent(() => ended); // It reads on when it has answered.
  using agent = clientOf(server);
  await agent.sync();
  const late = "did not answer within 50 ms";
  await assertRejects(() => agent.call("guest-ping", {}, { timeoutMs: 50 }), GuestAgentError, late);
  const data = "A".repeat(4_000_000);
  const write = () =>
    agent.call("guest-file-write", { handle: 1, "buf-b64": data }, { timeoutMs: 50 });
  await assertRejects(write, GuestAgentError, late);
  await assertRejects(
    () => agent.sync(50),
    GuestAgentError,
    `nas: guest-sync-delimited: the agent`,
  );
  agent.close();
  end();
});

Deno.test("a lost connection fails the call, and the next sync connects again", async () => {
  await using server = fakeAgent((peer, { execute }) =>
    execute === "guest-ping" ? peer.close() : peer.json({ return: 9 })
  );
  using agent = clientOf(server, () => "Kernel panic");
  await agent.sync();
  const lost = "the other side closed the connection; QEMU has probably ended\nKernel panic";
  await assertRejects(() => agent.call("guest-ping"), GuestAgentError, `nas: guest-ping: ${lost}`);
  await assertRejects(() => agent.call("guest-get-time"), GuestAgentError, lost);
  assertEquals(agent.ready, false);
  await agent.sync();
  assertEquals(await agent.call("guest-get-time"), 9);
});

Deno.test("a sync fails if it cannot connect", async () => {
  const connect = () => Deno.connect({ transport: "unix", path: "/no/such/agent" });
  using agent = new GuestAgent({ connect, label: "nas" });
  await assertRejects(() => agent.sync(), GuestAgentError, "no connection: No such file");
  const slow = new GuestAgent({ connect: () => new Promise(() => {}), label: "nas" });
  await assertRejects(() => slow.sync(30), GuestAgentError, "it took more than 30 ms");
});

Deno.test("closing fails the call in progress, and is idempotent", async () => {
  await using server = fakeAgent(() => {});
  const agent = clientOf(server);
  await agent.sync();
  const call = agent.call("guest-ping");
  const refused = assertRejects(() => call, GuestAgentError, "the connection was closed");
  await Promise.resolve();
  agent.close();
  agent.close();
  await refused;
});

Deno.test("an answer that is not JSON is an error, and the next call works again", async () => {
  await using server = fakeAgent((peer, { execute }) =>
    execute === "guest-ping" ? peer.send("{oops\n") : peer.json({ return: 1 })
  );
  using agent = clientOf(server);
  await agent.sync();
  await assertRejects(() => agent.call("guest-ping"), GuestAgentError, "is not JSON: {oops");
  assertEquals(await agent.call("guest-get-time"), 1);
});

Deno.test("answers of many megabytes arrive complete", async () => {
  const data = "x".repeat(8_000_000);
  await using server = fakeAgent((peer) => peer.json({ return: { "buf-b64": data } }));
  using agent = clientOf(server);
  await agent.sync();
  const answer = await agent.call("guest-file-read", { handle: 1 });
  assert(answer["buf-b64"] === data);
});
