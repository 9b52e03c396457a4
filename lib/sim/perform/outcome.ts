import type { RunState } from "./run_state.ts";
import { packetCapturePath } from "./packet_capture.ts";
import { StepError } from "../values/step_error.ts";
import type { Failure, Step, StepOutcome, StepResult } from "../types/types.ts";

/** Returns the name of a step for messages: `run ping-check in sender`. */
export function stepTitle(step: Step): string {
  const device = deviceOf(step);
  return `${step.action} ${step.id}${device === undefined ? "" : ` in ${device}`}`;
}

/** Returns the outcome of a step that has not started. */
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

/** Returns the status of a step that failed with an error. */
export function failedStatus(error: unknown): StepError["status"] {
  return error instanceof StepError ? error.status : "failed";
}

/**
 * Returns why a simulation did not pass, without the logs.
 *
 * @param at The step that was running, if any.
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

/** Returns the existing logs of a failure, relative to the simulation's directory. */
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

/** Returns the rows of the report, one for each step with results that was not skipped. */
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
 * Returns the problems that did not fail the simulation: programs that failed without a step that waits
 * for them, captures without a value, lost packets.
 *
 * @param isComplete Whether all steps were performed; otherwise a missing value means nothing.
 */
export function warningsOf({ programs, packetCaptures, captures }: RunState, isComplete: boolean) {
  const warnings: string[] = [];
  for (const program of programs.values()) {
    const { step, failure, isStopped, isAwaited } = program;
    if (step.action === "spawn" && failure && !isStopped && !isAwaited) {
      warnings.push(`step "${step.id}": it failed, and no step waited for it: ${failure.message}`);
    }
    if (isComplete) {
      warnings.push(
        ...program.warnings((name) => captures.get(`${step.id}.${name}`) !== undefined),
      );
    }
  }
  for (const packetCapture of packetCaptures.values()) warnings.push(...packetCapture.warnings);
  return warnings;
}

/** Adds to the outcomes of steps how their programs ended. */
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
