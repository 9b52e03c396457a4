import { resolve } from "node:path";
import { changeNetwork } from "./change_network.ts";
import { checkFailure } from "../values/check.ts";
import { fillIn } from "./fill_in.ts";
import type { Limit } from "../values/limit.ts";
import { generateCertificate, generateFile } from "./make_files.ts";
import { Recording, recordingPath } from "./recording.ts";
import { runToEnd, startInBackground, waitForEnd } from "./run_program.ts";
import type { RunState } from "./run_state.ts";
import { StepError } from "../values/step_error.ts";
import type { AssertStep, CaptureStep, Step } from "../types/types.ts";

/** Does what a step says, when the captures that it requires are there. Fails if the step does. */
export async function perform(run: RunState, step: Step, limit: Limit): Promise<void> {
  for (const key of step.requires) await run.captures.wait(key, limit);
  switch (step.action) {
    case "run":
      return await runToEnd(run, step, limit);
    case "spawn":
      return await startInBackground(run, step, limit);
    case "wait-for":
      return await waitForEnd(run, step, limit);
    case "wait":
      return await limit.sleep(step.durationMs, true);
    case "gen-certs":
      return await generateCertificate(run, step, limit);
    case "gen-file":
      return await generateFile(run, step, limit);
    case "assert":
      return await assertAll(run, step, limit);
    case "capture":
      return await inTime(record(run, step), step, limit);
    default:
      return await inTime(changeNetwork(run.lab, step), step, limit);
  }
}

function inTime<T>(work: Promise<T>, { action }: Step, limit: Limit): Promise<T> {
  return limit.wait(work, {
    doing: `doing the ${action}`,
    late: (waited) => `the ${action} was not done within ${waited}`,
  });
}

async function record(run: RunState, step: CaptureStep): Promise<void> {
  const { context: { directory }, captures } = run;
  const recording = await Recording.start(run.lab, step, directory, (packets) => {
    captures.set(`${step.id}.packets`, String(packets));
  });
  captures.set(`${step.id}.path`, resolve(directory, recordingPath(step)));
  captures.giveBy(step.id, recording);
  run.recordings.set(step.id, recording);
}

/** Makes all checks, so that the message has each that does not hold. It waits for captures without a value. */
async function assertAll(run: RunState, step: AssertStep, limit: Limit): Promise<void> {
  const failures: string[] = [];
  for (const check of step.checks) {
    await run.captures.wait(check.key, limit);
    const operand = check.operator === "matches"
      ? check.operand
      : await fillIn(run, check.operand, limit);
    // After the operand may have been waited for: the latest value counts.
    const failure = checkFailure(check, run.captures.get(check.key)!, operand);
    if (failure) failures.push(failure);
  }
  if (failures.length > 0) throw new StepError(failures.join("\n"));
}
