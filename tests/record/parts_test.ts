import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { describeFailure, excerpt, placeOf } from "../../lib/record/failure.ts";
import { Pace } from "../../lib/record/pace.ts";
import { changedLine, type Counters, NO_SAMPLE } from "../../lib/record/sample.ts";

const iface = (rxPackets: number) => ({
  rxPackets,
  txPackets: 0,
  rxBytes: 0,
  txBytes: 0,
  rxDropped: 0,
  txDropped: 0,
});

Deno.test("a line has only the entries that changed, with all of their values", () => {
  const before: Counters = {
    ...NO_SAMPLE,
    interfaces: { "a/eth0": iface(1), "b/eth0": iface(1) },
    host: { cpuSome10: 1 },
  };
  const now = { ...before, interfaces: { "a/eth0": iface(1), "b/eth0": iface(2) } };
  assertEquals(changedLine(before, now, 5), {
    version: 1,
    elapsedMs: 5,
    interfaces: { "b/eth0": iface(2) },
  });
  assertEquals(changedLine(now, structuredClone(now), 6), undefined);
  assertEquals(changedLine(now, { ...now, host: { cpuSome10: undefined } }, 7)?.host, {
    cpuSome10: undefined,
  });
});

Deno.test("changes are sampled soon, and together", () => {
  const pace = new Pace(1000, 0);
  assertEquals(pace.isDue(500), false);
  pace.changed();
  assertEquals([pace.isDue(40), pace.isDue(50)], [false, true]);
  pace.sampled(50, 0.1);
  assertEquals([pace.isDue(1049), pace.isDue(1050)], [false, true]);
});

Deno.test("expensive samples are taken less often, and changes do not make them more frequent", () => {
  const pace = new Pace(1000, 0);
  pace.sampled(0, 20);
  assertEquals(pace.intervalMs, 2000);
  pace.changed();
  assertEquals([pace.isDue(1999), pace.isDue(2000)], [false, true]);
  for (let at = 1; at <= 20; at++) pace.sampled(at, 1);
  assertEquals(pace.intervalMs, 1000);
});

Deno.test("the place of an error is in the user's code, with the lines around it", async () => {
  function fails(): never {
    throw new RangeError("it failed here");
  }
  let error: unknown;
  try {
    fails();
  } catch (caught) {
    error = caught;
  }
  const failure = await describeFailure(error);
  assertEquals([failure.name, failure.message], ["RangeError", "it failed here"]);
  assert(failure.source);
  assertStringIncludes(failure.source.file, "tests/record/parts_test.ts");
  const [, line] = failure.source.lines.find(([n]) => n === failure.source!.line)!;
  assertStringIncludes(line, 'throw new RangeError("it failed here")');
});

Deno.test("what is thrown may be anything, and its file may be gone", async () => {
  assertEquals(await describeFailure("a text"), {
    name: "thrown value",
    message: "a text",
    stack: "a text",
    source: null,
    causes: [],
  });
  assertEquals((await describeFailure(undefined)).message, "undefined");
  assertEquals((await describeFailure(Object.create(null))).message, "[Object: null prototype] {}");
  const error = new Error("x".repeat(1e6));
  error.stack = "Error: x\n    at file:///nowhere/at/all.ts:3:4";
  const { message, source } = await describeFailure(error);
  assertEquals([message.length, source], [65_536, null]);
  assertEquals(placeOf("Error: x\n    at <anonymous>"), undefined);
  assertEquals(placeOf("Error: x\n    at file:///%E0%A4%A.ts:1:1"), undefined);
});

Deno.test("an excerpt ends where the file does", () => {
  assertEquals(excerpt("a\nb\nc", 2), [[1, "a"], [2, "b"], [3, "c"]]);
  assertEquals(excerpt("a", 900), []);
});

Deno.test("the causes of an error are told, the outermost first, also if they go in a circle", async () => {
  const inner = new TypeError("inner");
  const outer = new Error("outer", { cause: new Error("middle", { cause: inner }) });
  assertEquals((await describeFailure(outer)).causes, [
    { name: "Error", message: "middle" },
    { name: "TypeError", message: "inner" },
  ]);
  inner.cause = inner;
  assertEquals((await describeFailure(inner)).causes.length, 8);
});
