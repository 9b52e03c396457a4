import type { Manifest } from "./manifest.ts";
import { MergeError } from "./errors.ts";
import type { SimulationRecord } from "../types/run_types.ts";
import { shardOf, shardText } from "../shard/shard.ts";
import type { SimulationOutcome } from "../types/types.ts";

/** A run that is joined with others, as its files tell of it. */
export interface MergePart {
  /** Its directory. */
  path: string;
  /** Its `manifest.json`. */
  manifest: Manifest;
  /** By name, of those that have one. */
  outcomes: ReadonlyMap<string, SimulationOutcome>;
  /** Files of it that should have been there and could not be read. */
  faults: readonly string[];
}

/** A simulation of the joined run, and the part that its outputs come from. */
export interface MergedSimulation {
  /** For the manifest. */
  record: SimulationRecord;
  /** Undefined where it was not run, or where its files are not whole. */
  outcome?: SimulationOutcome;
  /** Undefined where its shard is missing. */
  from?: MergePart;
}

/** What joined runs amount to. */
export interface MergedParts {
  /** Those of shards in the order in which they were planned, then all others as they come. */
  simulations: MergedSimulation[];
  /** The names of all that were planned. */
  planned: string[];
  /** Shards of which there is no run. */
  missing: string[];
  /** What is worth knowing, though nothing is lost by it but what did not run. */
  warnings: string[];
  /** What could not be written by the parts, or not be read of them. */
  errors: string[];
}

/**
 * Joins what runs tell of their simulations.
 *
 * @throws {MergeError} Two ran the same simulation, or they are shards of different plans.
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
      `the run ${path} did not end: it was killed, or still goes on`
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

/** Shards go together if they were dealt out of the same simulations. */
function checkPlans(shards: readonly MergePart[]): void {
  const plan = ({ manifest }: MergePart) =>
    JSON.stringify([manifest.shard!.count, manifest.planned]);
  const other = shards.find((shard) => plan(shard) !== plan(shards[0]));
  if (!other) return;
  const what = ({ path, manifest }: MergePart) =>
    `${path} is shard ${shardText(manifest.shard!)} of ${manifest.planned.length} simulations`;
  throw new MergeError(
    `these are shards of different plans: ${what(shards[0])}, ${what(other)}; ` +
      "merge those that were run with the same files, options and number of shards",
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
