import { assertEquals, assertStringIncludes } from "@std/assert";
import { junitXml } from "../../../lib/sim/report/junit.ts";
import { isInconclusive } from "../../../lib/sim/report/inconclusive.ts";
import { manifestSchema } from "../../../lib/sim/report/manifest.ts";
import {
  countsOf,
  onlyInconclusive,
  resultsJson,
  runStatus,
} from "../../../lib/sim/report/records.ts";
import {
  combinedMarkdown,
  countsText,
  resultsMarkdown,
  summaryText,
} from "../../../lib/sim/report/report.ts";
import type { SimulationOutcome } from "../../../lib/sim/types/types.ts";
import { NOW, outcome, simulation } from "../run_kit.ts";

const SLOW = { kind: "inconclusive" as const, reasons: ["the event loop waited <900> ms"] };
const OK = { kind: "ok" as const, reasons: [] };

function ended(
  name: string,
  status: SimulationOutcome["status"],
  verdict: SimulationOutcome["verdict"],
): SimulationOutcome {
  return outcome(simulation(name), {
    status,
    verdict,
    ...status !== "passed" && { failure: { message: "no answer", stderr: [], logs: [] } },
  });
}

const ENTRIES = [
  ended("a", "failed", SLOW),
  ended("b", "failed", OK),
  ended("c", "timed-out", SLOW),
  ended("d", "passed", SLOW),
  ended("e", "interrupted", SLOW),
];

Deno.test("what did not pass on a slow host is inconclusive; what passed has passed", () => {
  assertEquals(ENTRIES.map(isInconclusive), [true, false, true, false, false]);
  assertEquals(isInconclusive({ status: "failed" }), false);
  assertEquals(countsOf(ENTRIES).inconclusive, 2);
});

Deno.test("a run that failed by inconclusive simulations alone is told apart", () => {
  const run = (entries: SimulationOutcome[], errors: string[] = []) => {
    const counts = countsOf(entries);
    return onlyInconclusive({ ...counts, status: runStatus(counts, errors.length), errors });
  };
  const [slow, failed, late, passed, interrupted] = ENTRIES;
  assertEquals(run([slow, late, passed]), true);
  assertEquals(run([slow, failed]), false);
  assertEquals(run([passed]), false);
  assertEquals(run([slow, interrupted]), false);
  assertEquals(run([slow], ["cannot write x"]), false);
});

Deno.test("results.json has the verdict, if there was a lab", () => {
  assertEquals(resultsJson(ENTRIES[0]).verdict, SLOW);
  assertEquals("verdict" in resultsJson(ended("x", "failed", undefined)), false);
});

Deno.test("the reports say what is inconclusive, with the reasons", () => {
  assertEquals(
    countsText(ENTRIES),
    "1 passed, 2 failed (1 inconclusive), 1 timed out (inconclusive), 1 interrupted",
  );
  assertEquals(
    summaryText(ENTRIES.slice(0, 2)),
    `simulation  status                  time
a           failed (inconclusive)  1.5 s
b           failed                 1.5 s
`,
  );
  assertEquals(
    resultsMarkdown(ENTRIES[0]),
    `# a

failed after 1.5 s (inconclusive), of sims/all.toml

## Failure

    no answer

## The host was too slow

- the event loop waited \\<900> ms
`,
  );
  const combined = combinedMarkdown("sim-1", ENTRIES);
  assertStringIncludes(combined, "The host was too slow to tell why:\n\n- the event loop");
});

Deno.test("JUnit has an error of the type inconclusive, not a failure and nothing skipped", () => {
  const simulations = ENTRIES.slice(0, 1).map(({ name, file, variant, status }) => ({
    ...{ name, file, variant, status, directory: name },
  }));
  const counts = countsOf(ENTRIES.slice(0, 1));
  const xml = junitXml({
    ...counts,
    ...{ directory: "runs/sim-1", status: "failed", durationMs: 0, errors: [] },
    startedAt: NOW.toISOString(),
    endedAt: NOW.toISOString(),
    simulations,
    outcomes: ENTRIES.slice(0, 1),
  });
  assertEquals(
    xml,
    `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="netyard" tests="1" failures="0" errors="1" skipped="0">
  <testsuite name="sims/all.toml" timestamp="2026-01-02T03:04:05" time="1.5" tests="1" failures="0" errors="1" skipped="0">
    <testcase name="a" classname="sims/all.toml" file="sims/all.toml" time="1.5">
      <error message="inconclusive: the event loop waited &lt;900> ms" type="inconclusive"><![CDATA[no answer
The host was too slow to tell why:
the event loop waited <900> ms]]></error>
    </testcase>
  </testsuite>
</testsuites>
`,
  );
});

Deno.test("a manifest of before, without verdicts, is still read", () => {
  const { simulations: { element } } = manifestSchema.shape;
  const record = {
    ...{ name: "a", file: "a.toml", variant: {}, directory: "a", status: "failed" },
    durationMs: 1,
  };
  assertEquals(element.parse(record).verdict, undefined);
  assertEquals(element.parse({ ...record, verdict: SLOW }).verdict, SLOW);
});
