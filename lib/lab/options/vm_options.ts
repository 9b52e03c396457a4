import { z } from "zod";
import { ACCEL_CHOICES, type AccelChoice } from "../../vm/options/acceleration.ts";
import type { MemorySize } from "../../vm/options/memory.ts";
import type { Profile } from "../../vm/profile/profile.ts";
import type { Shape } from "../../options/parse_options.ts";
import type { BridgeReference } from "./options.ts";
import type { Schema } from "../../options/schema.ts";

/** The options of a virtual machine. */
export interface VmOptions {
  /**
   * What it boots: `"tiny"` (a small Linux that boots in seconds), `"host"` (this host's own root,
   * read-only, with all its programs; needs root), the name of a `[profiles.NAME]` in the `netyard.toml`
   * of the working directory or above, or a profile of `imageProfile()`. Default `"tiny"`.
   */
  profile?: string | Profile;
  /** Its memory: `"256M"`, `"1G"`, or bytes. Default: what the profile needs. */
  memory?: MemorySize;
  /** Its processors. Default: those of the profile, mostly 1. */
  cpus?: number;
  /** The bridges, or routers for their LANs, that it is attached to at first. Default: none. */
  bridges?: (BridgeReference | string)[];
  /**
   * What runs the guest's instructions. Default: the environment variable `NETYARD_ACCEL`, or
   * `"auto"`: KVM where it works, else TCG, QEMU's emulation.
   */
  accel?: AccelChoice;
  /**
   * Whether it may resume from the saved state of an equal machine that booted before, which takes a
   * fraction of a second. Default true.
   */
  bootCache?: boolean;
}

const reference = z.custom<BridgeReference | string>(
  (value) => typeof value === "string" || typeof (value as BridgeReference)?.name === "string",
  { error: "must be a bridge, a router, or the name of one" },
);

const profile = z.custom<string | Profile>(
  (value) => typeof value === "string" || typeof (value as Profile)?.prepare === "function",
  { error: 'must be the name of a profile, such as "tiny", or a profile' },
);

export const vmShape: Shape<VmOptions> = {
  profile: profile.optional(),
  memory: z.union([z.string(), z.number()])
    .describe('Its memory: "256M", "1G", or bytes. Default: what the profile needs.').optional(),
  cpus: z.int().min(1).max(64)
    .describe("Its processors. Default: those of the profile, mostly 1.").optional(),
  bridges: z.array(reference).optional(),
  accel: z.enum(ACCEL_CHOICES)
    .describe("What runs the guest's instructions. Default auto: KVM where it works, else TCG.")
    .optional(),
  bootCache: z.boolean()
    .describe("Whether it may resume from a machine of its kind that has booted. Default true.")
    .optional(),
};

export const vmOptionsSchema: Schema<VmOptions> = z.strictObject(vmShape);
