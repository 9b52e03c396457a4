import { z } from "zod";
import type { Schema } from "../../options/schema.ts";
import type { Verdict } from "../../record/verdict.ts";
import { isInconclusive, type Judged } from "./inconclusive.ts";
import type { ReportEntry } from "./report.ts";
import type { RunStatus, SimulationRecord } from "../types/run_types.ts";
import type { SimulationOutcome, StepResult } from "../types/types.ts";

/** The version of the files of a run; increased when an older reader would misread one. */
export const RUN_VERSION = 1;

/** Returns the content of `sim.json`: an outcome without its results, which have their own file. */
export function simJson({ results: _, ...outcome }: SimulationOutcome): Record<string, unknown> {
  const { name, setupMs, failure } = outcome;
  return {
    version: RUN_VERSION,
    sim: name,
    ...outcome,
    setup: { durationMs: setupMs ?? null },
    errors: failure === undefined ? [] : [failure.message],
  };
}

/** Returns the content of `results.json`. */
export function resultsJson({ name, results, captures, verdict }: SimulationOutcome): {
  sim: string;
  steps: StepResult[];
  captures: Record<string, string>;
  verdict?: Verdict;
} {
  return { sim: name, steps: results.map(resultKeys), captures, ...verdict && { verdict } };
}

/** Returns the content of `combined-results.json`, which leaves out simulations that did not run. */
export function combinedJson(
  run: string,
  simulations: readonly SimulationRecord[],
  outcomes: readonly SimulationOutcome[],
): { runs: { run: string; sim_dir: string; sim: string; steps: StepResult[] }[] } {
  const directories = new Map(simulations.map(({ name, directory }) => [name, directory]));
  return {
    runs: outcomes.map(({ name, results }) => ({
      run,
      sim_dir: directories.get(name) ?? name,
      sim: name,
      steps: results.map(resultKeys),
    })),
  };
}

/** Returns the entries of a report: the outcome of each simulation, or else its record. */
export function reportEntries(
  simulations: readonly SimulationRecord[],
  outcomes: readonly SimulationOutcome[],
): ReportEntry[] {
  const byName = new Map(outcomes.map((outcome) => [outcome.name, outcome]));
  return simulations.map((record) => byName.get(record.name) ?? record);
}

/** The numbers of simulations by status. */
export interface Counts {
  /** With "passed". */
  passed: number;
  /** With "failed". */
  failed: number;
  /** With "timed-out". */
  timedOut: number;
  /** With "interrupted". */
  interrupted: number;
  /** With "not-run". */
  notRun: number;
  /** Those of "failed" and "timed-out" that are inconclusive: their host was too slow. */
  inconclusive: number;
}

/** Counts simulations by status. */
export function countsOf(simulations: readonly Judged[]): Counts {
  const count = (status: string) => simulations.filter((each) => each.status === status).length;
  return {
    passed: count("passed"),
    failed: count("failed"),
    timedOut: count("timed-out"),
    interrupted: count("interrupted"),
    notRun: count("not-run"),
    inconclusive: simulations.filter(isInconclusive).length,
  };
}

/**
 * Whether a run failed by inconclusive simulations alone: to run it again on a host with less to do may tell.
 */
export function onlyInconclusive(
  { status, failed, timedOut, inconclusive, notRun, errors }:
    & Omit<Counts, "passed" | "interrupted">
    & {
      status: RunStatus;
      errors: readonly string[];
    },
): boolean {
  return status === "failed" && inconclusive > 0 && inconclusive === failed + timedOut &&
    notRun === 0 && errors.length === 0;
}

/** Returns the status of a run. A run that ended early is "interrupted", whatever failed in it. */
export function runStatus(counts: Counts, faults: number): RunStatus {
  if (counts.interrupted > 0 || counts.notRun > 0) return "interrupted";
  return counts.failed > 0 || counts.timedOut > 0 || faults > 0 ? "failed" : "passed";
}

const text = z.string();
const nullable = text.nullable();
const status = z.enum(["passed", "failed", "timed-out", "interrupted"]);
const strings = z.record(text, text);

/** Whether the host was fast enough. */
export const verdictSchema: Schema<Verdict> = z.object({
  kind: z.enum(["ok", "inconclusive"]),
  reasons: z.array(text),
});

/** The keys of the reference implementation, in its order; none may be missing. */
const stepResultSchema = z.object({
  id: text,
  duration: nullable,
  down_bytes: nullable,
  latency_ms: nullable,
  up_bytes: nullable,
});

function resultKeys(result: StepResult): StepResult {
  const { id, duration, down_bytes, latency_ms, up_bytes } = result;
  return { id, duration, down_bytes, latency_ms, up_bytes };
}

/** The part of `results.json` that is read. */
export const resultsJsonSchema = z.object({ steps: z.array(stepResultSchema) });

/** The part of `sim.json` that is read. Its steps and failure are not checked: only people read them. */
export const simJsonSchema = z.object({
  version: z.literal(RUN_VERSION),
  name: text,
  file: text,
  variant: strings,
  status,
  startedAt: text,
  endedAt: text,
  durationMs: z.number(),
  setupMs: z.number().optional(),
  seed: z.number().optional(),
  steps: z.array(z.custom<SimulationOutcome["steps"][number]>((each) => typeof each === "object")),
  captures: strings,
  failure: z.looseObject({
    message: text,
    stderr: z.array(text),
    logs: z.array(text),
  }).transform((failure) => failure as SimulationOutcome["failure"]).optional(),
  verdict: verdictSchema.optional(),
  attempts: z.int().optional(),
  warnings: z.array(text),
});
