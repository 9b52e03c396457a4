import type { InjectedFault } from "../../bundle/bundle_info.ts";
import { onlyFaults } from "../../record/only_faults.ts";
import type { Step, StepOutcome } from "../types/types.ts";

/** The steps that are faults. Those that undo them do nothing where there is nothing to undo. */
const FAULTS: ReadonlySet<Step["action"]> = new Set<Step["action"]>([
  "set-link-condition",
  "link-down",
  "flush-nat",
  "break-family",
  "break-region",
  "partition",
]);

/** What a step has besides what it does. */
const ABOUT = ["id", "requires", "skipped", "origin", "timeoutMs"];

/** The IDs of the steps that the environment variable `NETYARD_FAULTS` leaves out. */
export function leftOutSteps(steps: readonly Step[]): Set<string> {
  const only = onlyFaults();
  if (!only) return new Set();
  const faults = steps.filter(({ action, id }) => FAULTS.has(action) && !only.includes(id));
  return new Set(faults.map(({ id }) => id));
}

/** The steps that are faults and were performed, in order. */
export function faultSteps(
  steps: readonly Step[],
  outcomes: readonly StepOutcome[],
): InjectedFault[] {
  return steps.flatMap((step, i) => {
    const { status, startedMs } = outcomes[i];
    if (!FAULTS.has(step.action) || startedMs === undefined || status === "skipped") return [];
    const fault = Object.fromEntries(Object.entries(step).filter(([key]) => !ABOUT.includes(key)));
    return [{ id: step.id, atMs: startedMs, healedMs: null, fault }];
  });
}
