import type { Limit } from "../values/limit.ts";
import type { Program } from "./program.ts";
import type { RunState } from "./run_state.ts";
import { startProgram } from "./start_program.ts";
import { StepError } from "../values/step_error.ts";
import type { RunStep, SpawnStep, WaitForStep } from "../types/types.ts";

/** How long a `wait-for` waits without a timeout of its own. */
export const WAIT_FOR_TIMEOUT_MS = 300_000;

/** Runs a program to its end, which must be exit code 0; kills it when the time limit is reached. */
export async function runToEnd(run: RunState, step: RunStep, limit: Limit): Promise<void> {
  const program = await startProgram(run, step, limit);
  try {
    await limit.wait(program.finished, {
      doing: `running ${program.title}`,
      late: (waited) => `${program.title} did not end within ${waited}, and was killed`,
      program: () => program.programEnd(),
    });
  } finally {
    await program.stop();
  }
  if (program.failure) throw program.failure;
}

/** Starts a program in the background. */
export async function startInBackground(
  run: RunState,
  step: SpawnStep,
  limit: Limit,
): Promise<void> {
  await startProgram(run, step, limit);
  if (step.readyAfterMs) await limit.sleep(step.readyAfterMs);
}

/**
 * Waits for the end of a program or packet capture that an earlier step started. The program must end
 * with exit code 0. This ends a packet capture that has no duration.
 */
export async function waitForEnd(run: RunState, step: WaitForStep, limit: Limit): Promise<void> {
  const program = run.programs.get(step.target);
  if (program) return await waitForProgram(program, limit);
  const packetCapture = run.packetCaptures.get(step.target);
  if (!packetCapture) throw notStarted(run, step.target);
  const ending = packetCapture.step.durationMs === undefined
    ? packetCapture.stop()
    : packetCapture.finished;
  await limit.wait(ending, {
    doing: `waiting for the end of the capture "${step.target}"`,
    late: (waited) => `the capture "${step.target}" did not end within ${waited}`,
    defaultMs: WAIT_FOR_TIMEOUT_MS,
  });
}

async function waitForProgram(program: Program, limit: Limit): Promise<void> {
  const { title, step: { id } } = program;
  await limit.wait(program.finished, {
    doing: `waiting for the end of ${title} of step "${id}"`,
    late: (waited) => `${title} of step "${id}" did not end within ${waited}`,
    defaultMs: WAIT_FOR_TIMEOUT_MS,
    program: () => program.programEnd(),
  });
  program.isAwaited = true;
  if (program.failure) throw program.failure;
}

function notStarted({ simulation }: RunState, target: string): StepError {
  const step = simulation.steps.find(({ id }) => id === target);
  const why = step === undefined
    ? "there is no such step"
    : step.skipped
    ? `it is skipped, since its "when" is "false" (${step.origin.where})`
    : `it has not started before this step (${step.origin.where})`;
  return new StepError(`step "${target}" runs nothing to wait for: ${why}`);
}
