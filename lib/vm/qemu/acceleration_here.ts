import { kvmWorks } from "../../../native/kvm/probe.ts";
import {
  ACCEL_VARIABLE,
  type AccelChoice,
  type Acceleration,
  type AccelerationFacts,
  chooseAcceleration,
  wantsKvm,
} from "../options/acceleration.ts";
import type { GuestArch } from "../options/machine_spec.ts";

let notified = false;

/**
 * As {@linkcode chooseAcceleration}, with the facts of this host and this process's environment. If it
 * falls back to TCG, it prints why to standard error, once per process.
 *
 * @param notify Receives the line instead.
 */
export async function accelerationHere(
  guestArch: GuestArch,
  option?: AccelChoice,
  notify: (line: string) => void = console.error,
): Promise<Acceleration> {
  const requested = { option, environment: environmentAccel() };
  const facts: AccelerationFacts = { os: Deno.build.os, arch: Deno.build.arch, guestArch };
  if (wantsKvm(facts, requested)) facts.kvm = await kvmWorks();
  const chosen = chooseAcceleration(facts, requested);
  if (chosen.notice !== undefined && !notified) {
    notified = true;
    notify(chosen.notice);
  }
  return chosen;
}

function environmentAccel(): string | undefined {
  // Without --allow-env the variable counts as unset.
  const { state } = Deno.permissions.querySync({ name: "env", variable: ACCEL_VARIABLE });
  return state === "granted" ? Deno.env.get(ACCEL_VARIABLE) : undefined;
}
