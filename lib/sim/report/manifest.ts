import { z } from "zod";
import { VERSION } from "../../std/version.ts";
import { RUN_VERSION, verdictSchema } from "./records.ts";
import { isDirectoryName } from "./simulation_names.ts";

const status = z.enum(["passed", "failed", "timed-out", "interrupted", "not-run"]);
const text = z.string();
const count = z.int().min(1);

const shardSchema = z.object({ index: count, count }).refine(
  ({ index, count }) => index <= count,
  { error: "is not a shard" },
);

const hostSchema = z.object({
  os: text,
  kernel: text.nullable(),
  arch: text,
  deno: text,
  cpus: z.number(),
});

const simulationSchema = z.object({
  name: text,
  file: text,
  variant: z.record(text, text),
  /** Relative to the run's directory, and inside it. */
  directory: text.refine(isDirectoryName, { error: "is not the name of a directory" }),
  status: z.union([status, z.enum(["waiting", "running"])]),
  durationMs: z.number().nullable(),
  /** Absent if there was no lab. */
  verdict: verdictSchema.optional(),
});

/** `manifest.json`: the simulations of a run, their status, and how they were run. */
export const manifestSchema = z.object({
  version: z.literal(RUN_VERSION, { error: "is of another version of Netyard" }),
  /** The version of Netyard. */
  netyard: text,
  /** The run's name, which is also that of its directory. */
  run: text,
  /** The command line. */
  command: z.array(text).nullable(),
  host: hostSchema,
  startedAt: text,
  /** Null while it runs, and if it was killed. */
  endedAt: text.nullable(),
  durationMs: z.number().nullable(),
  status: z.enum(["running", "passed", "failed", "interrupted"]),
  jobs: count.nullable(),
  seed: z.number().nullable(),
  timeoutMs: z.number().nullable(),
  shard: shardSchema.nullable(),
  /** The names of the simulations of all shards. */
  planned: z.array(text),
  simulations: z.array(simulationSchema),
  /** The files that could not be written, with the reasons. */
  errors: z.array(text),
  /** In a merged run: the runs that it was merged from. */
  merged: z.array(z.object({
    directory: text,
    run: text,
    shard: shardSchema.nullable(),
    host: hostSchema,
    status: text,
  })).optional(),
  warnings: z.array(text).optional(),
});

/** The content of `manifest.json`. */
export type Manifest = z.output<typeof manifestSchema>;

/** A simulation of the manifest; "waiting" and "running" while the run continues, or if it was killed. */
export type ManifestSimulation = Manifest["simulations"][number];

/** Returns the version and the host for a manifest. */
export function aboutHere(): Pick<Manifest, "version" | "netyard" | "host"> {
  const { state } = Deno.permissions.querySync({ name: "sys", kind: "osRelease" });
  return {
    version: RUN_VERSION,
    netyard: VERSION,
    host: {
      os: Deno.build.os,
      kernel: state === "granted" ? Deno.osRelease() : null,
      arch: Deno.build.arch,
      deno: Deno.version.deno,
      cpus: navigator.hardwareConcurrency,
    },
  };
}
