import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { RunDirectoryError } from "../../lib/events/mod.ts";
import { InvalidOptionError } from "../../lib/options/parse_options.ts";
import { manifestSchema } from "../../lib/sim/report/manifest.ts";
import { inPool, runAll } from "../../lib/sim/run/run_all.ts";
import { SimulationNameError } from "../../lib/sim/report/errors.ts";
import type { RunAllOptions, RunEvent, SimulationRunner } from "../../lib/sim/types/run_types.ts";
import {
  inTempDir,
  namesIn,
  NOW,
  outcome,
  passing,
  readJson,
  result,
  simulation,
} from "./run_kit.ts";

/** Returns options of a run in a directory, at a fixed time. */
function options(workDir: string, over: Partial<RunAllOptions> = {}): RunAllOptions {
  return { workDir, binaries: new Map(), run: passing, now: () => NOW, ...over };
}

const many = (count: number) => Array.from({ length: count }, (_, i) => simulation(`s${i}`));

inTempDir("a run leaves all its files, and latest links to it", async (root) => {
  const work = `${root}/made/here`;
  const sims = [simulation("a", { variant: { n: "1" } }), simulation("b")];
  const results = [result("x", { duration: "2.0", down_bytes: "10000000" })];
  const summary = await runAll(
    sims,
    options(`${work}/`, {
      command: ["netyard", "run", "sims"],
      seed: 7,
      timeoutMs: 60_000,
      run: (sim) => Promise.resolve(outcome(sim, { results, captures: { "x.bytes": "1" } })),
    }),
  );
  const run = `${work}/sim-260102-030405`;
  assertEquals(summary.directory, run);
  assertEquals([summary.status, summary.passed, summary.errors], ["passed", 2, []]);
  assertEquals(namesIn(work), ["latest", "sim-260102-030405"]);
  assertEquals(await Deno.readLink(`${work}/latest`), "sim-260102-030405");
  assertEquals(namesIn(run), [
    "a",
    "b",
    "combined-results.json",
    "combined-results.md",
    "manifest.json",
    "progress.json",
  ]);
  assertEquals(namesIn(`${run}/a`), ["results.json", "results.md", "sim.json"]);
  const steps = [{
    id: "x",
    duration: "2.0",
    down_bytes: "10000000",
    latency_ms: null,
    up_bytes: null,
  }];
  assertEquals(await readJson(`${work}/latest/a/results.json`), {
    sim: "a",
    steps,
    captures: { "x.bytes": "1" },
  });
  assertEquals(await readJson(`${run}/combined-results.json`), {
    runs: [
      { run: "sim-260102-030405", sim_dir: "a", sim: "a", steps },
      { run: "sim-260102-030405", sim_dir: "b", sim: "b", steps },
    ],
  });
  const { host, netyard, ...manifest } = manifestSchema.parse(
    await readJson(`${run}/manifest.json`),
  );
  assertMatch(netyard, /^\d+\.\d+\.\d+$/);
  assertEquals([host.os, host.deno], ["linux", Deno.version.deno]);
  assert(host.cpus >= 1 && host.kernel !== "");
  assertEquals(manifest, {
    version: 1,
    run: "sim-260102-030405",
    command: ["netyard", "run", "sims"],
    startedAt: NOW.toISOString(),
    endedAt: NOW.toISOString(),
    durationMs: 0,
    status: "passed",
    jobs: 1,
    seed: 7,
    timeoutMs: 60_000,
    shard: null,
    planned: ["a", "b"],
    simulations: ["a", "b"].map((name, i) => ({
      name,
      file: "sims/all.toml",
      variant: (i === 0 ? { n: "1" } : {}) as Record<string, string>,
      directory: name,
      status: "passed" as const,
      durationMs: 1500,
    })),
    errors: [],
  });
  const sim = await readJson(`${run}/a/sim.json`) as Record<string, unknown>;
  assertEquals([sim.status, sim.setup, sim.errors], ["passed", { durationMs: 100 }, []]);
});

inTempDir("two runs in the same second have their own directories", async (root) => {
  const runs = await Promise.all([1, 2, 3].map(() => runAll(many(1), options(root))));
  assertEquals(runs.map(({ directory }) => directory.slice(root.length + 1)).sort(), [
    "sim-260102-030405",
    "sim-260102-030405-2",
    "sim-260102-030405-3",
  ]);
  assertEquals(namesIn(root).length, 4); // with latest
});

inTempDir("64 simulations run four at a time, in the order given", async (root) => {
  let [running, most] = [0, 0];
  const ends: (() => void)[] = [];
  const run: SimulationRunner = async (sim) => {
    most = Math.max(most, ++running);
    // Groups of four end when all four run, in reverse order: they do not end in the order of their starts.
    await new Promise<void>((resolve) => {
      if (ends.push(resolve) === 4) ends.splice(0).reverse().forEach((end) => end());
    });
    running--;
    return outcome(sim);
  };
  const started: number[] = [];
  const summary = await runAll(
    many(64),
    options(root, {
      jobs: 4,
      run,
      onEvent: (event) => event.kind === "simulation-started" && started.push(event.index),
    }),
  );
  assertEquals([summary.passed, most], [64, 4]);
  assertEquals(started, many(64).map((_, i) => i));
  assertEquals(summary.outcomes.map(({ name }) => name), many(64).map(({ name }) => name));
  assertEquals(namesIn(summary.directory).length, 68);
});

inTempDir(
  "each simulation gets its own directory, binaries and the run's options",
  async (root) => {
    const [a, b] = many(2);
    const binaries = new Map([["tool", "/bin/tool"]]);
    const { signal } = new AbortController();
    const seen: unknown[] = [];
    await runAll(
      [a, b],
      options(root, {
        binaries: new Map([[b, binaries]]),
        timeoutMs: 5,
        seed: 3,
        signal,
        run: (sim, { directory, binaries, timeoutMs, seed, signal: given }) => {
          assert(given === signal && Deno.statSync(directory).isDirectory);
          seen.push([directory.slice(-2), binaries.get("tool"), timeoutMs, seed]);
          return passing(sim, { directory, binaries });
        },
      }),
    );
    assertEquals(seen, [["s0", undefined, 5, 3], ["s1", "/bin/tool", 5, 3]]);
  },
);

inTempDir("events are reported in order", async (root) => {
  const events: RunEvent[] = [];
  const progress = { step: 1, steps: 2, doing: "run a in b" };
  const line = { node: "b", stream: "stdout" as const, text: "hello" };
  await runAll(
    many(1),
    options(root, {
      onEvent: (event) => events.push(event),
      run: (sim, context) => {
        context.onProgress?.(progress);
        context.onLine?.(line);
        return passing(sim, context);
      },
    }),
  );
  assertEquals(
    events.map((event) =>
      event.kind === "progress"
        ? event.progress
        : event.kind === "line"
        ? event.line
        : event.kind === "simulation-ended"
        ? event.outcome.status
        : event.kind
    ),
    ["run-started", "simulation-started", progress, line, "passed", "run-ended"],
  );
});

inTempDir(
  "progress.json has the current step of each simulation, and is never incomplete",
  async (root) => {
    const file = `${root}/latest/progress.json`;
    type State = { status: string; running: number; waiting: number; simulations: unknown[] };
    const seen = Promise.withResolvers<State>();
    const summary = await runAll(
      many(3),
      options(root, {
        run: async (sim, context) => {
          if (sim.name === "s1") {
            context.onProgress?.({ step: 2, steps: 5, doing: "wait 1s" });
            const deadline = performance.now() + 10_000;
            let state: State;
            do { // every read must see a complete file
              state = await readJson(file) as State;
              assert(performance.now() < deadline, "progress.json does not have the step");
            } while (!JSON.stringify(state).includes("wait 1s"));
            seen.resolve(state);
          }
          return passing(sim, context);
        },
      }),
    );
    assertEquals(summary.status, "passed");
    const { status, running, waiting, simulations } = await seen.promise;
    assertEquals([status, running, waiting], ["running", 1, 1]);
    assertEquals(simulations[1], {
      name: "s1",
      status: "running",
      startedAt: NOW.toISOString(),
      durationMs: null,
      step: 2,
      steps: 5,
      doing: "wait 1s",
    });
    const last = await readJson(file) as Record<string, unknown>;
    assertEquals([last.status, last.passed, last.running, last.total], ["passed", 3, 0, 3]);
    assertEquals(namesIn(`${root}/latest`).filter((name) => name.startsWith(".")), []);
  },
);

inTempDir("failures and timeouts end neither the run nor its records", async (root) => {
  const summary = await runAll(
    many(4),
    options(root, {
      run: (sim, context) =>
        sim.name === "s0"
          ? Promise.reject(new Error("the host cannot"))
          : sim.name === "s1"
          ? Promise.resolve(outcome(sim, { status: "timed-out" }))
          : sim.name === "s2"
          ? Promise.resolve(outcome(sim, { status: "failed" }))
          : passing(sim, context),
    }),
  );
  const { status, passed, failed, timedOut, directory } = summary;
  assertEquals([status, passed, failed, timedOut], ["failed", 1, 2, 1]);
  assertEquals(summary.outcomes[0].failure?.message, "the host cannot");
  const sim = await readJson(`${directory}/s0/sim.json`) as Record<string, unknown>;
  assertEquals([sim.status, sim.errors], ["failed", ["the host cannot"]]);
  const combined = await Deno.readTextFile(`${directory}/combined-results.md`);
  assertMatch(combined, /1 passed, 2 failed, 1 timed out/);
});

inTempDir("after an abort no simulation starts, and all files are written", async (root) => {
  const controller = new AbortController();
  const events: string[] = [];
  const summary = await runAll(
    many(5),
    options(root, {
      jobs: 2,
      signal: controller.signal,
      onEvent: ({ kind }) => events.push(kind),
      run: (sim, { signal }) => {
        if (sim.name === "s1") queueMicrotask(() => controller.abort());
        return new Promise((resolve, reject) =>
          signal!.addEventListener("abort", () =>
            // One simulation catches the abort, the other one does not.
            sim.name === "s0"
              ? resolve(outcome(sim, { status: "interrupted" }))
              : reject(signal!.reason))
        );
      },
    }),
  );
  assertEquals([summary.status, summary.interrupted, summary.notRun], ["interrupted", 2, 3]);
  const manifest = manifestSchema.parse(await readJson(`${summary.directory}/manifest.json`));
  assertEquals(manifest.simulations.map(({ status }) => status), [
    "interrupted",
    "interrupted",
    "not-run",
    "not-run",
    "not-run",
  ]);
  assertEquals(manifest.status, "interrupted");
  assertEquals(namesIn(`${summary.directory}/s1`), ["results.json", "results.md", "sim.json"]);
  assertEquals(namesIn(summary.directory).includes("s2"), false);
  assertEquals(events.filter((kind) => kind === "simulation-started").length, 2);
  assertEquals(events.at(-1), "run-ended");
});

inTempDir("a run that was aborted before its start runs nothing", async (root) => {
  const summary = await runAll(many(2), options(root, { signal: AbortSignal.abort() }));
  assertEquals([summary.status, summary.notRun, summary.outcomes], ["interrupted", 2, []]);
});

inTempDir(
  "a file that cannot be written is an error with its path, and other simulations continue",
  async (root) => {
    const summary = await runAll(
      many(3),
      options(root, {
        run: async (sim, context) => {
          // Blocks a file of the first, removes the directory of the second, and blocks that of the third.
          if (sim.name === "s0") {
            await Deno.mkdir(`${context.directory}/results.json`);
            await Deno.writeTextFile(`${root}/latest/s1`, "");
          }
          return passing(sim, context);
        },
      }),
    );
    const run = `${root}/sim-260102-030405`;
    assertEquals([summary.status, summary.passed, summary.failed], ["failed", 2, 1]);
    assertEquals(summary.errors.length, 2);
    assertMatch(
      summary.errors[0],
      new RegExp(`^cannot write ${run}/s0/results.json: Is a directory`),
    );
    assertMatch(summary.errors[1], new RegExp(`^cannot make ${run}/s1: File exists`));
    assertEquals(namesIn(`${run}/s0`), ["results.json", "results.md", "sim.json"]);
    const manifest = manifestSchema.parse(await readJson(`${run}/manifest.json`));
    assertEquals(manifest.errors, summary.errors);
    assertMatch(
      await Deno.readTextFile(`${run}/combined-results.md`),
      /## Errors\n\n- cannot write/,
    );
  },
);

inTempDir(
  "a run whose directory is removed meanwhile ends with errors that name it",
  async (root) => {
    const run = `${root}/sim-260102-030405`;
    const summary = await runAll(
      many(2),
      options(root, {
        run: async (sim, context) => {
          if (sim.name === "s0") await Deno.remove(run, { recursive: true });
          return passing(sim, context);
        },
      }),
    );
    assertEquals([summary.status, summary.passed, summary.failed], ["failed", 1, 1]);
    for (const name of ["s0/sim.json", "s1", "combined-results.json", "manifest.json"]) {
      assert(summary.errors.some((error) => error.includes(`${run}/${name}: `)), name);
    }
  },
);

inTempDir("an error of the listener loses no output, and is thrown at the end", async (root) => {
  let calls = 0;
  const error = await assertRejects(
    () =>
      runAll(
        many(2),
        options(root, {
          onEvent: () => {
            calls++;
            throw new Error("broken pipe");
          },
        }),
      ),
    Error,
    "broken pipe",
  );
  assertEquals([error.message, calls], ["broken pipe", 1]);
  const manifest = manifestSchema.parse(await readJson(`${root}/latest/manifest.json`));
  assertEquals([manifest.status, manifest.simulations.length], ["passed", 2]);
});

inTempDir(
  "simulations that cannot run together are refused before anything is made",
  async (root) => {
    const work = `${root}/runs`;
    for (
      const name of ["", ".", "../up", "a/b", ".hidden", "manifest.json", "a\0", "ü".repeat(128)]
    ) {
      await assertRejects(() => runAll([simulation(name)], options(work)), SimulationNameError);
    }
    await assertRejects(
      () => runAll([simulation("a"), simulation("a", { file: "b.toml" })], options(work)),
      SimulationNameError,
      'b.toml: the simulation "a" has the same name as one in sims/all.toml',
    );
    for (const jobs of [0, -1, 1.5, NaN]) {
      await assertRejects(
        () => runAll(many(1), options(work, { jobs })),
        InvalidOptionError,
        "jobs",
      );
    }
    assertEquals(namesIn(root), []);
  },
);

inTempDir("a work directory that is a file is refused with its path", async (root) => {
  await Deno.writeTextFile(`${root}/runs`, "");
  const error = await assertRejects(
    () => runAll(many(1), options(`${root}/runs`)),
    RunDirectoryError,
    `cannot make the run directory ${root}/runs/sim-260102-030405`,
  );
  assertEquals(error.path, `${root}/runs/sim-260102-030405`);
});

inTempDir("another file with the name latest is kept, and is an error", async (root) => {
  await Deno.mkdir(`${root}/latest/mine`, { recursive: true });
  const summary = await runAll(many(1), options(root));
  assertEquals([summary.status, summary.passed], ["failed", 1]);
  assertMatch(summary.errors[0], new RegExp(`^cannot write ${root}/latest: `));
  assertEquals(namesIn(root), ["latest", "sim-260102-030405"]);
});

inTempDir("the manifest of a shard has all planned simulations", async (root) => {
  const planned = ["s0", "x", "y"];
  const summary = await runAll(many(1), options(root, { shard: { index: 1, count: 3, planned } }));
  assertEquals(summary.shard, { index: 1, count: 3 });
  const manifest = manifestSchema.parse(await readJson(`${summary.directory}/manifest.json`));
  assertEquals([manifest.shard, manifest.planned], [{ index: 1, count: 3 }, planned]);
});

Deno.test("after a failure a pool starts no more work, and waits for running work", async () => {
  const done: number[] = [];
  const slow = Promise.withResolvers<void>();
  const work = async (index: number) => {
    if (index === 1) throw new Error("one");
    await slow.promise;
    done.push(index);
  };
  const pool = inPool(10, 2, work);
  queueMicrotask(() => slow.resolve());
  await assertRejects(() => pool, Error, "one");
  assertEquals(done, [0]);
});

inTempDir(
  "an inconclusive failure is repeated, up to a number, and others are not",
  async (root) => {
    const slow = { kind: "inconclusive" as const, reasons: ["the host is slow"] };
    const failure = { message: "no answer\nmore", stderr: [], logs: [] };
    const calls: string[] = [];
    const repeated: string[] = [];
    const summary = await runAll(
      ["better", "slow", "wrong", "fine"].map((name) => simulation(name)),
      options(root, {
        retries: 2,
        onEvent: (event) => {
          if (event.kind === "simulation-repeated") repeated.push(event.simulation.name);
        },
        run: async (each, { directory }) => {
          // Each attempt has an empty directory.
          assertEquals(namesIn(directory), []);
          await Deno.writeTextFile(`${directory}/events.jsonl`, "");
          calls.push(each.name);
          const attempt = calls.filter((name) => name === each.name).length;
          if (each.name === "fine" || each.name === "better" && attempt === 2) {
            return outcome(each, { verdict: slow, warnings: ["as it is"] });
          }
          const verdict = each.name === "wrong" ? { kind: "ok" as const, reasons: [] } : slow;
          return outcome(each, { status: "failed", failure, verdict });
        },
      }),
    );
    assertEquals(calls, ["better", "better", "slow", "slow", "slow", "wrong", "fine"]);
    assertEquals(repeated, ["better", "slow", "slow"]);
    const { passed, failed, inconclusive, outcomes, simulations } = summary;
    assertEquals([passed, failed, inconclusive], [2, 2, 1]);
    assertEquals(outcomes.map(({ attempts }) => attempts), [2, 3, undefined, undefined]);
    assertEquals(outcomes[0].warnings, [
      "attempt 1 was inconclusive: the host is slow; it ended with: no answer",
      "as it is",
    ]);
    assertEquals(simulations[1].verdict, slow);
    const kept = await readJson(`${root}/latest/better/sim.json`) as { attempts: number };
    assertEquals(kept.attempts, 2);
    await assertRejects(
      () => runAll([], options(root, { retries: -1 })),
      InvalidOptionError,
      '"retries" is -1',
    );
  },
);
