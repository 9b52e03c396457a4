import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { findRuns } from "../../lib/devtools/server/find_runs.ts";
import { emptyLab, event, runsOf, write } from "./server_kit.ts";
import { inDirectory } from "../cli/kit.ts";

const longAgo = new Date("2026-01-02T03:04:06Z");

/** A `run.json` of this process, or of another. */
const runJson = (more: object = {}) => ({
  version: 1,
  label: "labelled",
  seed: 7,
  status: "running",
  startedAt: new Date().toISOString(),
  endedAt: null,
  pid: Deno.pid,
  command: ["deno", "test"],
  verdict: { kind: "ok", reasons: [] },
  error: null,
  ...more,
});

Deno.test("runs are found below a folder, with what their files say", () =>
  inDirectory(async (root) => {
    await write(root, {
      "a/events.jsonl": emptyLab("first"),
      "deep/er/b/events.jsonl": emptyLab("second", false),
      "c/events.jsonl": emptyLab("x", false),
      "c/run.json": runJson(),
      "d/events.jsonl": emptyLab("x", false),
      "d/run.json": runJson({
        pid: 2 ** 22 + 1,
        verdict: { kind: "inconclusive", reasons: ["slow"] },
      }),
      "e/events.jsonl": "",
      "f/events.jsonl": "\u0000\u0001 not json\n",
      "f/run.json": runJson({
        status: "failed",
        error: { name: "AssertionError", message: "\x1b[31mnot\x1b[0m equal\nat all" },
      }),
      "not-a-run/other.txt": "x",
    });
    await Deno.utime(`${root}/deep/er/b/events.jsonl`, longAgo, longAgo);
    const { answer, directories } = await findRuns(root);
    const runs = new Map(runsOf(answer).map((run) => [run.id, run]));
    assertEquals([...directories.keys()].sort(), ["a", "c", "d", "deep/er/b", "e", "f"]);
    const status = Object.fromEntries([...runs].map(([id, { status }]) => [id, status]));
    assertEquals(status, {
      a: "closed",
      c: "running",
      d: "crashed",
      "deep/er/b": "unknown",
      e: "running",
      f: "failed",
    });
    assertEquals(runs.get("a")!.label, "first");
    assertEquals(runs.get("a")!.durationMs, 10);
    assertEquals([runs.get("c")!.label, runs.get("c")!.seed], ["labelled", 7]);
    assertEquals([runs.get("d")!.verdict, runs.get("d")!.reasons], ["inconclusive", ["slow"]]);
    assertEquals(runs.get("f")!.error, "AssertionError: not equal at all");
    const ofProcess = answer.invocations.find(({ runs }) => runs.some(({ id }) => id === "c"))!;
    assertEquals([ofProcess.kind, ofProcess.title], ["process", "deno test"]);
  }));

Deno.test("a process that has the ID of a run's process, but is younger, is another one", () =>
  inDirectory(async (root) => {
    await write(root, {
      "a/events.jsonl": emptyLab("x", false),
      "a/run.json": runJson({ startedAt: "2001-01-01T00:00:00Z" }),
    });
    // Only with all permissions, Deno lets one read when a process started.
    const isKnown = await Deno.readTextFile("/proc/self/stat").then(() => true, () => false);
    const [{ status }] = runsOf((await findRuns(root)).answer);
    assertEquals(status, isKnown ? "crashed" : "running");
  }));

Deno.test("simulations are grouped by their manifest, and never stuck on running", () =>
  inDirectory(async (root) => {
    const simulation = (name: string, status: string, directory = name) => ({
      name,
      file: "sims/x.toml",
      variant: { link: name },
      directory,
      status,
      durationMs: status === "passed" ? 1_500 : null,
    });
    const manifest = (status: string) => ({
      version: 1,
      run: "sim-1",
      command: ["netyard", "run", "sims"],
      startedAt: "2026-01-02T03:04:05Z",
      durationMs: 3_000,
      status,
      simulations: [
        simulation("wifi", "passed"),
        simulation("lan", "running"),
        simulation("later", "waiting"),
        simulation("evil", "passed", "../../etc"),
      ],
      errors: ["sim.json could not be written"],
    });
    await write(root, {
      "sim-1/manifest.json": manifest("running"),
      "sim-1/wifi/events.jsonl": emptyLab("wifi"),
      "sim-1/lan/events.jsonl": emptyLab("lan", false),
      "sim-2/manifest.json": manifest("failed"),
      "sim-2/wifi/events.jsonl": emptyLab("wifi"),
      "sim-3/manifest.json": "{ broken",
      "sim-3/wifi/events.jsonl": emptyLab("wifi"),
    });
    const brief = async () => {
      const { answer } = await findRuns(root);
      return answer.invocations.map(({ id, status, runs }) =>
        `${id}: ${status}; ${runs.map(({ label, status }) => `${label} ${status}`).join(", ")}`
      ).sort();
    };
    assertEquals(await brief(), [
      "folder sim-3/: closed; wifi closed",
      "sim-1: running; wifi passed, lan running, later waiting, evil passed",
      "sim-2: failed; wifi passed, lan interrupted, later not-run, evil passed",
    ]);
    // The command was killed: nothing was written for a long time.
    for (const file of ["manifest.json", "lan/events.jsonl"]) {
      await Deno.utime(`${root}/sim-1/${file}`, longAgo, longAgo);
    }
    assertEquals(
      (await brief())[1],
      "sim-1: interrupted; wifi passed, lan unknown, later not-run, evil passed",
    );
    const { answer, directories } = await findRuns(root);
    const simulations = answer.invocations.find(({ id }) => id === "sim-1")!;
    assertEquals(simulations.problems, ["sim.json could not be written"]);
    assertEquals(simulations.runs[0].variant, { link: "wifi" });
    assert(![...directories.values()].some((path) => path.includes("etc")));
  }));

Deno.test("links are not followed, and the search has limits that the answer names", () =>
  inDirectory(async (root) => {
    await inDirectory(async (outside) => {
      await write(outside, { "secret/events.jsonl": emptyLab("secret") });
      await write(root, {
        "a/events.jsonl": emptyLab("a"),
        "b/events.jsonl": emptyLab("b"),
        "1/2/3/4/c/events.jsonl": emptyLab("c"),
        "linked-file/x": "",
      });
      await Deno.symlink(`${outside}/secret`, `${root}/linked`);
      await Deno.symlink(`${outside}/secret/events.jsonl`, `${root}/linked-file/events.jsonl`);
      await Deno.symlink(".", `${root}/loop`);
      const ids = async (limits?: Parameters<typeof findRuns>[1]) =>
        runsOf((await findRuns(root, limits)).answer).map(({ id }) => id).sort();
      assertEquals(await ids(), ["1/2/3/4/c", "a", "b"]);
      assertEquals(await ids({ depth: 2, runs: 100, entries: 100 }), ["a", "b"]);
      assertEquals(await ids({ depth: 6, runs: 1, entries: 100 }), ["b"]);
      const { answer } = await findRuns(root, { depth: 6, runs: 100, entries: 2 });
      assertStringIncludes(answer.problems.join(), "more folders");
    });
    assertEquals((await findRuns(`${root}/gone`)).answer.problems, [
      "the folder is not there (any more)",
    ]);
  }));

Deno.test("texts of files are bounded, and have no control characters", () =>
  inDirectory(async (root) => {
    const label = `\x1b[2J${"x".repeat(5_000)}\u202e`;
    await write(root, { "a/events.jsonl": event(0, { kind: "lab-created", label }) });
    const [{ label: shown }] = runsOf((await findRuns(root)).answer);
    assertEquals([shown.length, shown.startsWith("xxx")], [501, true]);
  }));
