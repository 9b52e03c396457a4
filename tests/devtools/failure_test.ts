import { assertEquals } from "@std/assert";
import {
  changeText,
  factRows,
  lastPassed,
  partingRows,
} from "../../lib/devtools/model/failure/compare.ts";
import { EventLog } from "../../lib/devtools/model/event_log.ts";
import { failureCount, failureOf } from "../../lib/devtools/model/failure/failure.ts";
import { firstView, parseRoute, routeHash } from "../../lib/devtools/model/route.ts";
import { framesOf } from "../../lib/devtools/model/failure/stack.ts";
import { statusOfRun, worstStatus } from "../../lib/devtools/model/status.ts";
import type { RunInfo } from "../../lib/devtools/model/types.ts";
import { withoutEvents } from "../../lib/devtools/server/read_run_info.ts";
import { event } from "./server_kit.ts";

const STACK = `AssertionError: no
  at the end of a message
    at assertEquals (file:///opt/netyard/lib/std/assert.ts:48:9)
    at meet (file:///home/me/a%20b/peers_test.ts:7:3)
    at async file:///home/me/lib/helper.ts:2:1
    at async recorded (file:///opt/netyard/lib/bundle/recorded.ts:30:7)
    at async Object.fn (https://jsr.io/@netyard/netyard/0.1.0/lib/testing/lab_test.ts:5:5)
    at eventLoopTick (ext:core/01_core.js:178:7)
    at <anonymous>`;

Deno.test("of a stack, the frames of Netyard, of packages and of Deno are not the reader's", () => {
  const brief = framesOf(STACK, "/home/me/a b/peers_test.ts").map(({ name, file, line, foreign }) =>
    [name, file, line, foreign ? "foreign" : "own"].join("|")
  );
  assertEquals(brief, [
    "assertEquals|/opt/netyard/lib/std/assert.ts|48|foreign",
    "meet|/home/me/a b/peers_test.ts|7|own",
    "|/home/me/lib/helper.ts|2|own",
    "async recorded|/opt/netyard/lib/bundle/recorded.ts|30|foreign",
    "async Object.fn|https://jsr.io/@netyard/netyard/0.1.0/lib/testing/lab_test.ts|5|foreign",
    "eventLoopTick|ext:core/01_core.js|178|foreign",
    "|<anonymous>||foreign",
  ]);
  assertEquals(framesOf("no frames at all"), []);
  assertEquals(framesOf(`    at x (file:///a%zz/b.ts:1:2)`)[0].file, "/a%zz/b.ts");
  assertEquals(framesOf(`${"    at x (file:///a.ts:1:2)\n".repeat(5_000)}`).length, 100);
});

const BUNDLE = {
  version: 1,
  failed: { kind: "test", name: "peers meet", file: "/suite/peers_test.ts" },
  at: "2026-01-02T03:04:06.000Z",
  error: {
    name: "AssertionError",
    message: "Values\nare \x1b[31mnot\x1b[0m equal",
    stack: "AssertionError: Values\n    at meet (file:///suite/peers_test.ts:2:3)",
    source: { file: "/suite/peers_test.ts", line: 2, lines: [[1, "a"], [2, "b"], ["x", 1]] },
    causes: [{ name: "TypeError", message: "why" }, "no object"],
  },
  label: "peers-meet",
  seed: 7,
  linkEngine: null,
  verdict: { kind: "inconclusive", reasons: ["slow"] },
  netyard: "0.1.0",
  deno: "2.9.6",
  kernel: "6.1",
  arch: "x86_64",
  command: ["/usr/bin/deno", "test", "-P", "tests"],
  cwd: "/suite",
};

Deno.test("a failure is what the bundle says, or else the run", () => {
  const failure = failureOf({ seed: 1, linkEngine: "netem" }, BUNDLE, "20260102-x")!;
  assertEquals(failure, {
    kind: "test",
    name: "peers meet",
    file: "/suite/peers_test.ts",
    at: "2026-01-02T03:04:06.000Z",
    error: {
      name: "AssertionError",
      message: "Values\nare not equal",
      causes: [{ name: "TypeError", message: "why" }, { name: "Error", message: "" }],
      frames: [
        { name: "meet", file: "/suite/peers_test.ts", line: 2, column: 3, foreign: false },
      ],
      source: { file: "/suite/peers_test.ts", line: 2, lines: [[1, "a"], [2, "b"]] },
    },
    reasons: ["slow"],
    facts: [
      ["Seed", "7"],
      ["Link engine", "not used"],
      ["Netyard", "0.1.0"],
      ["Deno", "2.9.6"],
      ["Linux", "6.1 x86_64"],
      ["Folder", "/suite"],
    ],
    command: "/usr/bin/deno test -P tests",
    replay: [
      {
        what: "In the folder of the bundle: the test alone, with its seed, and what differs then",
        command: "netyard replay 20260102-x",
      },
      {
        what: "The same without the comparison",
        command: "NETYARD_SEED=7 deno test -P '--filter=/^peers meet$/' /suite/peers_test.ts",
      },
    ],
  });
  const ofRun = failureOf({ error: { name: "E", message: "m" }, test: { name: "t" } }, undefined)!;
  assertEquals([ofRun.kind, ofRun.name, ofRun.error!.name, ofRun.replay], ["test", "t", "E", []]);
});

Deno.test("files that report no error, or are damaged, have no failure", () => {
  for (const file of [undefined, null, 7, "x", [], {}, { error: null }, { error: { name: 1 } }]) {
    assertEquals(failureOf(file, undefined), null);
    assertEquals(failureOf(file, file), null);
  }
  const hostile = {
    error: { name: "x".repeat(1_000), message: "\u202e\x00", source: { file: 1 }, causes: "no" },
    command: "no list",
    verdict: [],
    failed: { kind: "test", name: "a", file: 5 },
  };
  const { error, command, replay } = failureOf(hostile, hostile)!;
  assertEquals([error!.name.length, error!.message, error!.source, error!.causes], [
    401,
    "\ufffd\ufffd",
    null,
    [],
  ]);
  assertEquals([command, replay], ["", []]);
});

/** A log of these events. */
function logOf(...bodies: object[]): EventLog {
  const log = new EventLog();
  const lines = [{ kind: "lab-created", label: "x" }, ...bodies].map((body, i) => event(i, body));
  log.push(new TextEncoder().encode(lines.join("")));
  return log;
}

const custom = (name: string, node: string | null = null, data: unknown = null) => ({
  kind: "custom",
  node,
  name,
  data,
});

Deno.test("the moment of a failure is that of its mark, or else the closing of the lab", () => {
  const closed = { kind: "lab-closed" };
  assertEquals(failureCount(logOf(custom("a"), custom("test-failed"), custom("b"), closed)), 3);
  assertEquals(failureCount(logOf(custom("a"), closed)), 2);
  assertEquals(failureCount(logOf(custom("a"))), 2);
  assertEquals(failureCount(new EventLog()), 0);
});

Deno.test("two runs part where the events of a node are others; what comes after a failure is left out", () => {
  const passed = logOf(custom("a", "left", 1), custom("b", "left"), custom("c"), {
    kind: "lab-closed",
  });
  const failed = logOf(custom("a", "left", 2), custom("x", "left"), custom("test-failed"), {
    kind: "link-down",
    node: "left",
    name: "eth0",
  });
  const brief = (a: EventLog, b: EventLog) =>
    partingRows(a, b).map(({ node, same, a, b }) => [node, same, a?.index, b?.index]);
  assertEquals(brief(passed, failed), [["left", 1, 2, 2], [null, 1, 3, undefined]]);
  assertEquals(brief(passed, passed), []);
});

const run = (id: string, more: Partial<RunInfo> = {}): RunInfo => ({
  ...withoutEvents(id, id, "closed"),
  hasEvents: true,
  lab: "x",
  ...more,
});

Deno.test("the last run that passed is one of the same test, before the failure, near it if it can be", () => {
  const at = (day: number) => `2026-01-0${day}T00:00:00Z`;
  const failed = run("runs/f", { status: "failed", startedAt: at(5) });
  const last = (...all: RunInfo[]) => lastPassed(failed, [failed, ...all])?.id;
  assertEquals(last(), undefined);
  assertEquals(
    last(run("runs/a", { startedAt: at(1) }), run("runs/b", { startedAt: at(2) })),
    "runs/b",
  );
  assertEquals(
    last(run("other/b", { startedAt: at(4) }), run("runs/a", { startedAt: at(1) })),
    "runs/a",
  );
  assertEquals(
    last(run("runs/later", { startedAt: at(6) }), run("o/b", { startedAt: at(4) })),
    "o/b",
  );
  assertEquals(last(run("runs/later", { startedAt: at(6) })), "runs/later");
  assertEquals(last(run("runs/a", { status: "failed" }), run("runs/b", { lab: "y" })), undefined);
  assertEquals(last(run("runs/a", { variant: { link: "4g" } })), undefined);
  assertEquals(last(run("runs/a", { hasEvents: false })), undefined);
  const test = run("t/f", { status: "failed", test: "meets" });
  assertEquals(lastPassed(test, [run("a", { test: "other" })]), undefined);
  assertEquals(lastPassed(test, [run("a", { test: "meets", lab: "z" })])?.id, "a");
});

Deno.test("facts of two runs are side by side, and numbers have their change", () => {
  const a = run("a", { seed: 1, facts: [["Deno", "2.9"], ["kernel", "6.1"]] });
  const b = run("b", { seed: 1, facts: [["Deno", "2.8"]], error: "E: no" });
  assertEquals(factRows(a, b), [
    { name: "seed", a: "1", b: "1", differs: false },
    { name: "Deno", a: "2.9", b: "2.8", differs: true },
    { name: "kernel", a: "6.1", b: "", differs: true },
    { name: "error", a: "", b: "E: no", differs: true },
  ]);
  assertEquals(
    [[1, 1.05], [100, 50], [1, 3.4], [2, 2], [0, 1]].map(([a, b]) => changeText(a, b)),
    [
      { text: "+5.0 %", large: false },
      { text: "−50 %", large: true },
      { text: "×3.40", large: true },
      { text: "same", large: false },
      { text: "more", large: true },
    ],
  );
  assertEquals(changeText(undefined, 1), undefined);
});

Deno.test("addresses of errors and of two runs", () => {
  const hash = "#/compare/runs%2Fa/~failures%2Fb";
  assertEquals(parseRoute(hash).compare, ["runs/a", "~failures/b"]);
  assertEquals(routeHash(parseRoute(hash)), hash);
  assertEquals(parseRoute("#/compare/only-one").view, "runs");
  assertEquals(parseRoute("#/run/a/errors").view, "errors");
  assertEquals(firstView({ error: "E", status: "failed" }), "errors");
  assertEquals(firstView({ error: null, status: "failed" }), "topology");
  assertEquals(firstView({ error: null, status: "closed" }), "topology");
});

Deno.test("a failure on a host that was too slow is inconclusive; a group is as bad as its worst run", () => {
  const evidence = { written: "failed", closed: true, idleMs: 0 };
  assertEquals(statusOfRun({ ...evidence, inconclusive: true }), ["inconclusive", null]);
  assertEquals(statusOfRun(evidence), ["failed", null]);
  assertEquals(statusOfRun({ ...evidence, written: "closed", inconclusive: true })[0], "closed");
  assertEquals(worstStatus(["closed", "inconclusive"]), "inconclusive");
  assertEquals(worstStatus(["failed", "inconclusive"]), "failed");
});
