import { assert, assertEquals, assertRejects } from "@std/assert";
import { QmpError } from "../../../lib/vm/options/errors.ts";
import { Qmp } from "../../../lib/vm/qemu/qmp.ts";
import { type Behaviour, FakeServer, type Peer } from "../fake_peer.ts";

const GREETING = { QMP: { version: { qemu: { major: 7, minor: 2, micro: 22 } } } };

/** A fake QEMU that negotiates, and leaves the rest to the test. */
function fakeQemu(answer: Behaviour["answer"] = () => {}): FakeServer {
  return new FakeServer({
    greet: (peer) => peer.json(GREETING),
    answer: (peer, message, delimited) =>
      message.execute === "qmp_capabilities"
        ? peer.json({ return: {}, id: message.id })
        : answer(peer, message, delimited),
  });
}

const options = { label: "nas", timeoutMs: 5000 };

Deno.test("a command is sent with its arguments and answered", async () => {
  await using server = fakeQemu((peer, { id }) => peer.json({ return: { status: "paused" }, id }));
  using qmp = await Qmp.connect(server.path, options);
  assertEquals((await qmp.execute("query-status")).status, "paused");
  await qmp.execute("set_link", { name: "nic0", up: false });
  assertEquals(server.received, [
    { execute: "qmp_capabilities", arguments: {}, id: 1 },
    { execute: "query-status", id: 2 },
    { execute: "set_link", arguments: { name: "nic0", up: false }, id: 3 },
  ]);
});

Deno.test("answers in another order are matched to their commands", async () => {
  const ids: number[] = [];
  await using server = fakeQemu(async (peer, { id }) => {
    ids.push(id);
    if (ids.length < 3) return;
    for (const each of ids.reverse()) await peer.json({ return: `for ${each}`, id: each });
  });
  using qmp = await Qmp.connect(server.path, options);
  const ask = (line: string) => qmp.execute("human-monitor-command", { "command-line": line });
  assertEquals(await Promise.all([ask("a"), ask("b"), ask("c")]), ["for 2", "for 3", "for 4"]);
});

Deno.test("answers may arrive in any pieces, between events", async () => {
  const text = "ü".repeat(500);
  await using server = fakeQemu(async (peer, { id }) => {
    const bytes = new TextEncoder().encode(
      `{"event":"STOP","timestamp":{"seconds":1,"microseconds":500000}}\r\n` +
        JSON.stringify({ return: text, id }) + `\r\n{"event":"RESUME","data":{"x":1}}\r\n`,
    );
    for (let at = 0; at < bytes.length;) {
      const end = at + 1 + Math.floor(Math.random() * 60);
      await peer.send(bytes.subarray(at, end));
      at = end;
    }
  });
  using qmp = await Qmp.connect(server.path, options);
  const events: unknown[] = [];
  const off = qmp.on(({ event, data, timestampMs }) => {
    events.push([event, data, event === "STOP" ? timestampMs : 0]);
  });
  const resumed = qmp.wait("RESUME", { timeoutMs: 5000 });
  assertEquals(await qmp.execute("human-monitor-command", { "command-line": "x" }), text);
  assertEquals((await resumed).data, { x: 1 });
  assertEquals(events, [["STOP", {}, 1500], ["RESUME", { x: 1 }, 0]]);
  off();
  await qmp.execute("human-monitor-command", { "command-line": "x" });
  assertEquals(events.length, 2);
});

Deno.test("a refusal of QEMU is an error with its description and the hint", async () => {
  const error = { class: "DeviceNotFound", desc: "Device 'nic9' not found" };
  await using server = fakeQemu((peer, { id }) => peer.json({ error, id }));
  using qmp = await Qmp.connect(server.path, { ...options, hint: () => "console: all is well" });
  const thrown = await assertRejects(
    () => qmp.execute("set_link", { name: "nic9", up: false }),
    QmpError,
  );
  assertEquals(
    thrown.message,
    `nas: QMP set_link {"name":"nic9","up":false}: QEMU refused: Device 'nic9' not found ` +
      "(DeviceNotFound)\nconsole: all is well",
  );
  assertEquals([thrown.command, thrown.errorClass, thrown.desc], [
    "set_link",
    "DeviceNotFound",
    "Device 'nic9' not found",
  ]);
});

Deno.test("an error without an ID is the answer to the oldest command", async () => {
  const error = { class: "GenericError", desc: "JSON parse error, invalid" };
  await using server = fakeQemu((peer) => peer.json({ error }));
  using qmp = await Qmp.connect(server.path, options);
  await assertRejects(() => qmp.execute("stop"), QmpError, "JSON parse error");
});

Deno.test("a call that hangs fails at its deadline, and its late answer affects no other", async () => {
  let late: { peer: Peer; id: number } | undefined;
  await using server = fakeQemu(async (peer, { execute, id }) => {
    if (execute === "stop") return late = { peer, id };
    await late?.peer.json({ return: "late", id: late.id });
    await peer.json({ return: "mine", id });
  });
  using qmp = await Qmp.connect(server.path, { ...options, hint: () => "last line" });
  const error = await assertRejects(() => qmp.execute("stop", {}, { timeoutMs: 50 }), QmpError);
  assertEquals(error.message, "nas: QMP stop: QEMU did not answer within 50 ms\nlast line");
  assertEquals(await qmp.execute("human-monitor-command", { "command-line": "x" }), "mine");
});

Deno.test("a closed connection fails all calls in progress at once", async () => {
  await using server = fakeQemu((peer, { execute }) => execute === "cont" && peer.close());
  using qmp = await Qmp.connect(server.path, { ...options, hint: () => "Kernel panic" });
  const started = performance.now();
  const event = qmp.wait("SHUTDOWN", { timeoutMs: 60_000 });
  const ends = await Promise.allSettled([
    qmp.execute("stop", {}, { timeoutMs: 60_000 }),
    qmp.execute("cont", {}, { timeoutMs: 60_000 }),
    event,
  ]);
  assert(performance.now() - started < 2000);
  const why = "QEMU closed the connection; it has probably ended\nKernel panic";
  assertEquals(ends.map((end) => end.status === "rejected" && end.reason.message), [
    `nas: QMP stop: ${why}`,
    `nas: QMP cont: ${why}`,
    `nas: QMP an event: ${why}`,
  ]);
  await qmp.closed;
  await assertRejects(() => qmp.execute("stop"), QmpError, why);
  await assertRejects(() => qmp.wait("STOP", { timeoutMs: 1 }), QmpError, why);
});

Deno.test("close() fails calls in progress, and is idempotent", async () => {
  await using server = fakeQemu();
  const qmp = await Qmp.connect(server.path, options);
  const stop = qmp.execute("stop");
  qmp.close();
  qmp.close();
  await assertRejects(() => stop, QmpError, "nas: QMP stop: the connection was closed");
  await qmp.closed;
});

Deno.test("wait() selects an event by its data, and has a deadline", async () => {
  await using server = fakeQemu(async (peer, { id }) => {
    for (const status of ["setup", "completed"]) {
      await peer.json({ event: "MIGRATION", data: { status } });
    }
    await peer.json({ return: {}, id });
  });
  using qmp = await Qmp.connect(server.path, options);
  const done = qmp.wait("MIGRATION", {
    timeoutMs: 5000,
    where: ({ status }) => status === "completed",
  });
  await qmp.execute("migrate", { uri: "exec:cat" });
  assertEquals((await done).data, { status: "completed" });
  await assertRejects(
    () => qmp.wait("MIGRATION", { timeoutMs: 20 }),
    QmpError,
    "nas: QEMU did not emit the event MIGRATION within 20 ms",
  );
});

Deno.test("a failed wait() that nothing awaits does not end the program", async () => {
  await using server = fakeQemu();
  using qmp = await Qmp.connect(server.path, options);
  qmp.wait("STOP", { timeoutMs: 1 });
  await assertRejects(() => qmp.wait("STOP", { timeoutMs: 20 }), QmpError);
});

Deno.test("it connects as soon as the socket exists", async () => {
  const directory = await Deno.makeTempDir();
  const path = `${directory}/qmp`;
  const connecting = Qmp.connect(path, options);
  await new Promise((resolve) => setTimeout(resolve, 30));
  await using server = fakeQemu();
  await Deno.symlink(server.path, path);
  (await connecting).close();
  assertEquals(server.received.length, 1);
  await Deno.remove(directory, { recursive: true });
});

Deno.test("a missing socket, or one without a listener, is an error at the deadline", async () => {
  const path = "/no/such/qmp";
  await assertRejects(
    () => Qmp.connect(path, { label: "nas", timeoutMs: 30 }),
    QmpError,
    "nas: no connection to QEMU's QMP socket /no/such/qmp: QEMU did not listen within 30 ms",
  );
  await using silent = new FakeServer({});
  await assertRejects(
    () => Qmp.connect(silent.path, { label: "nas", timeoutMs: 30, hint: () => "hint" }),
    QmpError,
    `within 30 ms; is another client connected?\nhint`,
  );
});

Deno.test("calls to a QEMU that has ended fail at once", async () => {
  const ended = new AbortController();
  const hint = () => "qemu: bad option";
  const connecting = Qmp.connect("/no/such/qmp", { ...options, hint, signal: ended.signal });
  ended.abort();
  await assertRejects(() => connecting, QmpError, "QEMU has ended\nqemu: bad option");
  await using silent = new FakeServer({});
  const late = new AbortController();
  const greeting = Qmp.connect(silent.path, { ...options, signal: late.signal });
  setTimeout(() => late.abort(), 20);
  await assertRejects(() => greeting, QmpError, "QEMU has ended");
});

Deno.test("a line that is not QMP ends the connection", async () => {
  await using server = fakeQemu((peer) => peer.send("what?\n"));
  using qmp = await Qmp.connect(server.path, options);
  await assertRejects(
    () => qmp.execute("stop"),
    QmpError,
    "QEMU sent something that is not QMP: what?",
  );
});

Deno.test("a real QEMU answers, refuses, emits events and ends", async () => {
  const directory = await Deno.makeTempDir();
  const path = `${directory}/qmp`;
  const args = ["-M", "none", "-display", "none", "-nodefaults", "-no-user-config", "-qmp"];
  const qemu = new Deno.Command("qemu-system-x86_64", {
    args: [...args, `unix:${path},server=on,wait=off`],
    stdin: "null",
  }).spawn();
  try {
    using qmp = await Qmp.connect(path, { label: "none", timeoutMs: 20_000 });
    const [status, { qemu: version }] = await Promise.all([
      qmp.execute("query-status"),
      qmp.execute("query-version"),
    ]);
    assertEquals([status.running, status.status], [true, "running"]);
    assert(version.major >= 7);
    const stopped = qmp.wait("STOP", { timeoutMs: 5000 });
    await qmp.execute("stop");
    assertEquals((await stopped).event, "STOP");
    assertEquals((await qmp.execute("query-status")).status, "paused");
    const capability = { capability: "x-ignore-shared", state: true };
    await qmp.execute("migrate-set-capabilities", { capabilities: [capability] });
    assertEquals(await qmp.execute("query-block"), []);
    const driver = "null-co";
    await qmp.execute("blockdev-add", { driver, "node-name": "n0", "read-zeroes": true });
    assertEquals((await qmp.execute("query-named-block-nodes", {}))[0]["node-name"], "n0");
    await qmp.execute("blockdev-del", { "node-name": "n0" });
    const error = await assertRejects(
      () => qmp.execute("set_link", { name: "none", up: true }),
      QmpError,
      "QEMU refused: Device 'none' not found (DeviceNotFound)",
    );
    assertEquals(error.errorClass, "DeviceNotFound");
    const shutdown = qmp.wait("SHUTDOWN", { timeoutMs: 5000 });
    await qmp.execute("quit");
    assertEquals((await shutdown).data.reason, "host-qmp-quit");
    await qmp.closed;
    assertEquals((await qemu.status).code, 0);
  } finally {
    try {
      qemu.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await qemu.status;
    await Deno.remove(directory, { recursive: true });
  }
});
