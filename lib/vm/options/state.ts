import type { VmStateName } from "../../events/mod.ts";
import { VmStateError } from "./errors.ts";

/**
 * Where a virtual machine is in its life.
 *
 * | state | means |
 * |---|---|
 * | `defined` | it was never booted |
 * | `booting` | QEMU runs, and the guest does not answer yet |
 * | `running` | the guest answers |
 * | `paused` | its processors stand still |
 * | `stopping` | it was asked to shut down |
 * | `stopped` | it was shut down, or turned itself off; it can be booted again |
 * | `failed` | QEMU ended, or the guest did, without having been asked to; it can be booted again |
 * | `removed` | it is gone |
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
  /** The guest has to agree to it. */
  detachDisk: ["defined", "running", "stopped", "failed"],
  /** Reading and writing it from outside, and making its errors up. */
  useDisk: ["defined", "running", "paused", "stopped", "failed"],
  /** What is done in the guest, by its agent. */
  use: ["running"],
} as const satisfies Record<string, readonly VmState[]>;

/** What a state is asked for: something that is done with a virtual machine. */
export type VmOperation = keyof typeof ALLOWED;

/** How to leave a state in which something cannot be done. */
const ADVICE: Record<VmState, string> = {
  defined: "boot() it first",
  booting: "wait until boot() resolves",
  running: "shutdown() it first",
  paused: "resume() it first",
  stopping: "wait until shutdown() resolves",
  stopped: "boot() it first",
  failed: "its console tells why; boot() it again",
  removed: "make another by lab.vm()",
};

/**
 * Refuses what cannot be done in a state.
 *
 * @param what What was asked, as the caller wrote it: `nas.pause()`.
 * @throws {VmStateError} It names the state, and those that were expected.
 */
export function mustAllow(operation: VmOperation, state: VmState, what: string): void {
  const expected: readonly VmState[] = ALLOWED[operation];
  if (!expected.includes(state)) throw new VmStateError(what, state, expected, ADVICE[state]);
}
