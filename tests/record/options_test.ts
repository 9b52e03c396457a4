import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { InvalidOptionError, Lab, RecordError } from "@netyard/netyard";
import { resolveRecord } from "../../lib/record/options.ts";

const level = (...args: Parameters<typeof resolveRecord>) => resolveRecord(...args).level;

Deno.test("a lab with a directory records events, and one without records nothing", () => {
  assertEquals(level(undefined, undefined, true), "events");
  assertEquals(level(undefined, undefined, false), "off");
  assertEquals(level(undefined, "off", true), "off");
  assertEquals(level("off", "full", true), "off");
  assertEquals(level(undefined, "full", true), "full");
  assertEquals(level(undefined, "on-failure", true), "events");
});

Deno.test("details of a recording have the defaults of their level", () => {
  assertEquals(resolveRecord({ countersMs: 250 }, undefined, true), {
    level: "events",
    countersMs: 250,
    captures: null,
    secrets: false,
  });
  assertEquals(
    resolveRecord({ captures: { interfaceBytes: 2 ** 20 }, secrets: false }, undefined, true),
    {
      level: "full",
      countersMs: 1000,
      captures: { interfaceBytes: 2 ** 20, totalBytes: 256 * 2 ** 20, snapLength: 65_664 },
      secrets: false,
    },
  );
  assertEquals(resolveRecord({ captures: true }, undefined, true).secrets, true);
});

Deno.test("a recording without a directory is refused with the remedy", async () => {
  for (const [option, variable] of [["events", undefined], [undefined, "full"]] as const) {
    const error = assertThrows(() => resolveRecord(option, variable, false), RecordError);
    assertStringIncludes(error.message, "no directory to record to");
    assertStringIncludes(error.message, "outDir");
    assertStringIncludes(error.message, variable ? "NETYARD_RECORD" : "record is");
  }
  if (!Deno.env.get("NETYARD_OUTDIR")) {
    await assertRejects(() => Lab.create({ record: "full" }), RecordError, "NETYARD_OUTDIR");
  }
});

Deno.test("an unknown level is refused, with the nearest", async () => {
  const error = assertThrows(() => resolveRecord(undefined, "ful", true), RecordError);
  assertStringIncludes(error.message, 'did you mean "full"?');
  await assertRejects(
    () => Lab.create({ record: "everything" as "full" }),
    InvalidOptionError,
    "off, events, full",
  );
  await assertRejects(
    () => Lab.create({ record: { counterMs: 5 } as object }),
    InvalidOptionError,
    "countersMs",
  );
});
