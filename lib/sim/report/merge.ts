import { basename } from "node:path";
import { writeJson } from "../../files/atomic.ts";
import { copyTree } from "../../files/copy_tree.ts";
import { aboutHere, type Manifest } from "./manifest.ts";
import { type MergedParts, type MergePart, mergeParts } from "./merge_parts.ts";
import { readPart } from "./read_part.ts";
import { countsOf, runStatus } from "./records.ts";
import { DEFAULT_WORK_DIR, makeLatest, makeRunDirectory } from "./run_directory.ts";
import { MergeError } from "./errors.ts";
import { writeCombined } from "./run_files.ts";
import type { RunSummary } from "../types/run_types.ts";

/** How runs are merged. */
export interface MergeOptions {
  /** The work directory for the merged run. Default `".netyard-work"`. */
  workDir?: string;
  /** The command line, for the manifest. */
  command?: readonly string[];
  /** Returns the time. Default: the clock. */
  now?(): Date;
}

/** A merged run; its `errors` include missing shards. */
export interface MergeSummary extends RunSummary {
  /** Problems by which no output is lost. */
  warnings: string[];
}

/**
 * Merges runs, such as those of all shards, into a new run in the work directory: with the directories of
 * all simulations, a manifest, and combined results. Files become hard links to those of the runs where
 * the file system supports it. The runs themselves do not change.
 *
 * If the run of a shard is missing, the merged run is "failed", and the simulations of the shard are
 * "not-run". The merged run appears complete or not at all.
 *
 * @param directories of runs, or work directories, of which the latest run is used
 * @throws {MergeError} One is not a run, two ran the same simulation, or their plans of shards differ.
 * @throws {RunDirectoryError} The run's directory cannot be made.
 */
export async function mergeRuns(
  directories: readonly string[],
  options: MergeOptions = {},
): Promise<MergeSummary> {
  const { workDir = DEFAULT_WORK_DIR, now = () => new Date() } = options;
  if (directories.length === 0) {
    throw new MergeError("there are no runs to merge; name their directories");
  }
  const read = new Map<string, MergePart>();
  for (const directory of directories) {
    const part = await readPart(directory);
    read.set(part.path, part); // a run may be named twice
  }
  const parts = [...read.values()];
  const merged = mergeParts(parts);
  const place = await makeRunDirectory(workDir, now());
  const building = `${place}.merging`;
  try {
    await Deno.mkdir(building);
    const summary = await build(building, place, parts, merged, options);
    // Replaces the empty directory that reserves the name.
    await Deno.rename(building, place);
    await makeLatest(place).catch((error) => summary.warnings.push(error.message));
    return summary;
  } catch (cause) {
    await Deno.remove(building, { recursive: true }).catch(() => {}); // it may not exist
    await Deno.remove(place).catch(() => {}); // it is empty, as nothing fails after the rename
    throw new MergeError(
      `cannot merge into ${place}: ${(cause as Error).message}; nothing was kept`,
      { cause },
    );
  }
}

async function build(
  building: string,
  place: string,
  parts: readonly MergePart[],
  merged: MergedParts,
  options: MergeOptions,
): Promise<MergeSummary> {
  const warnings = [...merged.warnings];
  for (const { record, from } of merged.simulations) {
    if (!from || record.status === "not-run") continue;
    const left = await copyTree(
      `${from.path}/${record.directory}`,
      `${building}/${record.directory}`,
    );
    warnings.push(...(left ?? []).map((path) => `${path} is not a file, and is left out`));
  }
  const summary = sum(place, parts, merged, warnings);
  const run = basename(place);
  const { simulations, outcomes, errors } = summary;
  const faults = await writeCombined(building, run, simulations, outcomes, errors);
  if (faults.length > 0) throw new Error(faults.join("; "));
  await writeJson(`${building}/manifest.json`, manifest(summary, parts, merged, options));
  return summary;
}

function sum(
  directory: string,
  parts: readonly MergePart[],
  { simulations: merged, missing, errors }: MergedParts,
  warnings: string[],
): MergeSummary {
  const simulations = merged.map(({ record }) => record);
  const counts = countsOf(simulations);
  const starts = parts.map(({ manifest }) => manifest.startedAt);
  const startedAt = starts.reduce((a, b) => a < b ? a : b);
  const ends = parts.map(({ manifest }) => manifest.endedAt ?? manifest.startedAt);
  const endedAt = ends.reduce((a, b) => a > b ? a : b);
  return {
    directory,
    status: missing.length > 0 ? "failed" : runStatus(counts, errors.length),
    ...counts,
    startedAt,
    endedAt,
    durationMs: Math.max(0, Date.parse(endedAt) - Date.parse(startedAt)),
    simulations,
    outcomes: merged.flatMap(({ outcome }) => outcome ?? []),
    errors: [...errors, ...missing],
    warnings,
  };
}

function manifest(
  summary: MergeSummary,
  parts: readonly MergePart[],
  { planned, missing, errors }: MergedParts,
  { command }: MergeOptions,
): Manifest {
  const { startedAt, endedAt, durationMs, status } = summary;
  const common = <K extends "seed" | "timeoutMs" | "jobs">(key: K) => {
    const values = new Set(parts.map(({ manifest }) => manifest[key]));
    return values.size === 1 ? [...values][0] : null;
  };
  return {
    ...aboutHere(),
    run: basename(summary.directory),
    command: command ? [...command] : null,
    startedAt,
    endedAt,
    durationMs,
    status,
    jobs: common("jobs"),
    seed: common("seed"),
    timeoutMs: common("timeoutMs"),
    shard: null,
    planned,
    simulations: summary.simulations.map((record) => ({
      ...record,
      durationMs: record.durationMs ?? null,
    })),
    errors,
    merged: parts.map(({ path, manifest: { run, shard, host, status } }) => ({
      directory: path,
      run,
      shard,
      host,
      status,
    })),
    // Not an error of the manifest: the missing shard may be merged with this run later.
    warnings: [...summary.warnings, ...missing],
  };
}
