import { assertEquals, assertRejects } from "@std/assert";
import { EventFormatError, readRun, reduceAll, RunDirectoryError } from "../../lib/events/mod.ts";

// Written by version 1. Do not write it again: the runs of later versions get directories of their own.
const OLD = `${import.meta.dirname}/../fixtures/run-v1`;

function inCopy(name: string, body: (directory: string) => Promise<void>): void {
  Deno.test(name, async () => {
    const directory = await Deno.makeTempDir({ prefix: "netyard-events-" });
    try {
      for (const file of ["events.jsonl", "state.json"]) {
        await Deno.copyFile(`${OLD}/${file}`, `${directory}/${file}`);
      }
      await body(directory);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  });
}

Deno.test("a run of version 1 is read, and its state is that after its events", async () => {
  const { events, state } = await readRun(OLD);
  assertEquals(events.length, 34);
  assertEquals(state.label, "story");
  assertEquals(state, reduceAll(events));
});

inCopy("a line that is no event is named", async (directory) => {
  const events = `${directory}/events.jsonl`;
  await Deno.writeTextFile(events, '{"version":1,"kind":"who"}\n', { append: true });
  await assertRejects(
    () => readRun(directory),
    EventFormatError,
    `${events}:35: unknown kind "who"`,
  );
  await Deno.writeTextFile(events, "\n{}\n");
  await assertRejects(() => readRun(directory), EventFormatError, `${events}:1: not JSON`);
});

inCopy("a state that is none is named", async (directory) => {
  const state = `${directory}/state.json`;
  await Deno.writeTextFile(state, '{"version":1}');
  await assertRejects(() => readRun(directory), EventFormatError, `${state}: label: `);
  await Deno.writeTextFile(state, "{");
  await assertRejects(() => readRun(directory), EventFormatError, `${state}: not JSON`);
});

inCopy("a last line without an end is left out", async (directory) => {
  await Deno.writeTextFile(`${directory}/events.jsonl`, '{"version":1,"se', { append: true });
  assertEquals((await readRun(directory)).events.length, 34);
});

inCopy("without a state.json, the state comes from the events", async (directory) => {
  const { state } = await readRun(directory);
  await Deno.remove(`${directory}/state.json`);
  assertEquals((await readRun(directory)).state, state);
});

Deno.test("a directory without events.jsonl is refused with its path", async () => {
  const error = await assertRejects(() => readRun(`${OLD}/none`), RunDirectoryError, "cannot read");
  assertEquals(error.path, `${OLD}/none/events.jsonl`);
});
