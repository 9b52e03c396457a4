import { writeAtomically, writeJson } from "../../files/atomic.ts";
import { combinedJson, reportEntries, resultsJson, simJson } from "./records.ts";
import { combinedMarkdown, resultsMarkdown } from "./report.ts";
import type { SimulationRecord } from "../types/run_types.ts";
import type { SimulationOutcome } from "../types/types.ts";

/**
 * Writes what a simulation amounts to into its directory, each file whole or not at all.
 *
 * @returns what could not be written, and why; it never rejects.
 */
export function writeOutcome(directory: string, outcome: SimulationOutcome): Promise<string[]> {
  return faults([
    writeJson(`${directory}/sim.json`, simJson(outcome)),
    writeJson(`${directory}/results.json`, resultsJson(outcome)),
    writeAtomically(`${directory}/results.md`, resultsMarkdown(outcome)),
  ]);
}

/**
 * Writes what the simulations of a run amount to together.
 *
 * @param run the run's name
 * @param errors what went wrong beside the simulations, which the report lists
 * @returns what could not be written, and why; it never rejects.
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
