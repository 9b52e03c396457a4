import { assertEquals } from "@std/assert";
import { resultRow, seconds } from "../../../lib/sim/report/results.ts";
import { number, show, showTime } from "../../../lib/sim/values/numbers.ts";
import { resultsJson, simJson } from "../../../lib/sim/report/records.ts";
import {
  combinedMarkdown,
  countsText,
  failureText,
  type ReportEntry,
  resultsMarkdown,
  resultsText,
  summaryText,
} from "../../../lib/sim/report/report.ts";
import { markdownTable, textTable } from "../../../lib/sim/report/table.ts";
import type { Failure, StepResult } from "../../../lib/sim/types/types.ts";
import { outcome, result, simulation } from "../run_kit.ts";

const GOLDEN = new URL("golden/", import.meta.url);

const FAILURE: Failure = {
  step: 2,
  id: "ping-check",
  action: "run",
  device: "sender",
  where: "sims/ping.toml:14",
  message: "the command failed",
  command: ["sh", "-c", "ping -c 3 it's"],
  exitCode: 2,
  stderr: ["ping: it's: Name or service not known"],
  logs: ["nodes/sender/stderr.log"],
};

const ENTRIES: (ReportEntry & { results: StepResult[] })[] = [
  outcome(simulation("iperf-baseline", { file: "sims/iperf.toml" }), {
    durationMs: 10_250,
    results: [
      result("iperf-run", { duration: "10.05", down_bytes: "1234567890" }),
      result("again", { duration: "2500000", down_bytes: "500000000", up_bytes: "1000" }),
    ],
  }),
  outcome(simulation("ping|a=b", { file: "sims/ping.toml", variant: { cond: "wifi", n: "3" } }), {
    results: [result("ping-check", { latency_ms: "200.41" })],
    warnings: ["the route was not there at once"],
  }),
  outcome(simulation("ping-bad", { file: "sims/ping.toml" }), {
    status: "failed",
    failure: FAILURE,
  }),
  { name: "last", file: "sims/last.toml", variant: {}, status: "not-run", results: [] },
];

async function assertGolden(name: string, text: string): Promise<void> {
  assertEquals(text, await Deno.readTextFile(new URL(name, GOLDEN)));
}

Deno.test("a whole number is microseconds, one with a point or an exponent is seconds", () => {
  for (
    const [text, value] of [
      ["10.05", 10.05],
      ["10050000", 10.05],
      ["0", 0],
      ["10.", 10],
      ["1e-3", 0.001],
      [" 2.5\n", 2.5],
      ["10s", undefined],
      ["-3.0", undefined],
      ["", undefined],
      [null, undefined],
    ] as const
  ) assertEquals(seconds(text), value, String(text));
});

Deno.test("a number is accepted as JSON and programs write it, and nothing else is", () => {
  assertEquals(["1", "-1.5", ".5", "1E3", "+7"].map(number), [1, -1.5, 0.5, 1000, 7]);
  for (const text of ["", " ", "0x10", "Infinity", "NaN", "1,5", "1_000", "1e999"]) {
    assertEquals(number(text), undefined, text);
  }
});

Deno.test("throughput is megabytes of 10^6 bytes a second, where there is a time", () => {
  const { downRate, upRate } = resultRow(
    result("a", { duration: "2000000", down_bytes: "10000000", up_bytes: "x" }),
  );
  assertEquals([downRate, upRate], [5, undefined]);
  assertEquals(resultRow(result("a", { duration: "0", down_bytes: "5" })).downRate, undefined);
  assertEquals(resultRow(result("a", { down_bytes: "5" })).downRate, undefined);
});

Deno.test("numbers and times are short, and are rounded correctly", () => {
  assertEquals([0, 0.0001234, 1, 12.345, 99.5, 123.456, 1e6].map(show), [
    "0.00",
    "0.000123",
    "1.00",
    "12.35",
    "99.50",
    "123.46",
    "1000000.0",
  ]);
  assertEquals([0, 12.4, 999.4, 999.6, 59_900, 59_999, 125_000].map(showTime), [
    "0 ms",
    "12 ms",
    "999 ms",
    "1.0 s",
    "59.9 s",
    "1 m 00 s",
    "2 m 05 s",
  ]);
});

Deno.test("tables leave out columns without a value, and escape Markdown", () => {
  const columns = [
    { head: "name", cells: ["a|b", "ü`\n*"] },
    { head: "none", cells: [undefined, undefined] },
    { head: "n", cells: ["10", undefined], numeric: true },
  ];
  assertEquals(
    markdownTable(columns),
    "| name   |  n |\n| ------ | -: |\n| a\\|b   | 10 |\n| ü\\` \\* |    |\n",
  );
  assertEquals(
    textTable([columns[0], columns[2]].map((c) => ({ ...c, cells: c.cells.slice(0, 1) }))),
    "name   n\na|b   10\n",
  );
  assertEquals(markdownTable([{ head: "a", cells: [] }]), "");
});

Deno.test("results.md has the results of one simulation, or why it failed", async () => {
  await assertGolden("results.md", resultsMarkdown(ENTRIES[0]));
  await assertGolden("results-failed.md", resultsMarkdown(ENTRIES[2]));
  await assertGolden("results-variant.md", resultsMarkdown(ENTRIES[1]));
});

Deno.test("combined-results.md has one line per simulation, one line per result, and the failures", async () => {
  await assertGolden("combined.md", combinedMarkdown("sim-260102-030405", ENTRIES, ["disk full"]));
  assertEquals(combinedMarkdown("sim-1", []), "# sim-1\n\nno simulations\n");
});

Deno.test("the tables for a terminal have the same columns", async () => {
  await assertGolden("summary.txt", summaryText(ENTRIES));
  await assertGolden("results.txt", resultsText(ENTRIES[0]));
  assertEquals(resultsText(ENTRIES[2]), "");
  assertEquals(countsText(ENTRIES), "2 passed, 1 failed, 1 not run");
});

Deno.test("a failure says the step, the command quoted for a shell, and the logs", () => {
  assertEquals(
    failureText(FAILURE),
    `sims/ping.toml:14: step 2: run ping-check in sender
the command failed
command: sh -c 'ping -c 3 it'\\''s'
exit code: 2
standard error:
  ping: it's: Name or service not known
logs: nodes/sender/stderr.log`,
  );
  assertEquals(failureText({ message: "no lab", stderr: [], logs: [] }), "no lab");
});

Deno.test("results.json has all keys of the reference, in its order", () => {
  const captures = { "iperf-run.bytes": "1234567890" };
  assertEquals(
    JSON.stringify(
      resultsJson({ ...outcome(simulation("iperf")), results: ENTRIES[0].results, captures }),
    ),
    '{"sim":"iperf","steps":[' +
      '{"id":"iperf-run","duration":"10.05","down_bytes":"1234567890","latency_ms":null,"up_bytes":null},' +
      '{"id":"again","duration":"2500000","down_bytes":"500000000","latency_ms":null,"up_bytes":"1000"}' +
      '],"captures":{"iperf-run.bytes":"1234567890"}}',
  );
});

Deno.test("sim.json has the status, the setup and the errors, and no results", () => {
  const failed = outcome(simulation("bad"), {
    status: "failed",
    failure: FAILURE,
    setupMs: undefined,
  });
  const { sim, status, setup, errors, failure, results } = simJson(failed);
  assertEquals({ sim, status, setup, errors, failure, results }, {
    sim: "bad",
    status: "failed",
    setup: { durationMs: null },
    errors: ["the command failed"],
    failure: FAILURE,
    results: undefined,
  });
});
