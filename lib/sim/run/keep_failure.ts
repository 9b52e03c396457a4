import { resolve } from "node:path";
import type { Failed } from "../../bundle/bundle_info.ts";
import { failureEvent, failuresDirectory, noBundleText } from "../../bundle/failures.ts";
import { readRun } from "../../events/read_run.ts";
import type { Lab } from "../../lab/lab.ts";
import type { Place } from "../../record/failure.ts";
import { faultSteps } from "./fault_steps.ts";
import { resultsJson, simJson } from "../report/records.ts";
import { stepText } from "../report/report.ts";
import type { Failure, RunContext, Simulation, SimulationOutcome } from "../types/types.ts";

/** What is known of a lab whose simulation failed. */
export interface FailedLab {
  error: unknown;
  linkEngine: string | null;
}

/** The directories of a simulation that its record leaves out: what its steps made, which may be large. */
const LEFT_OUT = ["files", "certs"];

/** Marks the moment of the failure in the events. */
export function noteFailure(lab: Lab, { message, step, where }: Failure): void {
  lab.emit(failureEvent({ kind: "simulation" }), {
    message,
    step: step ?? null,
    where: where ?? null,
  });
}

/** The place that a step has in its file: `sims/ping.toml:24`. */
export function placeOf(where: string | undefined): Place | undefined {
  const parts = /^(.+):(\d+)$/.exec(where ?? "");
  return parts ? { file: resolve(parts[1]), line: Number(parts[2]) } : undefined;
}

/**
 * Writes the record of a simulation that failed, whose directory is complete. Never rejects.
 *
 * @returns the outcome with the place of the record, or with a warning that there is none
 */
export async function keepFailure(
  simulation: Simulation,
  context: RunContext,
  outcome: SimulationOutcome,
  { error, linkEngine }: FailedLab,
): Promise<SimulationOutcome> {
  const { directory, failures = failuresDirectory(), command } = context;
  const { name, variant } = simulation;
  const failure = outcome.failure!;
  const { verdict = { kind: "ok", reasons: [] } } = outcome;
  // A network that is refused before anything is built leaves no record.
  if (!await isThere(`${directory}/events.jsonl`)) return outcome;
  const failed: Failed = { kind: "simulation", name, file: resolve(simulation.file) };
  try {
    const seed = outcome.seed ?? await seedOf(directory);
    // A run without failures needs no drawings.
    const { writeBundle } = await import("../../bundle/write_bundle.ts");
    const bundle = await writeBundle(failures, {
      ...{ failed, error, label: name, seed, linkEngine, verdict },
      run: directory,
      place: placeOf(failure.where),
      simulation: {
        step: stepText(failure, outcome.steps.length) ?? null,
        where: failure.where ?? null,
        variant,
        command: failure.command ?? [],
        stderr: failure.stderr,
        line: command ? [...command] : null,
      },
      steps: faultSteps(simulation.steps, outcome.steps),
      leftOut: LEFT_OUT,
      files: { "sim.json": simJson(outcome), "results.json": resultsJson(outcome) },
    });
    return { ...outcome, failure: { ...failure, bundle } };
  } catch (cause) {
    return { ...outcome, warnings: [...outcome.warnings, noBundleText(cause)] };
  }
}

/** The seed of a lab that could not be built. */
async function seedOf(directory: string): Promise<number> {
  const { events: [first] } = await readRun(directory);
  return first?.kind === "lab-created" ? first.seed ?? 0 : 0;
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
