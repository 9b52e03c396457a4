import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { junitXml } from "../../../lib/sim/report/junit.ts";
import { countsOf } from "../../../lib/sim/report/records.ts";
import type { RunSummary, SimulationRecord } from "../../../lib/sim/types/run_types.ts";
import type { SimulationOutcome } from "../../../lib/sim/types/types.ts";
import { NOW, outcome, result, simulation } from "../run_kit.ts";

/** Returns the summary of a run. */
function summary(outcomes: SimulationOutcome[], notRun: string[] = []): RunSummary {
  const simulations: SimulationRecord[] = [
    ...outcomes.map(({ name, file, variant, status, durationMs }) => ({
      name,
      file,
      variant,
      directory: name,
      status,
      durationMs,
    })),
    ...notRun.map((name) => ({
      name,
      file: "b.toml",
      variant: {},
      directory: name,
      status: "not-run" as const,
    })),
  ];
  return {
    directory: "runs/sim-1",
    status: "failed",
    ...countsOf(simulations),
    startedAt: NOW.toISOString(),
    endedAt: NOW.toISOString(),
    durationMs: 0,
    simulations,
    outcomes,
    errors: [],
  };
}

const SUMMARY = summary([
  outcome(simulation("a", { file: "a.toml", variant: { topo: "1to1", cond: "wifi" } }), {
    results: [result("x", { duration: "2.0", down_bytes: "10000000" })],
  }),
  outcome(simulation("b", { file: "a.toml" }), {
    status: "failed",
    durationMs: 12,
    failure: {
      step: 1,
      id: "x",
      action: "run",
      where: "a.toml:3",
      message: 'the command failed: "<&>"',
      command: ["false"],
      exitCode: 1,
      stderr: ["\x1b[31mred\x1b[0m ]]> \x00\ud800", "end"],
      logs: [],
    },
  }),
  outcome(simulation("c", { file: "b.toml" }), { status: "timed-out" }),
  outcome(simulation("d", { file: "b.toml" }), { status: "interrupted" }),
], ["e"]);

Deno.test("a run as JUnit XML has a suite per file and a case per simulation", async () => {
  const golden = await Deno.readTextFile(new URL("golden/junit.txt", import.meta.url));
  assertEquals(junitXml(SUMMARY), golden);
});

Deno.test("the report leaves out what XML cannot contain, and the rest can be read back", () => {
  const xml = junitXml(SUMMARY);
  // deno-lint-ignore no-control-regex -- XML must not contain them
  assert(!/[\x00-\x08\x0b\x0c\x0e-\x1f\ud800]/.test(xml));
  // Without an XML parser: an end of CDATA inside a section would break this expression.
  const texts = [...xml.matchAll(/<!\[CDATA\[([^]*?)\]\]>/g)].map((match) => match[1]);
  assertStringIncludes(texts.join(""), "red ]]");
});

Deno.test("files that could not be written are an error in a suite of their own", () => {
  const xml = junitXml({
    ...summary([outcome(simulation("a"))]),
    errors: ["cannot write x"],
  });
  assertStringIncludes(
    xml,
    '<testsuites name="netyard" tests="2" failures="0" errors="1" skipped="0">',
  );
  assertStringIncludes(xml, "<![CDATA[cannot write x]]>");
});
