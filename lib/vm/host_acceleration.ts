import { kvmWorks } from "../../native/kvm.ts";
import {
  ACCEL_VARIABLE,
  type AccelChoice,
  type Acceleration,
  type AccelerationFacts,
  chooseAcceleration,
  wantsKvm,
} from "./acceleration.ts";
import type { GuestArch } from "./machine_spec.ts";

let told = false;

/**
 * What runs guests on this host. Where emulation has to stand in, that is printed once.
 *
 * @throws {AccelerationError} If what was asked for is not to be had here.
 */
export async function hostAcceleration(
  guestArch: GuestArch,
  option: AccelChoice | undefined,
): Promise<Acceleration> {
  const { os, arch } = Deno.build;
  const asked = { option, environment: environment() };
  const facts: AccelerationFacts = { os, arch, guestArch };
  if (wantsKvm(facts, asked)) facts.kvm = await kvmWorks();
  const chosen = chooseAcceleration(facts, asked);
  if (chosen.notice && !told) {
    told = true;
    console.error(chosen.notice);
  }
  return chosen;
}

function environment(): string | undefined {
  // Without --allow-env the variable is as good as unset.
  const { state } = Deno.permissions.querySync({ name: "env", variable: ACCEL_VARIABLE });
  return state === "granted" ? Deno.env.get(ACCEL_VARIABLE) : undefined;
}
