import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { copyTree } from "../../../lib/files/copy_tree.ts";
import { junitXml } from "../../../lib/sim/report/junit.ts";
import { type Manifest, manifestSchema } from "../../../lib/sim/report/manifest.ts";
import { mergeRuns } from "../../../lib/sim/report/merge.ts";
import { runAll } from "../../../lib/sim/run/run_all.ts";
import { MergeError } from "../../../lib/sim/report/errors.ts";
import { shardOf } from "../../../lib/sim/shard/shard.ts";
import type { RunSummary, SimulationRunner } from "../../../lib/sim/types/run_types.ts";
import {
  inTempDir,
  namesIn,
  NOW,
  outcome,
  passing,
  readJson,
  result,
  simulation,
} from "../run_kit.ts";

const NAMES = ["a", "b", "c", "d", "e"];

interface ShardRun {
  index: number;
  count?: number;
  names?: string[];
  run?: SimulationRunner;
  signal?: AbortSignal;
}

/** Runs one shard of NAMES in its own work directory, as on another machine. */
function runShard(root: string, shard: ShardRun): Promise<RunSummary> {
  const { index, count = 2, names = NAMES, run = passing, signal } = shard;
  return runAll(shardOf(names, { index, count }).map((name) => simulation(name)), {
    workDir: `${root}/shard-${index}`,
    binaries: new Map(),
    shard: { index, count, planned: names },
    run,
    signal,
    seed: 7,
    now: () => new Date(NOW.getTime() + index * 60_000),
  });
}

function merge(root: string, ...directories: string[]) {
  return mergeRuns(directories.map((each) => `${root}/${each}`), {
    workDir: `${root}/merged`,
    command: ["netyard", "merge"],
    now: () => NOW,
  });
}

async function manifestOf(directory: string): Promise<Manifest> {
  return manifestSchema.parse(await readJson(`${directory}/manifest.json`));
}

/** Returns every file in a directory with its text, and links with their targets. */
function tree(directory: string, below = ""): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { name, isDirectory, isSymlink } of Deno.readDirSync(directory + below)) {
    const path = `${below}/${name}`;
    if (isDirectory) Object.assign(found, tree(directory, path));
    else if (isSymlink) found[path] = `-> ${Deno.readLinkSync(directory + path)}`;
    else found[path] = Deno.readTextFileSync(directory + path);
  }
  return found;
}

inTempDir("runs of all shards become one run, in the planned order", async (root) => {
  const run: SimulationRunner = async (sim, { directory }) => {
    await Deno.mkdir(`${directory}/nodes/laptop`, { recursive: true });
    await Deno.writeTextFile(`${directory}/nodes/laptop/stdout.log`, `hello of ${sim.name}\n`);
    await Deno.symlink("nodes/laptop/stdout.log", `${directory}/log`);
    return outcome(sim, { results: [result("x", { latency_ms: "5" })], captures: { "x.l": "5" } });
  };
  // One is given by the run's directory, one by the work directory.
  const one = await runShard(root, { index: 1, run });
  await runShard(root, { index: 2, run });
  const before = tree(`${root}/shard-1`);
  const summary = await merge(root, `shard-1/${one.directory.split("/").at(-1)}`, "shard-2");

  const place = `${root}/merged/sim-260102-030405`;
  assertEquals([summary.directory, summary.status, summary.passed], [place, "passed", 5]);
  assertEquals([summary.errors, summary.warnings], [[], []]);
  assertEquals(summary.outcomes.map(({ name }) => name), NAMES);
  assertEquals(summary.durationMs, 60_000);
  assertEquals(namesIn(`${root}/merged`), ["latest", "sim-260102-030405"]);
  assertEquals(await Deno.readLink(`${root}/merged/latest`), "sim-260102-030405");
  assertEquals(
    namesIn(place),
    [
      ...NAMES,
      "combined-results.json",
      "combined-results.md",
      "manifest.json",
    ].sort(),
  );
  const b = tree(`${place}/b`);
  assertEquals(b, tree(`${root}/shard-2/latest/b`));
  assertEquals(
    [b["/nodes/laptop/stdout.log"], b["/log"]],
    ["hello of b\n", "-> nodes/laptop/stdout.log"],
  );
  const combined = await readJson(`${place}/combined-results.json`) as {
    runs: { sim: string; run: string }[];
  };
  assertEquals(
    combined.runs.map(({ sim, run }) => [sim, run]),
    NAMES.map((name) => [name, "sim-260102-030405"]),
  );
  const manifest = await manifestOf(place);
  assertEquals(
    manifest.simulations.map(({ name, status }) => [name, status]),
    NAMES.map((name) => [name, "passed"]),
  );
  assertEquals([manifest.planned, manifest.shard, manifest.seed, manifest.jobs], [
    NAMES,
    null,
    7,
    1,
  ]);
  assertEquals(manifest.merged?.map(({ shard }) => shard), [{ index: 1, count: 2 }, {
    index: 2,
    count: 2,
  }]);
  assertEquals(tree(`${root}/shard-1`), before);
});

inTempDir(
  "a missing shard is named with its simulations, and can be merged later",
  async (root) => {
    await runShard(root, { index: 1, count: 3 });
    await runShard(root, { index: 3, count: 3 });
    const part = await merge(root, "shard-1", "shard-3");
    assertEquals([part.status, part.passed, part.notRun], ["failed", 3, 2]);
    assertEquals(part.errors, ["shard 2/3 is missing: b, e"]);
    const manifest = await manifestOf(part.directory);
    assertEquals([manifest.status, manifest.errors, manifest.warnings], [
      "failed",
      [],
      part.errors,
    ]);
    assertEquals(manifest.simulations.map(({ name, status }) => `${name} ${status}`), [
      "a passed",
      "b not-run",
      "c passed",
      "d passed",
      "e not-run",
    ]);
    assertStringIncludes(
      await Deno.readTextFile(`${part.directory}/combined-results.md`),
      "- shard 2/3 is missing",
    );
    const xml = junitXml(part);
    assertStringIncludes(xml, 'errors="1" skipped="2"');

    await runShard(root, { index: 2, count: 3 });
    const all = await merge(root, "shard-1", "shard-2", "shard-3");
    assertEquals([all.status, all.passed, all.errors], ["passed", 5, []]);
  },
);

inTempDir("a merged run can be merged with the shard that it lacks", async (root) => {
  await runShard(root, { index: 1 });
  await merge(root, "shard-1");
  // The second shard alone has no outputs of the first, which the merged run has.
  const names = shardOf(NAMES, { index: 2, count: 2 });
  await runAll(names.map((name) => simulation(name)), {
    workDir: `${root}/later`,
    binaries: new Map(),
    run: passing,
  });
  const all = await merge(root, "merged", "later");
  assertEquals([all.status, all.passed, all.notRun, all.errors], ["passed", 5, 0, []]);
  assertEquals(all.directory, `${root}/merged/sim-260102-030405-2`);
});

inTempDir(
  "a simulation in two runs is refused with both paths, and nothing is written",
  async (root) => {
    const one = await runShard(root, { index: 1 });
    await Deno.mkdir(`${root}/again`);
    const two = await runShard(`${root}/again`, { index: 1 });
    await runShard(root, { index: 2 });
    const { message } = await assertRejects(
      () => merge(root, "shard-1", "again/shard-1", "shard-2"),
      MergeError,
    );
    const real = await Promise.all([one, two].map(({ directory }) => Deno.realPath(directory)));
    assertEquals(
      message,
      `the simulation a was run twice, in ${real[0]} and in ${real[1]}; leave one of them out`,
    );
    assertEquals(namesIn(root).includes("merged"), false);
  },
);

inTempDir(
  "a simulation that did not run in one run is taken from the run where it did",
  async (root) => {
    await runShard(root, { index: 1, signal: AbortSignal.abort() });
    await Deno.mkdir(`${root}/again`);
    await runShard(`${root}/again`, { index: 1 });
    await runShard(root, { index: 2 });
    const all = await merge(root, "shard-1", "again/shard-1", "shard-2");
    assertEquals([all.status, all.passed, all.notRun], ["passed", 5, 0]);
    assertEquals(namesIn(all.directory).filter((name) => name.length === 1), NAMES);
  },
);

inTempDir("a run that was killed is merged as far as it ran, with a warning", async (root) => {
  const { directory } = await runShard(root, { index: 1 });
  const manifest = await manifestOf(directory);
  const [a, c, e] = manifest.simulations;
  // The state while c runs, which has written part of its outputs.
  await Deno.writeTextFile(
    `${directory}/manifest.json`,
    JSON.stringify({
      ...manifest,
      status: "running",
      endedAt: null,
      simulations: [a, { ...c, status: "running", durationMs: null }, { ...e, status: "waiting" }],
    }),
  );
  await Deno.remove(`${directory}/c/sim.json`);
  await runShard(root, { index: 2 });
  const all = await merge(root, "shard-1", "shard-2");
  assertEquals([all.status, all.passed, all.interrupted, all.notRun], ["interrupted", 3, 1, 1]);
  assertEquals(all.errors, []);
  assertMatch(all.warnings.join(), /^the run .*\/sim-260102-030505 has no end/);
  assertEquals(namesIn(`${all.directory}/c`), ["results.json", "results.md"]);
  assertEquals(namesIn(all.directory).includes("e"), false);
});

inTempDir(
  "a damaged file of a part is an error, and the other files are merged",
  async (root) => {
    const { directory } = await runShard(root, { index: 1 });
    await Deno.writeTextFile(`${directory}/a/results.json`, '{"sim":"a","ste');
    await Deno.writeTextFile(`${directory}/c/sim.json`, '{"version":1,"name":7}');
    await runShard(root, { index: 2 });
    const all = await merge(root, "shard-1", "shard-2");
    const real = await Deno.realPath(directory);
    assertEquals([all.status, all.passed, all.outcomes.length], ["failed", 5, 3]);
    assertEquals(all.errors.length, 2);
    assert(all.errors[0].startsWith(`cannot read ${real}/a/results.json: `));
    assert(all.errors[1].startsWith(`cannot read ${real}/c/sim.json: "name": `));
  },
);

inTempDir("shards of different plans are refused", async (root) => {
  await runShard(root, { index: 1, count: 2 });
  await runShard(root, { index: 3, count: 3 });
  await runShard(`${root}/other`, { index: 2, count: 2, names: ["a", "b", "x"] });
  for (const other of ["shard-3", "other/shard-2"]) {
    await assertRejects(
      () => merge(root, "shard-1", other),
      MergeError,
      "shards of different plans",
    );
  }
  assertEquals(namesIn(root).includes("merged"), false);
});

inTempDir(
  "a directory that is not a run, or a run that would write elsewhere, is refused",
  async (root) => {
    const { directory } = await runShard(root, { index: 1 });
    await Deno.writeTextFile(`${root}/file`, "");
    for (const wrong of ["none", "file", "."]) {
      await assertRejects(
        () => merge(root, wrong),
        MergeError,
        "is not a run: it has neither manifest.json",
      );
    }
    await assertRejects(() => mergeRuns([]), MergeError, "there are no runs to merge");
    const manifest = await manifestOf(directory);
    const [a, ...rest] = manifest.simulations;
    for (
      const [change, said] of [
        [{ simulations: [{ ...a, directory: "../../up" }, ...rest] }, '"simulations.0.directory"'],
        [{ simulations: [{ ...a, directory: "c" }, ...rest] }, "see the simulation a"],
        [{ simulations: [a, a] }, "see the simulation a"],
        [{ version: 2 }, "is of another version of Netyard"],
        [{ shard: { index: 3, count: 2 } }, "is not a shard"],
      ] as const
    ) {
      await Deno.writeTextFile(
        `${directory}/manifest.json`,
        JSON.stringify({ ...manifest, ...change }),
      );
      await assertRejects(() => merge(root, "shard-1"), MergeError, said);
    }
    await Deno.writeTextFile(`${directory}/manifest.json`, "{");
    await assertRejects(() => merge(root, "shard-1"), MergeError, "/manifest.json: ");
    assertEquals(namesIn(root), ["file", "shard-1"]);
  },
);

inTempDir("a failure while files are copied leaves nothing behind", async (root) => {
  const { directory } = await runShard(root, { index: 1 });
  // A link to itself cannot be listed as a directory.
  await Deno.remove(`${directory}/a`, { recursive: true });
  await Deno.symlink("a", `${directory}/a`);
  await assertRejects(() => merge(root, "shard-1"), MergeError, "nothing was kept");
  assertEquals(namesIn(`${root}/merged`), []);
});

inTempDir("a run that is named twice, or by its link latest, is merged once", async (root) => {
  const { directory } = await runShard(root, { index: 1, count: 1 });
  const name = directory.split("/").at(-1);
  const all = await merge(root, "shard-1", "shard-1/latest", `shard-1/${name}`);
  assertEquals([all.status, all.passed], ["passed", 5]);
});

inTempDir("files that cannot be hard links are copied", async (root) => {
  await Deno.mkdir(`${root}/from/deep`, { recursive: true });
  await Deno.writeTextFile(`${root}/from/deep/file`, "text");
  const listener = Deno.listen({ transport: "unix", path: `${root}/from/socket` });
  const refused = () => Promise.reject(new Error("Invalid cross-device link"));
  try {
    assertEquals(await copyTree(`${root}/from`, `${root}/copy`, refused), [`${root}/from/socket`]);
    await copyTree(`${root}/from/deep`, `${root}/shared`);
  } finally {
    listener.close();
  }
  const inode = async (path: string) => (await Deno.stat(`${root}/${path}`)).ino;
  assertEquals(tree(`${root}/copy`), { "/deep/file": "text" });
  assertEquals(await inode("copy/deep/file") === await inode("from/deep/file"), false);
  assertEquals(await inode("shared/file"), await inode("from/deep/file"));
  assertEquals(await copyTree(`${root}/none`, `${root}/nothing`), undefined);
});
