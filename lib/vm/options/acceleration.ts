import { NetyardError } from "../../../native/error.ts";
import { nearest } from "../../options/nearest.ts";
import type { Accel, GuestArch } from "./machine_spec.ts";

/** A requested acceleration: one by name, or the best that works here. */
export type AccelChoice = "auto" | Accel;

/** All choices. */
export const ACCEL_CHOICES: readonly AccelChoice[] = ["auto", "kvm", "tcg", "hvf"];

/** The environment variable that applies if the option `accel` is not given. */
export const ACCEL_VARIABLE = "NETYARD_ACCEL";

/** This host does not have the requested acceleration, or there is none of that name. */
export class AccelerationError extends NetyardError {}

/** The facts that decide how guests can run here. */
export interface AccelerationFacts {
  /** `Deno.build.os`. */
  os: string;
  /** `Deno.build.arch`. */
  arch: string;
  /** The guest's architecture. */
  guestArch: GuestArch;
  /** The result of trying KVM. Only needed if {@linkcode wantsKvm} says so. */
  kvm?: { ok: boolean; detail: string; remedy?: string };
}

/** What was requested. */
export interface RequestedAcceleration {
  /** The option `accel`. */
  option?: AccelChoice;
  /** The value of {@linkcode ACCEL_VARIABLE}; an empty value counts as unset. */
  environment?: string;
}

/** How guests run. */
export interface Acceleration {
  accel: Accel;
  /** The factor for deadlines that were chosen for hardware acceleration. */
  timeoutFactor: number;
  /** Why this one was chosen, as a clause. */
  because: string;
  /** A message for the user, to be printed once: TCG is used because nothing faster works. */
  notice?: string;
}

// Deadlines matter only when something fails: a long one costs nothing otherwise.
const TCG_TIMEOUT_FACTOR = 4;

/** Whether KVM can be chosen at all, so that trying it is worth the time. */
export function wantsKvm(
  { os, arch, guestArch }: AccelerationFacts,
  requested: RequestedAcceleration = {},
): boolean {
  return os === "linux" && arch === guestArch && ["auto", "kvm"].includes(choiceOf(requested));
}

/**
 * Chooses the acceleration for a guest: the requested one, else the one that the environment names,
 * else that of the host's processor if it works, else TCG.
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
  requested: RequestedAcceleration = {},
): Acceleration {
  const choice = choiceOf(requested);
  if (choice === "tcg") return tcg("it was requested");
  const native = nativeAccel(facts);
  const obstacle = obstacleOf(facts);
  if (choice === "auto") {
    if (obstacle || !native) {
      const because = obstacle?.cause ?? `QEMU has no acceleration for ${facts.os}`;
      return { ...tcg(because), notice: `virtual machines run under TCG: ${because}` };
    }
    return { accel: native, timeoutFactor: 1, because: "it works" };
  }
  if (choice === native && !obstacle) {
    return { accel: native, timeoutFactor: 1, because: "it was requested" };
  }
  const what = requested.option === undefined ? `${ACCEL_VARIABLE} is` : "accel is";
  const home = choice === "kvm" ? "Linux" : "macOS";
  const { cause, remedy } = choice === native && obstacle
    ? obstacle
    : { cause: `${choice} exists on ${home} only, and this is ${facts.os}`, remedy: undefined };
  throw new AccelerationError(
    `${what} "${choice}", but ${cause}: ${remedy ? `${remedy}, or ` : ""}use accel "tcg"`,
  );
}

function tcg(because: string): Acceleration {
  return { accel: "tcg", timeoutFactor: TCG_TIMEOUT_FACTOR, because };
}

/** Returns the acceleration that the host's system offers. */
function nativeAccel({ os }: AccelerationFacts): "kvm" | "hvf" | undefined {
  return os === "linux" ? "kvm" : os === "darwin" ? "hvf" : undefined;
}

/** Returns why the host's processor cannot run the guest itself; undefined if it can. */
function obstacleOf(
  { os, arch, guestArch, kvm }: AccelerationFacts,
): { cause: string; remedy?: string } | undefined {
  if (arch !== guestArch) return { cause: `the guest is ${guestArch}, and the host is ${arch}` };
  if (os !== "linux" || kvm?.ok) return undefined;
  return { cause: kvm?.detail ?? "KVM was not tried", remedy: kvm?.remedy };
}

function choiceOf({ option, environment }: RequestedAcceleration): AccelChoice {
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
