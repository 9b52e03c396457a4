import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  GuestAgentError,
  GuestCommandError,
  GuestDeadlineError,
  GuestFileError,
  VmError,
  VmStateError,
} from "../../../lib/vm/options/errors.ts";
import { parseList, parseStat } from "../../../lib/vm/agent/guest_stat.ts";
import { type AgentMessage, fakeGuest, Refuse } from "./fake_agent.ts";

const ended = (exitcode = 0, out = "", err = "") => ({
  exited: true,
  exitcode,
  "out-data": btoa(out),
  "err-data": btoa(err),
});

Deno.test("a run polls at once, then less and less often, until the command has ended", async () => {
  const polls: number[] = [];
  await using fake = await fakeGuest(({ execute }) => {
    if (execute === "guest-exec") return { pid: 7 };
    polls.push(performance.now());
    return performance.now() - polls[0] < 150 ? { exited: false } : ended(0, "done");
  });
  assertEquals((await fake.guest.run("true")).stdout, "done");
  assertEquals(fake.calls[1], { execute: "guest-exec-status", arguments: { pid: 7 } });
  // Every 2 ms up to 8 ms; then after a quarter of the elapsed time, which makes 14 times.
  assert(polls.length > 3 && polls.length < 24, `${polls.length} times`);
  assert(polls[1] - polls[0] < polls.at(-1)! - polls.at(-2)!, "less often at the end");
});

Deno.test("output that the agent truncated is marked", async () => {
  await using fake = await fakeGuest(({ execute }) =>
    execute === "guest-exec" ? { pid: 7 } : { ...ended(), "err-truncated": true }
  );
  assertEquals((await fake.guest.run("x")).truncated, true);
});

Deno.test("a run at its deadline is killed by its mark, and the error has its output", async () => {
  let killed = false;
  await using fake = await fakeGuest(({ execute, arguments: args }) => {
    if (execute === "guest-exec") {
      killed ||= args.arg[1].includes("kill -s");
      return { pid: killed ? 8 : 7 };
    }
    if (args.pid === 8) return ended();
    return killed ? { exited: true, signal: 9, "out-data": btoa("so far\n") } : { exited: false };
  });
  const error = await assertRejects(
    () => fake.guest.run("sleep 9", { timeoutMs: 30 }),
    GuestDeadlineError,
  );
  assertEquals(
    error.message,
    'nas: run("sleep 9"): it did not end within 30 ms; it was killed\nstdout:\nso far',
  );
  const [first, second] = fake.calls.filter(({ execute }) => execute === "guest-exec");
  const mark = first.arguments.env.at(-1).split("=")[1];
  assertEquals(second.arguments.arg.slice(2), ["sh", "KILL", mark, "7"]);
});

Deno.test("a run fails with the console's last lines if the guest dies", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  await using fake = await fakeGuest(({ execute }) => {
    if (execute === "guest-exec") return { pid: 7 };
    resolve();
  });
  const running = fake.guest.run(["sleep", "9"]);
  promise.then(() => fake.server.peer!.close());
  const error = await assertRejects(() => running, GuestAgentError);
  assertEquals(
    error.message,
    'nas: run(["sleep","9"]): guest-exec-status: the other side closed the connection; QEMU has ' +
      "probably ended\nKernel panic",
  );
});

Deno.test("the death of a guest ends the streams and the wait() of a spawned command", async () => {
  await using fake = await fakeGuest(({ execute }) =>
    execute === "guest-exec" ? { pid: 7 } : execute === "guest-file-open" ? 1 : undefined
  );
  const process = await fake.guest.spawn("x");
  fake.server.peer!.close();
  await assertRejects(() => process.wait(), GuestAgentError, 'nas: spawn("x"): guest-exec-status');
  await assertRejects(() => new Response(process.stdout).text(), GuestAgentError);
  await process.close();
  assertEquals(fake.guest.processes.size, 0);
  await process.stderr.cancel().catch(() => {});
});

Deno.test("a spawned command is killed on close also after a failure of the agent", async () => {
  let killed = false;
  await using fake = await fakeGuest(({ execute, arguments: args }) => {
    if (execute === "guest-file-open") return 1;
    if (execute === "guest-exec") {
      killed ||= args.arg[1].includes("kill -s");
      return { pid: args.path === "/bin/sh" && !killed ? 7 : 8 };
    }
    if (execute === "guest-exec-status") return args.pid === 7 ? new Refuse("oops") : ended();
    return {};
  });
  const process = await fake.guest.spawn("x");
  await assertRejects(() => process.wait(), GuestAgentError, "oops");
  await process.close();
  assertEquals(killed, true);
});

Deno.test("a program that the agent cannot start leaves no file open", async () => {
  const open = new Set<number>();
  await using fake = await fakeGuest(({ execute, arguments: args }: AgentMessage) => {
    if (execute === "guest-file-open") return open.add(open.size + 1).size;
    if (execute === "guest-file-close") return open.delete(args.handle), {};
    if (execute === "guest-exec-status") return ended();
    return args.path === "rm"
      ? { pid: 1 }
      : new Refuse("Failed to execute child process “/bin/sh” (No such file or directory)");
  });
  await assertRejects(
    () => fake.guest.spawn("x"),
    GuestCommandError,
    'nas: spawn("x"): the guest has no program "/bin/sh"',
  );
  assertEquals([open.size, fake.guest.processes.size], [0, 0]);
});

Deno.test("a signal that does not exist is refused", async () => {
  let over = false;
  await using fake = await fakeGuest(({ execute }) =>
    execute === "guest-exec"
      ? { pid: 7 }
      : execute === "guest-exec-status"
      ? { exited: over, exitcode: 0 }
      : execute === "guest-file-open"
      ? 1
      : { count: 0, "buf-b64": "", eof: true }
  );
  const process = await fake.guest.spawn("x");
  await assertRejects(
    () => process.kill("TERM"),
    VmError,
    'nas: spawn("x").kill("TERM"): there is no such signal; one is "SIGTERM"',
  );
  over = true;
  await process.close();
});

Deno.test("a file is closed in the guest when reading or writing it fails", async () => {
  const closed: number[] = [];
  await using fake = await fakeGuest(({ execute, arguments: args }) => {
    if (execute === "guest-file-open") return 1000;
    if (execute === "guest-file-close") return closed.push(args.handle), {};
    return new Refuse(
      execute === "guest-file-read" ? "failed to read file: Input/output error" : "no space",
    );
  });
  await assertRejects(
    () => fake.guest.readFile("/x"),
    GuestFileError,
    'nas: readFile("/x"): failed to read file: Input/output error',
  );
  const error = await assertRejects(() => fake.guest.writeFile("/y", "1"), GuestFileError);
  assertEquals([error.message, error.path], ['nas: writeFile("/y"): no space', "/y"]);
  assertEquals(closed, [1000, 1000, 1000]); // and the look whether it exists
});

Deno.test("a large file is sent in parts, between which other calls have their turn", async () => {
  let written = 0;
  await using fake = await fakeGuest(({ execute, arguments: args }) => {
    if (execute === "guest-file-open") return 1;
    if (execute !== "guest-file-write") return {};
    const { length } = atob(args["buf-b64"]);
    written += Math.min(length, 50_000);
    return { count: Math.min(length, 50_000), eof: false }; // It may take less than it is given.
  });
  const writing = fake.guest.writeFile("/x", new Uint8Array(300_000));
  let pinged = -1;
  await fake.agent.call("guest-ping").then(() => pinged = written);
  await writing;
  assertEquals(written, 300_000);
  assert(pinged < 300_000, `${pinged} were written before`);
});

Deno.test("a clock that was set counts as set without a hardware clock", async () => {
  let now = 1e18;
  await using fake = await fakeGuest(({ execute, arguments: args }) => {
    if (execute === "guest-get-time") return now;
    now = args.time;
    return new Refuse("hwclock failed to set hardware clock to system time");
  });
  await fake.guest.clock.set(new Date("2030-01-01T00:00:00.123Z"));
  assertEquals((await fake.guest.clock.get()).toISOString(), "2030-01-01T00:00:00.123Z");
  await fake.guest.clock.advance("1.5s");
  const off = (await fake.guest.clock.get()).getTime() - Date.parse("2030-01-01T00:00:01.623Z");
  assert(off >= 0 && off < 1000, `${off} ms`);
  await assertRejects(() => fake.guest.clock.advance(-5), Error, "clock.advance()");
  await assertRejects(async () => await fake.guest.clock.set(new Date(NaN)), Error, "a Date");
});

Deno.test("a clock that could not be set is an error", async () => {
  await using fake = await fakeGuest(({ execute }) =>
    execute === "guest-get-time" ? 1e18 : new Refuse("hwclock failed")
  );
  await assertRejects(
    () => fake.guest.clock.set(new Date("2030-01-01")),
    GuestAgentError,
    "nas: clock.set(): guest-set-time: the agent refused: hwclock failed (GenericError)",
  );
});

Deno.test("the output of a guest about files is parsed", () => {
  const bytes = new TextEncoder().encode("fb\nc\0dsub\0l..x\0op\0");
  assertEquals(parseList(bytes), [
    { name: "..x", kind: "symlink" },
    { name: "b\nc", kind: "file" },
    { name: "p", kind: "other" },
    { name: "sub", kind: "directory" },
  ]);
  assertEquals(parseList(new Uint8Array()), []);
  assertEquals(parseStat("89ed 12 1000000000 1 2\n"), {
    kind: "file",
    size: 12,
    mode: 0o4755,
    mtime: new Date(1e12),
    uid: 1,
    gid: 2,
  });
  assertEquals(parseStat("41ff 0 0 0 0").kind, "directory");
  assertEquals(parseStat("2190 0 0 0 0").kind, "other");
});

Deno.test("an operation in the wrong state names the state and the ones that allow it", () => {
  const error = new VmStateError('nas.run("true")', "paused", ["running"], "resume() it first");
  assertEquals(
    error.message,
    'nas.run("true"): the VM is paused, but must be running; resume() it first',
  );
  assertEquals([error.name, error.state, error.expected], ["VmStateError", "paused", ["running"]]);
  assertThrows(
    () => {
      throw new VmStateError("nas.boot()", "running", ["off", "crashed", "restored"]);
    },
    VmError,
    "nas.boot(): the VM is running, but must be off, crashed or restored",
  );
});
