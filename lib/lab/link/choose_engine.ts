import {
  LINK_ENGINE_CHOICES,
  type LinkEngineChoice,
  type LinkEngineKind,
} from "../../link/engine.ts";
import { LinkEngineError } from "../../link/errors.ts";
import { nearest } from "../../options/nearest.ts";
import { installAdvice } from "../../host/install.ts";
import { missingForNetem } from "../../host/netem_probe.ts";
import { readOsRelease } from "../../host/os_release.ts";
import { findTc } from "../../netem/tc.ts";

/** The variable that decides if `LabOptions.linkEngine` does not. */
export const LINK_ENGINE_VARIABLE = "NETYARD_LINK_ENGINE";

/** The facts that decide whether netem works on this host; each is read only if it matters. */
export interface LinkEngineFacts {
  /** The kernel modules that are missing. */
  missing(): readonly string[];
  /** Whether tc(8) is installed. */
  tc(): boolean;
  /** The text of os-release(5). */
  osRelease(): string;
}

/**
 * Chooses the link engine: the requested one, else the one of the environment, else netem where it
 * works, else the emulator.
 *
 * @throws {LinkEngineError} If the engine is unknown, or this host lacks it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const facts = { missing: () => ["sch_netem"], tc: () => true, osRelease: () => "" };
 * assertEquals(chooseEngine(undefined, undefined, facts), "emulator");
 * ```
 */
export function chooseEngine(
  asked: LinkEngineChoice | undefined,
  environment: string | undefined,
  facts: LinkEngineFacts,
): LinkEngineKind {
  const choice = asked ?? fromEnvironment(environment);
  if (choice === "emulator") return choice;
  const missing = facts.missing();
  const usable = missing.length === 0 && facts.tc();
  if (choice === "auto") return usable ? "netem" : "emulator";
  if (usable) return choice;
  const what = asked === undefined ? `${LINK_ENGINE_VARIABLE} is "netem"` : 'linkEngine is "netem"';
  throw new LinkEngineError(
    missing.length > 0
      ? `${what}, but the kernel has no ${missing.join(", ")}: ` +
        `run \`sudo modprobe -a ${missing.join(" ")}\`, or use linkEngine "emulator"`
      : `${what}, but there is no tc: install it: ${
        installAdvice(["tc"], facts.osRelease())
      }; or use linkEngine "emulator"`,
  );
}

function fromEnvironment(value: string | undefined): LinkEngineChoice {
  if (!value) return "auto";
  const choice = LINK_ENGINE_CHOICES.find((choice) => choice === value);
  if (choice) return choice;
  const meant = nearest(value, LINK_ENGINE_CHOICES);
  throw new LinkEngineError(
    `${LINK_ENGINE_VARIABLE} is ${JSON.stringify(value)}, but must be one of ` +
      `${LINK_ENGINE_CHOICES.join(", ")}${meant ? `; did you mean "${meant}"?` : ""}`,
  );
}

/**
 * Throws what {@link linkEngineHere} would throw: for an unknown choice, or if netem is requested and
 * missing. Looks at the host only if netem is requested.
 */
export function checkLinkEngine(asked?: LinkEngineChoice): void {
  const choice = asked ?? fromEnvironment(environmentLinkEngine());
  if (choice === "netem") linkEngineHere(asked);
}

/** As {@link chooseEngine}, for the environment and the host of this process. */
export function linkEngineHere(asked?: LinkEngineChoice): LinkEngineKind {
  return chooseEngine(asked, environmentLinkEngine(), {
    missing: missingForNetem,
    tc: () => findTc() !== undefined,
    osRelease: readOsRelease,
  });
}

function environmentLinkEngine(): string | undefined {
  // Without --allow-env, the variable counts as unset.
  const { state } = Deno.permissions.querySync({ name: "env", variable: LINK_ENGINE_VARIABLE });
  return state === "granted" ? Deno.env.get(LINK_ENGINE_VARIABLE) : undefined;
}
