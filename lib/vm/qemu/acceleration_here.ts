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

let told = false;

/**
 * As {@linkcode chooseAcceleration}, by the environment and the host that this process is in. Where
 * TCG has to stand in, it prints why on the standard error, once a process.
 *
 * @param tell Takes the line instead.
 */
export async function accelerationHere(
  guestArch: GuestArch,
  option?: AccelChoice,
  tell: (line: string) => void = console.error,
): Promise<Acceleration> {
  const asked = { option, environment: environmentAccel() };
  const facts: AccelerationFacts = { os: Deno.build.os, arch: Deno.build.arch, guestArch };
  if (wantsKvm(facts, asked)) facts.kvm = await kvmWorks();
  const chosen = chooseAcceleration(facts, asked);
  if (chosen.notice !== undefined && !told) {
    told = true;
    tell(chosen.notice);
  }
  return chosen;
}

function environmentAccel(): string | undefined {
  // Without --allow-env the variable is as good as unset.
  const { state } = Deno.permissions.querySync({ name: "env", variable: ACCEL_VARIABLE });
  return state === "granted" ? Deno.env.get(ACCEL_VARIABLE) : undefined;
}
