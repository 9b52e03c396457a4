import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  EventBus,
  EventBusError,
  parseState,
  readRun,
  RunDirectory,
  RunDirectoryError,
  runName,
} from "../../lib/events/mod.ts";
import { storyBus } from "./story.ts";

const NOW = new Date("2026-01-02T03:04:05.678Z");
const bytes = (text: string) => new TextEncoder().encode(text);

function inTempDir(name: string, body: (root: string) => Promise<void>): void {
  Deno.test(name, async () => {
    const root = await Deno.makeTempDir({ prefix: "netyard-events-" });
    try {
      await body(root);
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  });
}

function files(directory: string): string[] {
  return [...Deno.readDirSync(directory)].map((entry) => entry.name).sort();
}

function addDevice(bus: EventBus, name: string): void {
  const device = { name, mtu: 1500, defaultInterface: null, interfaces: [] };
  bus.emit({ kind: "device-added", name, device });
}

Deno.test("the name of a run is its time and its label, made safe for file names", () => {
  assertEquals(runName("hello", NOW), "20260102-030405-678-hello");
  assertEquals(runName(undefined, NOW), "20260102-030405-678-lab");
  for (
    const [label, safe] of [
      ["home NAT: keeps/one port", "home-NAT-keeps-one-port"],
      ["../../etc", "etc"],
      ["café", "cafe"],
      ["…", "lab"],
      ["v1.2_x", "v1.2_x"],
      ["x".repeat(200), "x".repeat(64)],
    ]
  ) assertEquals(runName(label, NOW), `20260102-030405-678-${safe}`);
});

inTempDir("runs with the same name get different directories", async (root) => {
  const runs = await Promise.all(
    [1, 2, 3].map(() => RunDirectory.create(`${root}/new/runs/`, "a b", NOW)),
  );
  for (const run of runs) await run.close();
  const name = "20260102-030405-678-a-b";
  assertEquals(files(`${root}/new/runs`), [name, `${name}-2`, `${name}-3`]);
  assertEquals(
    runs.map((run) => run.path).sort(),
    [name, `${name}-2`, `${name}-3`].map((one) => `${root}/new/runs/${one}`),
  );
});

inTempDir("a run directory that cannot be created is refused with its path", async (root) => {
  await Deno.writeTextFile(`${root}/file`, "");
  const error = await assertRejects(
    () => RunDirectory.create(`${root}/file`, "x", NOW),
    RunDirectoryError,
    "cannot create the run directory",
  );
  assertEquals(error.path, `${root}/file/20260102-030405-678-x`);
});

inTempDir(
  "a run can be kept in a directory with other files, but not in that of another run",
  async (root) => {
    await Deno.mkdir(`${root}/sim`);
    await Deno.writeTextFile(`${root}/sim/sim.json`, "{}");
    for (const path of [`${root}/sim/`, `${root}/new/one`]) {
      const run = await RunDirectory.at(path);
      assertEquals(run.path, path.replace(/\/$/, ""));
      await run.log("a", "stdout", bytes("hello"));
      await run.close();
      const error = await assertRejects(() => RunDirectory.at(path), RunDirectoryError);
      assertEquals(
        error.message,
        `cannot keep a run in ${run.path}: it has one already, in events.jsonl; ` +
          "choose another directory, or move that run away",
      );
      assertEquals(error.path, run.path);
    }
    assertEquals(files(`${root}/sim`), ["events.jsonl", "nodes", "sim.json"]);
  },
);

inTempDir("a path that cannot be a run directory is refused", async (root) => {
  await Deno.writeTextFile(`${root}/file`, "");
  const error = await assertRejects(
    () => RunDirectory.at(`${root}/file`),
    RunDirectoryError,
    `cannot keep a run in ${root}/file: `,
  );
  assertEquals(error.path, `${root}/file`);
});

inTempDir("a run has the events from before and after attach()", async (root) => {
  const story = storyBus().history;
  const bus = new EventBus();
  const run = await RunDirectory.create(root, "story");
  for (const [i, event] of story.entries()) {
    if (i === 10) run.attach(bus);
    bus.emit(event);
  }
  assertThrows(() => run.attach(new EventBus()), EventBusError, run.path);
  await run.close();
  assertEquals(await readRun(run.path), { events: [...bus.history], state: bus.state });
  assertEquals(files(run.path), ["events.jsonl", "state.json"]);
});

inTempDir("10,000 events are written in order", async (root) => {
  const bus = new EventBus();
  const run = await RunDirectory.create(root);
  run.attach(bus);
  for (let i = 0; i < 10_000; i++) {
    bus.emit({ kind: "custom", node: null, name: "tick", data: i });
    if (i % 1000 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await run.close();
  const { events, state } = await readRun(run.path);
  assertEquals(events.map((event) => event.seq), Array.from({ length: 10_000 }, (_, i) => i));
  assertEquals(state.lastSeq, 9_999);
});

inTempDir("state.json is complete whenever it is read, and final after close()", async (root) => {
  const bus = new EventBus();
  const run = await RunDirectory.create(root);
  run.attach(bus);
  const versions = new Set<number>();
  let reads = 0;
  const start = performance.now();
  // On a busy host it takes longer until enough was read.
  const goesOn = () => performance.now() - start < 900 || versions.size < 2 || reads <= 5;
  const reader = (async () => {
    while (goesOn()) {
      const text = await Deno.readTextFile(`${run.path}/state.json`).catch((error) => {
        if (versions.size > 0 || !(error instanceof Deno.errors.NotFound)) throw error;
      });
      if (text === undefined) continue;
      reads++;
      versions.add(parseState(JSON.parse(text)).lastSeq);
    }
  })();
  for (let i = 0; goesOn(); i++) {
    for (let k = 0; k < 5; k++) addDevice(bus, `n${i}-${k}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await reader;
  await run.close();
  // At most one per 100 ms, and one at either end.
  const most = (performance.now() - start) / 100 + 2;
  assert(versions.size <= most, `${versions.size} versions, not ${most} at most`);
  assertEquals((await readRun(run.path)).state, bus.state);
});

inTempDir("state.json is never newer than events.jsonl", async (root) => {
  const bus = new EventBus();
  const run = await RunDirectory.create(root);
  run.attach(bus);
  const until = performance.now() + 400;
  while (performance.now() < until) {
    for (let k = 0; k < 20; k++) bus.emit({ kind: "custom", node: null, name: "x", data: k });
    const { events, state } = await readRun(run.path);
    assert(state.lastSeq < events.length, `${state.lastSeq} of ${events.length} events`);
  }
  await run.close();
});

inTempDir("each node gets its two logs, in order, with its first output", async (root) => {
  const run = await RunDirectory.create(root);
  const chunk = new Uint8Array(1);
  for (let i = 0; i < 256; i++) {
    chunk[0] = i;
    run.log("a", "stdout", chunk);
  }
  run.log("b", "stderr", bytes("one "));
  await run.log("b", "stderr", bytes("two "));
  assertEquals(await Deno.readTextFile(`${run.path}/nodes/b/stderr.log`), "one two ");
  run.log("b", "stderr", bytes("three"));
  await run.close();
  const nodes = `${run.path}/nodes`;
  assertEquals(
    await Deno.readFile(`${nodes}/a/stdout.log`),
    Uint8Array.from({ length: 256 }, (_, i) => i),
  );
  assertEquals(await Deno.readTextFile(`${nodes}/b/stderr.log`), "one two three");
  assertEquals([files(nodes), files(`${nodes}/a`), files(`${nodes}/b`)], [
    ["a", "b"],
    ["stdout.log"],
    ["stderr.log"],
  ]);
});

inTempDir("no log is written outside the run directory", async (root) => {
  await using run = await RunDirectory.create(root);
  for (const node of ["..", "", "a/b", ".x"]) {
    assertThrows(() => run.log(node, "stdout", bytes("x")), RunDirectoryError, `"${node}"`);
  }
});

inTempDir("closing again does nothing, and later events and output are dropped", async (root) => {
  const bus = new EventBus();
  const run = await RunDirectory.create(root);
  run.attach(bus);
  bus.emit({ kind: "lab-created", label: "x" });
  await Promise.all([run.close(), run.close()]);
  await run.close();
  bus.emit({ kind: "lab-closed" });
  await run.log("a", "stdout", bytes("late"));
  assertEquals((await readRun(run.path)).events.length, 1);
  assertEquals(files(run.path), ["events.jsonl", "state.json"]);
});

inTempDir("a directory that was removed is reported once, on close", async (root) => {
  const bus = new EventBus();
  const run = await RunDirectory.create(root);
  run.attach(bus);
  await Deno.remove(run.path, { recursive: true });
  bus.emit({ kind: "lab-created", label: "x" });
  await run.log("a", "stdout", bytes("x"));
  await run.log("a", "stdout", bytes("y"));
  const error = await assertRejects(() => run.close(), RunDirectoryError, "is incomplete");
  assertEquals(error.path, `${run.path}/nodes/a/stdout.log`);
  assert(error.message.includes("errors in 1 other files"), error.message);
  await run.close();
  assertEquals(files(root), []);
});

inTempDir("a log that cannot be written is reported, and the others are written", async (root) => {
  const bus = new EventBus();
  const run = await RunDirectory.create(root);
  run.attach(bus);
  await Deno.mkdir(`${run.path}/nodes/a/stdout.log`, { recursive: true });
  bus.emit({ kind: "lab-created", label: "x" });
  await run.log("a", "stdout", bytes("x"));
  await run.log("a", "stderr", bytes("y"));
  const error = await assertRejects(() => run.close(), RunDirectoryError, "Is a directory");
  assertEquals(error.path, `${run.path}/nodes/a/stdout.log`);
  assertEquals((await readRun(run.path)).state, bus.state);
  assertEquals(await Deno.readTextFile(`${run.path}/nodes/a/stderr.log`), "y");
});
