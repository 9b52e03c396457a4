import { assertEquals, assertRejects } from "@std/assert";
import { readTelemetry, RunDirectoryError, type TelemetryRecord } from "@netyard/netyard";
import { parseTelemetry } from "../../lib/telemetry/record.ts";
import { TelemetryFile } from "../../lib/telemetry/telemetry_file.ts";

const log = (body: string): TelemetryRecord => ({
  version: 1,
  elapsedMs: 1,
  node: "laptop",
  service: "laptop",
  attributes: {},
  type: "log",
  severity: "info",
  body,
});

Deno.test("what is written is read again, in its order", async () => {
  const directory = await Deno.makeTempDir();
  const file = new TelemetryFile(directory);
  const records = ["a", "b\n", "é✓\u2028"].map(log);
  assertEquals(await file.append(records.slice(0, 2)), 2);
  assertEquals(await file.append(records.slice(2)), 1);
  assertEquals(await file.close(), undefined);
  assertEquals(await readTelemetry(directory), { records, damaged: 0, more: false });
  assertEquals(await readTelemetry(directory, { limit: 2 }), {
    records: records.slice(0, 2),
    damaged: 0,
    more: true,
  });
});

Deno.test("damaged lines are counted, and an incomplete last one is ignored", async () => {
  const directory = await Deno.makeTempDir();
  const lines = [
    JSON.stringify(log("a")),
    "",
    "{",
    "null",
    "[]",
    JSON.stringify({ ...log("x"), version: 2 }),
    JSON.stringify({ ...log("x"), type: "toString" }),
    JSON.stringify({ ...log("x"), elapsedMs: "1" }),
    JSON.stringify({ ...log("x"), attributes: null }),
    JSON.stringify(log("long".repeat(1 << 19))),
    JSON.stringify(log("b")),
    JSON.stringify(log("c")).slice(0, -1),
  ];
  await Deno.writeTextFile(`${directory}/telemetry.jsonl`, lines.join("\n"));
  const { records, damaged, more } = await readTelemetry(directory);
  assertEquals(records, [log("a"), log("b")]);
  assertEquals([damaged, more], [9, false]);
});

Deno.test("a run without telemetry has no records, and a file that cannot be read is an error", async () => {
  const directory = await Deno.makeTempDir();
  assertEquals((await readTelemetry(directory)).records, []);
  assertEquals((await readTelemetry(`${directory}/none`)).records, []);
  await Deno.mkdir(`${directory}/telemetry.jsonl`);
  await assertRejects(() => readTelemetry(directory), RunDirectoryError, "cannot read");
});

Deno.test("the file has a limited size, and replaces no file and follows no link", async () => {
  const directory = await Deno.makeTempDir();
  const file = new TelemetryFile(directory, 400);
  assertEquals(await file.append(Array(10).fill(log("a"))), 3);
  assertEquals(await file.append([log("a")]), 0);
  assertEquals(await file.close(), undefined);
  const other = await Deno.makeTempDir();
  await Deno.symlink(`${other}/target`, `${other}/telemetry.jsonl`);
  const linked = new TelemetryFile(other);
  await linked.append([log("a")]);
  assertEquals((await linked.close())?.path, `${other}/telemetry.jsonl`);
  await assertRejects(() => Deno.stat(`${other}/target`), Deno.errors.NotFound);
});

Deno.test("a line is parsed without what a page lacks", () => {
  assertEquals(parseTelemetry(JSON.stringify(log("a"))), log("a"));
  assertEquals(parseTelemetry("["), undefined);
});
