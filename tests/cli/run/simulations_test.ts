import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { COMMANDS } from "../../../lib/cli/commands.ts";
import { type Command, defineCommand, type Invocation } from "../../../lib/cli/command/command.ts";
import { type PLAN_OPTIONS, planCommand } from "../../../lib/cli/run/plan_command.ts";
import { type PREPARE_OPTIONS, prepareCommand } from "../../../lib/cli/run/prepare_command.ts";
import { plan } from "../../../lib/cli/run/plan.ts";
import { prepare } from "../../../lib/cli/run/prepare.ts";
import type { SimulationTools } from "../../../lib/cli/run/simulation_tools.ts";
import { BinaryError } from "../../../lib/sim/binary/error.ts";
import type { RunSummary } from "../../../lib/sim/types/run_types.ts";
import { called, fakeTools, inDirectory, runCommandBy, simulation } from "../kit.ts";

const ALL = ["ping", "nat-home", "nat-cgnat"].map((name) => simulation(name));

function planBy(tools: SimulationTools): Command {
  return defineCommand({
    ...planCommand,
    load: () => Promise.resolve((call: Invocation<typeof PLAN_OPTIONS>) => plan(call, tools)),
  });
}

function prepareBy(tools: SimulationTools): Command {
  return defineCommand({
    ...prepareCommand,
    load: () => Promise.resolve((call: Invocation<typeof PREPARE_OPTIONS>) => prepare(call, tools)),
  });
}

const planned = (...args: string[]) => called([planBy(fakeTools(ALL))], "plan", "sims", ...args);

Deno.test("a plan has the simulations of each shard, as text, as JSON, and for GitHub", async () => {
  assertEquals(await planned("--shards", "2"), {
    code: 0,
    stdout: "--shard 1/2\n  ping\n  nat-cgnat\n--shard 2/2\n  nat-home\n",
    stderr: "",
  });
  assertEquals(JSON.parse((await planned("--filter=nat", "--format=json")).stdout), {
    shards: [
      { shard: "1/2", simulations: ["nat-home"] },
      { shard: "2/2", simulations: ["nat-cgnat"] },
    ],
  });
  const { stdout } = await planned("--shards=2", "--format=github");
  const [, matrix] = /^matrix=(.+)\n$/.exec(stdout)!;
  assertEquals(JSON.parse(matrix).include.map(({ shard }: { shard: string }) => shard), [
    "1/2",
    "2/2",
  ]);
});

Deno.test("a plan for Kubernetes has the image, the files and the same filter", async () => {
  const { code, stdout } = await planned(
    ...["--format=k8s", "--image=registry/sims", "--filter=nat", "--arg=--jobs=2", "--shards=2"],
    ...["--job-name=night", "--parallelism=1", "--claim=results"],
  );
  assertEquals(code, 0);
  for (
    const part of [
      /image: registry\/sims$/m,
      /name: night$/m,
      /completions: 2$/m,
      /parallelism: 1$/m,
      /claimName: results$/m,
      /--filter=nat/,
      /--jobs=2/,
      /\bsims\b/,
    ]
  ) {
    assertMatch(stdout, part);
  }
});

Deno.test("the options of Kubernetes need --format k8s, which needs an image", async () => {
  for (
    const [args, message] of [
      [["--format=k8s"], "--format k8s needs --image"],
      [["--image=x"], "need --format k8s"],
      [["--arg=x", "--format=json"], "need --format k8s"],
      [["--shards=0"], "must be a whole number, at least 1"],
    ] as [string[], string][]
  ) {
    const { code, stdout, stderr } = await planned(...args);
    assertEquals([code, stdout], [2, ""]);
    assertStringIncludes(stderr, message);
  }
  assertEquals((await called([planBy(fakeTools([]))], "plan", "sims")).code, 2);
});

Deno.test("runs of shards are merged, and a directory that is no run is refused", async () => {
  await inDirectory(async (directory) => {
    const run = runCommandBy(fakeTools([...ALL, simulation("bad")]));
    for (const k of [1, 2]) {
      const place = ["--work-dir", `${directory}/${k}`];
      await called([run], "run", "sims", "--shard", `${k}/2`, ...place);
    }
    const merge = (...args: string[]) =>
      called(COMMANDS, "merge", ...args, "--work-dir", `${directory}/all`);
    const junit = `${directory}/results.xml`;
    const both = [`${directory}/1`, `${directory}/2`];
    const { code, stdout, stderr } = await merge(...both, "--json", "--junit", junit);
    assertEquals(code, 1);
    const summary = JSON.parse(stdout) as RunSummary;
    assertEquals([summary.passed, summary.failed, summary.notRun], [3, 1, 0]);
    assertStringIncludes(stderr, `3 passed, 1 failed in `);
    assertStringIncludes(stderr, "✗ bad failed after 1.5 s\n");
    assertMatch(await Deno.readTextFile(junit), /<testcase name="bad"[^]*<failure /);

    const part = await merge(`${directory}/1`);
    assertEquals(part.code, 1);
    assertStringIncludes(part.stdout, "2 not run");

    const none = await merge(directory);
    assertEquals([none.code, none.stdout], [2, ""]);
    assertStringIncludes(none.stderr, directory);
  });
});

Deno.test("JUnit XML is written to the requested file, or refused before anything starts", async () => {
  await inDirectory(async (directory) => {
    const run = (junit: string) =>
      called(
        ...[[runCommandBy(fakeTools(ALL))], "run", "sims"] as const,
        ...["--work-dir", `${directory}/work`, "--junit", junit],
      );
    assertEquals((await run(`${directory}/a.xml`)).code, 0);
    assertMatch(await Deno.readTextFile(`${directory}/a.xml`), /<testcase name="nat-cgnat"/);
    for (const bad of [`${directory}/none/a.xml`, directory]) {
      const { code, stdout, stderr } = await run(bad);
      assertEquals([code, stdout], [2, ""]);
      assertStringIncludes(stderr, `--junit is ${JSON.stringify(bad)}, but `);
    }
  });
});

Deno.test("a schema is printed, or written atomically", async () => {
  await inDirectory(async (directory) => {
    const { code, stdout } = await called(COMMANDS, "schema");
    assertEquals([code, typeof JSON.parse(stdout)], [0, "object"]);
    const topology = (await called(COMMANDS, "schema", "topology")).stdout;
    assertEquals(topology === stdout, false);
    const file = `${directory}/topology.json`;
    const written = await called(COMMANDS, "schema", "topology", "-o", file);
    assertEquals(written, { code: 0, stdout: "", stderr: "" });
    assertEquals(await Deno.readTextFile(file), topology);
    assertEquals([...Deno.readDirSync(directory)].length, 1);
    assertEquals((await called(COMMANDS, "schema", "--out", `${directory}/no/a`)).code, 2);
  });
});

Deno.test("prepare with files builds their programs, and prints their paths", async () => {
  const [one, two] = ALL;
  const relay = new Map([["relay", "/opt/relay"]]);
  const tools = fakeTools([one, two], {
    resolve: (_, { overrides, noBuild, onProgress }) => {
      onProgress(`building ${overrides} ${noBuild}`);
      return Promise.resolve(new Map([[one, relay], [two, relay]]));
    },
  });
  assertEquals(await called([prepareBy(tools)], "prepare", "a.toml", "--binary=relay:path:x"), {
    code: 0,
    stdout: "relay: /opt/relay\n",
    stderr: "building relay:path:x false\n",
  });
  const none = await called([prepareBy(fakeTools([one]))], "prepare", "a.toml");
  assertEquals(none.stdout, "these simulations have no programs to build\n");
  const alone = await called([prepareBy(tools)], "prepare", "--no-build");
  assertEquals([alone.code, alone.stdout], [2, ""]);
});

Deno.test("a program that is missing is bad input, one that cannot be built a failure", async () => {
  const error = new BinaryError("a.toml:3", "no");
  const fails = () => Promise.reject(error);
  for (const [make, args] of [[prepareBy, ["prepare"]], [runCommandBy, ["run"]]] as const) {
    const missing = await called([make(fakeTools(ALL, { check: fails }))], ...args, "a.toml");
    assertEquals(missing, { code: 2, stdout: "", stderr: "a.toml:3: no\n" });
    const broken = await called([make(fakeTools(ALL, { resolve: fails }))], ...args, "a.toml");
    assertEquals(broken, { code: 1, stdout: "", stderr: "a.toml:3: no\n" });
  }
});
