import type { Manifest } from "./manifest.ts";
import { MergeError } from "./errors.ts";
import type { SimulationRecord } from "../types/run_types.ts";
import { shardOf, shardText } from "../shard/shard.ts";
import type { SimulationOutcome } from "../types/types.ts";

/** A run to be merged, as read from its files. */
export interface MergePart {
  /** The path of its directory. */
  path: string;
  /** Its `manifest.json`. */
  manifest: Manifest;
  /** The outcomes of its simulations, by name. */
  outcomes: ReadonlyMap<string, SimulationOutcome>;
  /** Files that could not be read, with the reasons. */
  faults: readonly string[];
}

/** A simulation of the merged run, and the part that its outputs come from. */
export interface MergedSimulation {
  /** Its record in the manifest. */
  record: SimulationRecord;
  /** Undefined if it did not run, or its files are incomplete. */
  outcome?: SimulationOutcome;
  /** Undefined if its shard is missing. */
  from?: MergePart;
}

/** The simulations and problems of merged runs. */
export interface MergedParts {
  /** The simulations of shards in the order of their plan, then all others in the order of the runs. */
  simulations: MergedSimulation[];
  /** The names of all planned simulations. */
  planned: string[];
  /** The shards without a run. */
  missing: string[];
  /** Problems by which no output is lost. */
  warnings: string[];
  /** The files that the parts could not write, or that could not be read. */
  errors: string[];
}

/**
 * Merges the records of runs.
 *
 * @throws {MergeError} Two runs have the same simulation, or their plans of shards differ.
 */
export function mergeParts(parts: readonly MergePart[]): MergedParts {
  const shards = parts.filter(({ manifest }) => manifest.shard !== null);
  checkPlans(shards);
  const merged = new Map<string, MergedSimulation>();
  for (const part of parts) {
    for (const each of simulationsOf(part)) {
      const other = merged.get(each.record.name);
      merged.set(each.record.name, other ? eitherOf(other, each) : each);
    }
  }
  const missing = missingShards(shards);
  for (const name of missing.flatMap(({ names }) => names)) {
    if (merged.has(name)) continue;
    const record = { name, file: "", variant: {}, directory: name, status: "not-run" as const };
    merged.set(name, { record });
  }
  const names = new Set([...shards[0]?.manifest.planned ?? [], ...merged.keys()]);
  return {
    simulations: [...names].flatMap((name) => merged.get(name) ?? []),
    planned: [...new Set([...names, ...parts.flatMap(({ manifest }) => manifest.planned)])],
    missing: missing.map(({ shard, names }) =>
      `shard ${shard} is missing: ${names.join(", ") || "it has no simulations"}`
    ),
    warnings: parts.filter(({ manifest }) => manifest.status === "running").map(({ path }) =>
      `the run ${path} has no end: it was killed, or still runs`
    ),
    errors: parts.flatMap(({ manifest, faults }) => [...manifest.errors, ...faults]),
  };
}

function simulationsOf(part: MergePart): MergedSimulation[] {
  return part.manifest.simulations.map(({ durationMs, status, ...record }) => {
    const outcome = part.outcomes.get(record.name);
    const ended = status === "running"
      ? outcome?.status ?? "interrupted"
      : status === "waiting"
      ? "not-run"
      : status;
    const time = durationMs ?? outcome?.durationMs;
    return {
      record: { ...record, status: ended, ...time === undefined ? {} : { durationMs: time } },
      outcome,
      from: part,
    };
  });
}

function eitherOf(one: MergedSimulation, other: MergedSimulation): MergedSimulation {
  if (other.record.status === "not-run") return one;
  if (one.record.status === "not-run") return other;
  throw new MergeError(
    `the simulation ${one.record.name} was run twice, in ${one.from!.path} and in ` +
      `${other.from!.path}; leave one of them out`,
  );
}

/** Shards can be merged if they divide the same simulations. */
function checkPlans(shards: readonly MergePart[]): void {
  const plan = ({ manifest }: MergePart) =>
    JSON.stringify([manifest.shard!.count, manifest.planned]);
  const other = shards.find((shard) => plan(shard) !== plan(shards[0]));
  if (!other) return;
  const what = ({ path, manifest }: MergePart) =>
    `${path} is shard ${shardText(manifest.shard!)} of ${manifest.planned.length} simulations`;
  throw new MergeError(
    `these are shards of different plans: ${what(shards[0])}, ${what(other)}; ` +
      "merge shards that were run with the same files, options and number of shards",
  );
}

function missingShards(shards: readonly MergePart[]): { shard: string; names: string[] }[] {
  if (shards.length === 0) return [];
  const { shard, planned } = shards[0].manifest;
  const { count } = shard!;
  const there = new Set(shards.map(({ manifest }) => manifest.shard!.index));
  return Array.from({ length: count }, (_, i) => ({ index: i + 1, count }))
    .filter(({ index }) => !there.has(index))
    .map((shard) => ({ shard: shardText(shard), names: shardOf(planned, shard) }));
}
