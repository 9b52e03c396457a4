import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { parse } from "yaml";
import { kubernetesJob, type KubernetesOptions } from "../../../lib/sim/shard/kubernetes.ts";
import { githubMatrix, planShards } from "../../../lib/sim/shard/plan.ts";
import { PlanError, ShardError } from "../../../lib/sim/shard/errors.ts";
import { parseShard, shardOf, shardText } from "../../../lib/sim/shard/shard.ts";

const named = (count: number) => Array.from({ length: count }, (_, i) => ({ name: `s${i}` }));

Deno.test("a shard is parsed from its number and the count, and nothing else is", () => {
  assertEquals(parseShard("2/4"), { index: 2, count: 4 });
  assertEquals(shardText(parseShard("1/1")), "1/1");
  for (
    const text of ["", "2", "2/", "/4", "2/4/6", "-1/4", "1.5/2", " 1/2", "a/b", "0x1/2", "1/1e3"]
  ) {
    assertThrows(() => parseShard(text), ShardError, "but must be its number and how many");
  }
  assertThrows(() => parseShard("5/4"), ShardError, "there is no shard 5/4: they are 1/4 to 4/4");
  assertThrows(() => parseShard("0/4"), ShardError, "they are 1/4 to 4/4");
  assertThrows(() => parseShard("0/0"), ShardError, "there must be 1 at least");
  assertThrows(() => parseShard("1/0"), ShardError, "there must be 1 at least");
});

Deno.test("every simulation is in exactly one shard, and shards differ by one at most", () => {
  for (let total = 0; total <= 12; total++) {
    const all = Array.from({ length: total }, (_, i) => i);
    for (let count = 1; count <= 14; count++) {
      const shards = Array.from(
        { length: count },
        (_, i) => shardOf(all, { index: i + 1, count }),
      );
      assertEquals(shards.flat().sort((a, b) => a - b), all);
      const sizes = shards.map(({ length }) => length);
      assert(Math.max(...sizes) - Math.min(...sizes) <= 1, `${total} in ${count}`);
      for (const shard of shards) assertEquals(shard, [...shard].sort((a, b) => a - b));
    }
  }
});

Deno.test("a plan has no empty shard, and divides simulations as --shard does", () => {
  assertEquals(planShards(named(5), { shards: 2 }), {
    shards: [
      { shard: "1/2", simulations: ["s0", "s2", "s4"] },
      { shard: "2/2", simulations: ["s1", "s3"] },
    ],
  });
  assertEquals(planShards(named(2), { shards: 9 }).shards.map(({ shard }) => shard), [
    "1/2",
    "2/2",
  ]);
  assertEquals(planShards(named(300)).shards.length, 256);
  const all = named(7);
  for (const { shard, simulations } of planShards(all, { shards: 3 }).shards) {
    assertEquals(shardOf(all, parseShard(shard)).map(({ name }) => name), simulations);
  }
});

Deno.test("a plan without simulations or shards is refused", () => {
  assertThrows(() => planShards([]), PlanError, "no simulations");
  for (const shards of [0, -1, 1.5, NaN]) {
    assertThrows(() => planShards(named(1), { shards }), PlanError, "whole number from 1 on");
  }
});

Deno.test("a matrix for GitHub is one line of JSON with one job per shard", () => {
  const text = githubMatrix(planShards(named(3), { shards: 2 }));
  assertEquals(
    text,
    '{"include":[' +
      '{"shard":"1/2","name":"s0 and 1 more","artifact":"netyard-1-of-2","simulations":2},' +
      '{"shard":"2/2","name":"s1","artifact":"netyard-2-of-2","simulations":1}]}',
  );
  assertThrows(
    () => githubMatrix(planShards(named(257), { shards: 257 })),
    PlanError,
    "has at most 256 jobs",
  );
});

const OPTIONS: KubernetesOptions = { image: "registry.test/lab:1", files: ["sims/all.toml"] };

interface Job {
  spec: {
    template: {
      spec: { containers: { command: string[]; securityContext: unknown }[]; volumes: unknown };
    };
  } & Record<string, unknown>;
  metadata: { name: string };
}

async function jobOf(over: Partial<KubernetesOptions> = {}, shards = 4): Promise<Job> {
  return parse(await kubernetesJob(planShards(named(8), { shards }), { ...OPTIONS, ...over }));
}

Deno.test("a plan for Kubernetes is an Indexed Job with one pod per shard", async () => {
  const text = await kubernetesJob(planShards(named(8), { shards: 4 }), OPTIONS);
  assertEquals(text, await Deno.readTextFile(new URL("golden/job.yaml", import.meta.url)));
  const { spec } = await jobOf({ parallelism: 2, retries: 1 });
  const { template: _, ...rest } = spec;
  assertEquals(rest, {
    completionMode: "Indexed",
    completions: 4,
    parallelism: 2,
    backoffLimitPerIndex: 1,
    backoffLimit: 8,
  });
});

Deno.test("results go to a claim, and capabilities replace privilege, if requested", async () => {
  const { spec: { template: { spec } } } = await jobOf({
    claim: "results",
    capabilities: ["NET_ADMIN", "SYS_ADMIN"],
  });
  assertEquals(spec.volumes, [
    { name: "work", persistentVolumeClaim: { claimName: "results" } },
  ]);
  assertEquals(spec.containers[0].securityContext, {
    runAsUser: 0,
    capabilities: { add: ["NET_ADMIN", "SYS_ADMIN"] },
  });
});

/** Expands a command as Kubernetes does, without any variables. */
function expanded(text: string): string {
  return text.replace(/\$(\$|\([^)]*\))/g, (all, next) => next === "$" ? "$" : all);
}

Deno.test("the command of each pod, run by sh, has its own shard and directory", async () => {
  const files = ["sims/all.toml", "it's $(HOME) $$ `x`.toml", "-dash"];
  const { spec } = await jobOf({ files, command: ["printf", "%s\\n"], args: ["--jobs", "2"] });
  const [program, ...args] = spec.template.spec.containers[0].command.map(expanded);
  for (const index of [0, 3]) {
    const { code, stdout } = await new Deno.Command(program, {
      args,
      env: { JOB_COMPLETION_INDEX: String(index) },
    }).output();
    assertEquals([code, new TextDecoder().decode(stdout).trimEnd().split("\n")], [0, [
      "run",
      "sims/all.toml",
      "it's $(HOME) $$ `x`.toml",
      "./-dash",
      "--jobs",
      "2",
      "--shard",
      `${index + 1}/4`,
      "--work-dir",
      `/results/shard-${index + 1}`,
    ]]);
  }
});

Deno.test("names that Kubernetes would refuse are refused, with a valid one", async () => {
  for (
    const [name, near] of [
      ["My Job", "my-job"],
      ["-a-", "a"],
      ["1st", "st"],
      ["", "netyard"],
      ["a".repeat(62), "a".repeat(61)],
    ]
  ) await assertRejects(() => jobOf({ name }), PlanError, `"${near}" is one`);
  assertEquals((await jobOf({ name: "a".repeat(61) })).metadata.name.length, 61);
  await assertRejects(() => jobOf({ claim: "A claim" }), PlanError, "PersistentVolumeClaim");
  await assertRejects(() => jobOf({ image: "" }), PlanError, "image");
  await assertRejects(() => jobOf({ files: [] }), PlanError, "no files");
  await assertRejects(() => jobOf({ parallelism: 0 }), PlanError, '"parallelism" is 0');
});
