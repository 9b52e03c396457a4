import type { VmStateName } from "../../events/mod.ts";
import { VmStateError } from "./errors.ts";

/**
 * Where a virtual machine is in its life cycle.
 *
 * | state | means |
 * |---|---|
 * | `defined` | it was never booted |
 * | `booting` | QEMU runs, and the guest does not answer yet |
 * | `running` | the guest answers |
 * | `paused` | its processors are stopped |
 * | `stopping` | it is shutting down |
 * | `stopped` | it was shut down, or powered itself off; it can be booted again |
 * | `failed` | QEMU or the guest ended without a request; it can be booted again |
 * | `removed` | it was removed from the lab |
 */
export type VmState = VmStateName;

const ALLOWED = {
  boot: ["defined", "stopped", "failed"],
  shutdown: ["running", "paused"],
  powerOff: ["running", "paused", "booting", "stopping"],
  powerButton: ["running"],
  pause: ["running"],
  resume: ["paused"],
  reset: ["running", "paused"],
  snapshot: ["running", "paused"],
  restore: ["defined", "running", "paused", "stopped", "failed"],
  attachDisk: ["defined", "running", "stopped", "failed"],
  /** The guest must release the disk. */
  detachDisk: ["defined", "running", "stopped", "failed"],
  /** Reading and writing a disk from outside, and injecting errors into it. */
  useDisk: ["defined", "running", "paused", "stopped", "failed"],
  /** Anything that the guest agent does. */
  use: ["running"],
} as const satisfies Record<string, readonly VmState[]>;

/** An operation on a virtual machine. */
export type VmOperation = keyof typeof ALLOWED;

/** How to leave a state in which an operation is not possible. */
const ADVICE: Record<VmState, string> = {
  defined: "boot() it first",
  booting: "wait until boot() resolves",
  running: "shutdown() it first",
  paused: "resume() it first",
  stopping: "wait until shutdown() resolves",
  stopped: "boot() it first",
  failed: "its console shows why; boot() it again",
  removed: "make another with lab.vm()",
};

/**
 * Refuses an operation that a state does not allow.
 *
 * @param what The call as the user wrote it: `nas.pause()`.
 * @throws {VmStateError} It names the state, and the states that allow the operation.
 */
export function mustAllow(operation: VmOperation, state: VmState, what: string): void {
  const expected: readonly VmState[] = ALLOWED[operation];
  if (!expected.includes(state)) throw new VmStateError(what, state, expected, ADVICE[state]);
}
