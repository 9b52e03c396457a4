import type { RunState } from "./run_state.ts";
import { packetCapturePath } from "./packet_capture.ts";
import { StepError } from "../values/step_error.ts";
import type { Failure, Step, StepOutcome, StepResult } from "../types/types.ts";

/** What a step is called: `run ping-check in sender`. */
export function stepTitle(step: Step): string {
  const device = deviceOf(step);
  return `${step.action} ${step.id}${device === undefined ? "" : ` in ${device}`}`;
}

/** The outcome of a step that has not begun. */
export function notRun(step: Step, index: number): StepOutcome {
  const device = deviceOf(step);
  return {
    number: index + 1,
    id: step.id,
    action: step.action,
    ...device !== undefined && { device },
    status: step.skipped ? "skipped" : "not-run",
    where: step.origin.where,
  };
}

/** How a step went that failed by this error. */
export function failedStatus(error: unknown): StepError["status"] {
  return error instanceof StepError ? error.status : "failed";
}

/**
 * Why a simulation did not pass, but for the logs.
 *
 * @param at The step that it was at, if it was at one.
 */
export function failureOf(error: unknown, at?: { step: Step; index: number }): Failure {
  const message = error instanceof Error ? error.message : String(error);
  if (!at) return { message, stderr: [], logs: [] };
  const { step, index } = at;
  const device = deviceOf(step);
  const { device: commandNode = device, stderr = [], ...program } = error instanceof StepError
    ? error.program
    : {};
  return {
    step: index + 1,
    id: step.id,
    action: step.action,
    ...device !== undefined && { device },
    where: step.origin.where,
    message,
    ...program,
    ...commandNode !== device && { commandNode },
    stderr,
    logs: [],
  };
}

/** The files that tell more of a failure, relative to the simulation's directory, of those that are there. */
export async function logsOf(run: RunState, failure: Failure): Promise<string[]> {
  const name = failure.commandNode ?? failure.device;
  const node = name === undefined
    ? []
    : ["stdout", "stderr"].map((pipe) => `nodes/${name}/${pipe}.log`);
  const packets = [...run.packetCaptures.values()].map(({ step }) => packetCapturePath(step));
  const paths = [...node, ...packets];
  const there = await Promise.all(
    paths.map((path) =>
      Deno.stat(`${run.context.directory}/${path}`).then(() => true, () => false)
    ),
  );
  return paths.filter((_, index) => there[index]);
}

/** The rows of the report: of each step that has results, unless it is skipped. */
export function resultsOf({ simulation, captures }: RunState): StepResult[] {
  const value = (key: string | undefined) =>
    (key === undefined ? undefined : captures.get(key)) ?? null;
  return simulation.steps.flatMap((step) => {
    const results = "results" in step && !step.skipped ? step.results : undefined;
    if (!results) return [];
    return [{
      id: step.id,
      duration: value(results.duration),
      up_bytes: value(results.upBytes),
      down_bytes: value(results.downBytes),
      latency_ms: value(results.latencyMs),
    }];
  });
}

/**
 * What is worth knowing when all is over: programs that failed and nobody waited for, captures that
 * have no value, packets that were lost.
 *
 * @param isWhole Whether all steps were done: what is missing otherwise tells nothing.
 */
export function warningsOf({ programs, packetCaptures, captures }: RunState, isWhole: boolean) {
  const warnings: string[] = [];
  for (const program of programs.values()) {
    const { step, failure, isStopped, isAwaited } = program;
    if (step.action === "spawn" && failure && !isStopped && !isAwaited) {
      warnings.push(`step "${step.id}": nobody waited for it, and it failed: ${failure.message}`);
    }
    if (isWhole) {
      warnings.push(
        ...program.warnings((name) => captures.get(`${step.id}.${name}`) !== undefined),
      );
    }
  }
  for (const packetCapture of packetCaptures.values()) warnings.push(...packetCapture.warnings);
  return warnings;
}

/** What is known of the programs of steps, now that they have ended. */
export function addPrograms({ programs }: RunState, outcomes: readonly StepOutcome[]): void {
  for (const outcome of outcomes) {
    const program = programs.get(outcome.id);
    if (!program) continue;
    const { command, exit } = program;
    outcome.command = command;
    if (exit) outcome.exitCode = exit.code;
    if (exit?.signal) outcome.signal = exit.signal;
  }
}

function deviceOf(step: Step): string | undefined {
  if ("device" in step) return step.device;
  return "router" in step ? step.router : undefined;
}
