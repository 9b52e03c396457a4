import { NetyardError } from "../../../native/error.ts";
import { nearest } from "../../options/nearest.ts";
import type { Accel, GuestArch } from "./machine_spec.ts";

/** What may be asked for: one, or whichever is best here. */
export type AccelChoice = "auto" | Accel;

/** All of them. */
export const ACCEL_CHOICES: readonly AccelChoice[] = ["auto", "kvm", "tcg", "hvf"];

/** The variable that decides where the option `accel` does not. */
export const ACCEL_VARIABLE = "NETYARD_ACCEL";

/** This host does not have the acceleration that was asked for, or there is none of that name. */
export class AccelerationError extends NetyardError {}

/** What tells how guests can be run here. */
export interface AccelerationFacts {
  /** `Deno.build.os`. */
  os: string;
  /** `Deno.build.arch`. */
  arch: string;
  /** The guest's. */
  guestArch: GuestArch;
  /** What came of KVM's trial. It is not looked at unless {@linkcode wantsKvm} says so. */
  kvm?: { ok: boolean; detail: string; remedy?: string };
}

/** What was asked for. */
export interface AskedAcceleration {
  /** By the option `accel`. */
  option?: AccelChoice;
  /** The value of the variable {@linkcode ACCEL_VARIABLE}; an empty one is as none. */
  environment?: string;
}

/** How guests are run. */
export interface Acceleration {
  accel: Accel;
  /** What to multiply deadlines by that were chosen for a processor which runs the guest itself. */
  timeoutFactor: number;
  /** Why this one, as a clause. */
  because: string;
  /** What to tell the user, once: that TCG had to stand in. */
  notice?: string;
}

// Deadlines are for what goes wrong: one that is too long costs nothing while all goes well.
const TCG_TIMEOUT_FACTOR = 4;

/** Whether KVM can be chosen at all, so that its trial is worth the time. */
export function wantsKvm(
  { os, arch, guestArch }: AccelerationFacts,
  asked: AskedAcceleration = {},
): boolean {
  return os === "linux" && arch === guestArch && ["auto", "kvm"].includes(choiceOf(asked));
}

/**
 * Which acceleration runs a guest: the one that was asked for, else the one that the environment
 * names, else that of the host's processor where it works, else TCG.
 *
 * @throws {AccelerationError} If there is none of that name, or this host does not have it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const kvm = { ok: false, detail: "there is no /dev/kvm" };
 * const facts = { os: "linux", arch: "x86_64", guestArch: "x86_64", kvm } as const;
 * assertEquals(
 *   chooseAcceleration(facts).notice,
 *   "virtual machines run under TCG: there is no /dev/kvm",
 * );
 * ```
 */
export function chooseAcceleration(
  facts: AccelerationFacts,
  asked: AskedAcceleration = {},
): Acceleration {
  const choice = choiceOf(asked);
  if (choice === "tcg") return tcg("it was asked for");
  const native = nativeAccel(facts);
  const obstacle = obstacleOf(facts);
  if (choice === "auto") {
    if (obstacle || !native) {
      const because = obstacle?.cause ?? `${facts.os} has no acceleration that QEMU knows`;
      return { ...tcg(because), notice: `virtual machines run under TCG: ${because}` };
    }
    return { accel: native, timeoutFactor: 1, because: "it works" };
  }
  if (choice === native && !obstacle) {
    return { accel: native, timeoutFactor: 1, because: "it was asked for" };
  }
  const what = asked.option === undefined ? `${ACCEL_VARIABLE} is` : "accel is";
  const home = choice === "kvm" ? "Linux" : "macOS";
  const { cause, remedy } = choice === native && obstacle
    ? obstacle
    : { cause: `${choice} is of ${home}, and this is ${facts.os}`, remedy: undefined };
  throw new AccelerationError(
    `${what} "${choice}", but ${cause}: ${remedy ? `${remedy}, or ` : ""}use accel "tcg"`,
  );
}

function tcg(because: string): Acceleration {
  return { accel: "tcg", timeoutFactor: TCG_TIMEOUT_FACTOR, because };
}

/** What the host's system offers. */
function nativeAccel({ os }: AccelerationFacts): "kvm" | "hvf" | undefined {
  return os === "linux" ? "kvm" : os === "darwin" ? "hvf" : undefined;
}

/** Why the host's processor cannot run the guest itself; undefined if it can. */
function obstacleOf(
  { os, arch, guestArch, kvm }: AccelerationFacts,
): { cause: string; remedy?: string } | undefined {
  if (arch !== guestArch) return { cause: `the guest is of ${guestArch}, and the host of ${arch}` };
  if (os !== "linux" || kvm?.ok) return undefined;
  return { cause: kvm?.detail ?? "KVM was not tried", remedy: kvm?.remedy };
}

function choiceOf({ option, environment }: AskedAcceleration): AccelChoice {
  const [value, what] = option === undefined
    ? [environment || "auto", ACCEL_VARIABLE]
    : [option, "accel"];
  const choice = ACCEL_CHOICES.find((choice) => choice === value);
  if (choice) return choice;
  const meant = nearest(value, ACCEL_CHOICES);
  throw new AccelerationError(
    `${what} is ${JSON.stringify(value)}, but must be one of ${ACCEL_CHOICES.join(", ")}` +
      (meant ? `; did you mean "${meant}"?` : ""),
  );
}
