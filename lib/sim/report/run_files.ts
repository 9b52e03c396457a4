import { writeAtomically, writeJson } from "../../files/atomic.ts";
import { combinedJson, reportEntries, resultsJson, simJson } from "./records.ts";
import { combinedMarkdown, resultsMarkdown } from "./report.ts";
import type { SimulationRecord } from "../types/run_types.ts";
import type { SimulationOutcome } from "../types/types.ts";

/**
 * Writes the outcome of a simulation to its directory, each file atomically.
 *
 * @returns the files that could not be written, with the reasons; never rejects.
 */
export function writeOutcome(directory: string, outcome: SimulationOutcome): Promise<string[]> {
  return faults([
    writeJson(`${directory}/sim.json`, simJson(outcome)),
    writeJson(`${directory}/results.json`, resultsJson(outcome)),
    writeAtomically(`${directory}/results.md`, resultsMarkdown(outcome)),
  ]);
}

/**
 * Writes the combined results of a run.
 *
 * @param run the run's name
 * @param errors problems outside of the simulations, for the report
 * @returns the files that could not be written, with the reasons; never rejects.
 */
export function writeCombined(
  directory: string,
  run: string,
  simulations: readonly SimulationRecord[],
  outcomes: readonly SimulationOutcome[],
  errors: readonly string[],
): Promise<string[]> {
  const entries = reportEntries(simulations, outcomes);
  return faults([
    writeJson(`${directory}/combined-results.json`, combinedJson(run, simulations, outcomes)),
    writeAtomically(`${directory}/combined-results.md`, combinedMarkdown(run, entries, errors)),
  ]);
}

async function faults(writing: Promise<void>[]): Promise<string[]> {
  return (await Promise.allSettled(writing)).flatMap((each) =>
    each.status === "rejected" ? [(each.reason as Error).message] : []
  );
}
