import { z } from "zod";
import type { ReportEntry } from "./report.ts";
import type { RunStatus, SimulationRecord } from "../types/run_types.ts";
import type { SimulationOutcome, StepResult } from "../types/types.ts";

/** The version of all the files of a run; raised where an older reader would misread one. */
export const RUN_VERSION = 1;

/** What `sim.json` holds: an outcome without its results, which have a file of their own. */
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

/** What `results.json` holds. */
export function resultsJson({ name, results, captures }: SimulationOutcome): {
  sim: string;
  steps: StepResult[];
  captures: Record<string, string>;
} {
  return { sim: name, steps: results.map(resultKeys), captures };
}

/** What `combined-results.json` holds; of simulations that were not run, nothing. */
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

/** The rows of a report: an outcome where there is one. */
export function reportEntries(
  simulations: readonly SimulationRecord[],
  outcomes: readonly SimulationOutcome[],
): ReportEntry[] {
  const byName = new Map(outcomes.map((outcome) => [outcome.name, outcome]));
  return simulations.map((record) => byName.get(record.name) ?? record);
}

/** How many simulations went how. */
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
}

/** Counts them. */
export function countsOf(simulations: readonly { status: string }[]): Counts {
  const count = (status: string) => simulations.filter((each) => each.status === status).length;
  return {
    passed: count("passed"),
    failed: count("failed"),
    timedOut: count("timed-out"),
    interrupted: count("interrupted"),
    notRun: count("not-run"),
  };
}

/** How a run went: one that was ended early is "interrupted", whatever else failed in it. */
export function runStatus(counts: Counts, faults: number): RunStatus {
  if (counts.interrupted > 0 || counts.notRun > 0) return "interrupted";
  return counts.failed > 0 || counts.timedOut > 0 || faults > 0 ? "failed" : "passed";
}

const text = z.string();
const nullable = text.nullable();
const status = z.enum(["passed", "failed", "timed-out", "interrupted"]);
const strings = z.record(text, text);

/** The keys of the reference, in its order, each of them there. */
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

/** What is read of `results.json`. */
export const resultsJsonSchema = z.object({ steps: z.array(stepResultSchema) });

/** What is read of `sim.json`. Its steps and its failure are taken as they are: only people read them. */
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
  warnings: z.array(text),
});
