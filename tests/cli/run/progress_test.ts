import { assertEquals } from "@std/assert";
import {
  renderEnded,
  renderEndedPlain,
  renderPrinted,
  renderProgress,
  renderStillRunning,
} from "../../../lib/cli/run/progress.ts";
import { advance, newProgress, type ProgressState } from "../../../lib/cli/run/progress_state.ts";
import type { RunEvent } from "../../../lib/sim/types/run_types.ts";
import { failed, outcome, simulation } from "../kit.ts";

const [ping, iperf, nat, bad] = ["ping-latency", "iperf", "nat-home", "bad"].map((name, i) =>
  simulation(name, i === 1 ? 12 : 2)
);

/** The state after these events, one per second. */
function after(total: number, ...events: RunEvent[]): ProgressState {
  let state = newProgress(total, 0);
  events.forEach((event, i) => state = advance(state, event, (i + 1) * 1_000));
  return state;
}

const started = (index: number, simulation = ping): RunEvent => ({
  kind: "simulation-started",
  index,
  simulation,
});
const progressed = (index: number, step: number, doing: string, of = ping): RunEvent => ({
  kind: "progress",
  index,
  simulation: of,
  progress: { step, steps: of.steps.length, doing },
});
const ended = (index: number, how = outcome(ping)): RunEvent => ({
  kind: "simulation-ended",
  index,
  simulation: ping,
  outcome: how,
});

const PLAIN = { columns: 80, now: 12_340, colors: false };
const BUSY = after(
  4,
  started(0),
  started(1, iperf),
  started(2, nat),
  progressed(0, 2, "run ping-check in sender"),
  ended(2, outcome(nat)),
  progressed(1, 1, "wait 10 s\nand more", iperf),
  started(3, bad),
);

Deno.test("a terminal shows a line for each running simulation, and a bar", () => {
  assertEquals(
    renderProgress(BUSY, PLAIN),
    `⠸ ping-latency    11.3 s  2/2  run ping-check in sender
⠸ iperf           10.3 s   1/12  wait 10 s
⠸ bad              5.3 s  0/2  building its lab
━━━━━━━───────────────────────  1/4  1 passed  3 running  12.3 s`,
  );
});

Deno.test("a single simulation has no bar, and a run that is ending says so", () => {
  const state = after(1, started(0));
  assertEquals(
    renderProgress(state, { ...PLAIN, now: 1_500 }),
    "⠴ ping-latency    500 ms  0/2  building its lab",
  );
  assertEquals(
    renderProgress({ ...state, ending: true }, { ...PLAIN, now: 1_500 }).split("\n")[1],
    `${"─".repeat(30)}  0/1  1 ending  1.5 s`,
  );
});

Deno.test("the progress fits the width and the height of the terminal", () => {
  for (const columns of [0, 1, 5, 20, 40, 60]) {
    for (const line of renderProgress(BUSY, { ...PLAIN, columns }).split("\n")) {
      assertEquals([...line].length <= Math.max(columns, 2), true, `${columns}: ${line}`);
    }
  }
  assertEquals(
    renderProgress(BUSY, { ...PLAIN, columns: 40 }).split("\n")[0],
    "⠸ ping-latency    11.3 s  2/2  run ping…",
  );
  assertEquals(
    renderProgress(BUSY, { ...PLAIN, rows: 3 }).split("\n").slice(1),
    ["  and 2 more", "━━━━━━━───────────────────────  1/4  1 passed  3 running  12.3 s"],
  );
});

Deno.test("colours change no text of the progress, and a failure makes the bar red", () => {
  const state = advance(BUSY, ended(3, failed(bad)), 9_000);
  const colored = renderProgress(state, { ...PLAIN, colors: true });
  assertEquals(
    colored.split("\n").at(-1),
    `\x1b[31m${"━".repeat(15)}\x1b[39m\x1b[2m${"─".repeat(15)}\x1b[22m  2/4  ` +
      "\x1b[32m1 passed\x1b[39m  \x1b[31m1 failed\x1b[39m  2 running  12.3 s",
  );
  // deno-lint-ignore no-control-regex
  assertEquals(colored.replace(/\x1b\[\d+m/g, ""), renderProgress(state, PLAIN));
});

Deno.test("a simulation that ended stays as one line, with the first line of its error", () => {
  assertEquals(renderEnded(outcome(ping), false), "✓ ping-latency  1.5 s");
  assertEquals(renderEnded(failed(bad), false), "✗ bad  1.5 s  curl ended with exit code 7");
  assertEquals(
    renderEnded(outcome(bad, { status: "timed-out" }), true),
    "\x1b[31m✗\x1b[39m bad timed out  \x1b[2m1.5 s\x1b[22m",
  );
  assertEquals(
    renderEndedPlain(failed(bad), 2, 4),
    "failed bad after 1.5 s (2/4): curl ended with exit code 7",
  );
});

Deno.test("the line of an error has no clause that introduces its next lines", () => {
  const line = (message: string) =>
    renderEnded(
      outcome(bad, { status: "failed", failure: { message, logs: [], stderr: [] } }),
      false,
    );
  const ended = "curl ended with exit code 7; it printed last:";
  assertEquals(line(`${ended}\n  no route\n`), "✗ bad  1.5 s  curl ended with exit code 7");
  assertEquals(
    line("no reply; it waited for: pong"),
    "✗ bad  1.5 s  no reply; it waited for: pong",
  );
});

Deno.test("a log lists the simulations that still run", () => {
  assertEquals(
    renderStillRunning(BUSY, 60_000),
    "still running after 1 m 00 s: ping-latency (2/2 run ping-check in sender), " +
      "iperf (1/12 wait 10 s), bad (0/2)",
  );
});

Deno.test("a line of output has its node as a prefix, always in the same colour", () => {
  const line = { node: "laptop", stream: "stdout", text: "hello" } as const;
  assertEquals(renderPrinted(undefined, line, false), "laptop | hello");
  assertEquals(renderPrinted("nat", { ...line, stream: "stderr" }, false), "nat laptop ! hello");
  const colored = renderPrinted(undefined, line, true);
  assertEquals(renderPrinted(undefined, line, true), colored);
  // deno-lint-ignore no-control-regex
  assertEquals(/^\x1b\[\d\dmlaptop \|\x1b\[39m hello$/.test(colored), true, colored);
});
