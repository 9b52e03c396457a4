/**
 * How steps are performed in a running lab. Imports `lab` and the steps; loading a file does not import
 * this. Begin here: the table has the function of each action.
 *
 * @module
 */
import { resolve } from "node:path";
import type { AssertStep } from "../step/assert.ts";
import type { CaptureStep } from "../step/capture.ts";
import type { Action, NetworkStep, Step, StepOf } from "../step/mod.ts";
import { checkFailure } from "../values/check.ts";
import type { Limit } from "../values/limit.ts";
import { StepError } from "../values/step_error.ts";
import { networkChanges } from "./change_network.ts";
import { fillIn } from "./fill_in.ts";
import { generateCertificate, generateFile } from "./make_files.ts";
import { PacketCapture, packetCapturePath } from "./packet_capture.ts";
import { runToEnd, startInBackground, waitForEnd } from "./run_program.ts";
import type { RunState } from "./run_state.ts";

type Performer<S> = (run: RunState, step: S, limit: Limit) => Promise<void>;

/** The function that performs a step, by its action. */
const performers: { [A in Action]: Performer<StepOf<A>> } = {
  run: runToEnd,
  spawn: startInBackground,
  "wait-for": waitForEnd,
  wait: (_, step, limit) => limit.sleep(step.durationMs, true),
  ...networkPerformers(),
  capture: (run, step, limit) => inTime(startCapture(run, step), step, limit),
  "gen-certs": generateCertificate,
  "gen-file": generateFile,
  assert: assertAll,
};

/** Performs a step as soon as the captures that it requires have a value. Rejects if the step fails. */
export async function perform(run: RunState, step: Step, limit: Limit): Promise<void> {
  for (const key of step.requires) await run.captures.wait(key, limit);
  await (performers[step.action] as Performer<Step>)(run, step, limit);
}

function networkPerformers() {
  return Object.fromEntries(
    Object.entries(networkChanges).map(([action, change]) => [
      action,
      (run: RunState, step: NetworkStep, limit: Limit) =>
        inTime(change(run.lab, step as never), step, limit),
    ]),
  ) as { [A in NetworkStep["action"]]: Performer<StepOf<A>> };
}

async function inTime(work: Promise<unknown>, { action }: Step, limit: Limit): Promise<void> {
  await limit.wait(work, {
    doing: `doing the ${action}`,
    late: (waited) => `the ${action} was not done within ${waited}`,
  });
}

async function startCapture(run: RunState, step: CaptureStep): Promise<void> {
  const { context: { directory }, captures } = run;
  const packetCapture = await PacketCapture.start(run.lab, step, directory, (packets) => {
    captures.set(`${step.id}.packets`, String(packets));
  });
  captures.set(`${step.id}.path`, resolve(directory, packetCapturePath(step)));
  captures.setSource(step.id, packetCapture);
  run.packetCaptures.set(step.id, packetCapture);
}

/** Makes all checks, so that the message has each one that fails. Waits for captures without a value. */
async function assertAll(run: RunState, step: AssertStep, limit: Limit): Promise<void> {
  const failures: string[] = [];
  for (const check of step.checks) {
    await run.captures.wait(check.key, limit);
    const operand = check.operator === "matches"
      ? check.operand
      : await fillIn(run, check.operand, limit);
    // Read after the wait for the operand: the latest value counts.
    const failure = checkFailure(check, run.captures.get(check.key)!, operand);
    if (failure) failures.push(failure);
  }
  if (failures.length > 0) throw new StepError(failures.join("\n"));
}
