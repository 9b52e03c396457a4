/**
 * Profiles of cloud images, which boot by themselves and are set up by cloud-init from a seed disk. Imports
 * `options`, `profile` and `tiny`. Begin here.
 *
 * @module
 */

import defer * as z from "zod";
import { hostMemoryBytes } from "../../host/memory.ts";
import type { Duration } from "../../options/duration.ts";
import defer * as durations from "../../options/duration.ts";
import { parseOptions } from "../../options/parse_options.ts";
import { lazy } from "../../std/lazy.ts";
import { memoryBytes, type MemorySize } from "../options/memory.ts";
import type { Profile } from "../profile/profile.ts";
import type { Schema } from "../../options/schema.ts";

/** Options of {@linkcode imageProfile}. */
export interface ImageProfileOptions {
  /** The image: a disk with a boot loader and cloud-init, as distributions publish it. It is not changed. */
  path: string;
  /** Default: detected from the file's first bytes. */
  format?: "raw" | "qcow2";
  /**
   * The user data for cloud-init: `#cloud-config ...`, or a script. The guest has no network until it has
   * booted, so it cannot install packages.
   */
  userData?: string;
  /** The name of the profile in events and messages. Default `"image"`. */
  name?: string;
  /** The memory of its machines. Default `"1G"`. */
  memory?: MemorySize;
  /** The processors of its machines. Default 1. */
  cpus?: number;
  /**
   * How long the guest may take until its agent answers, under KVM; under TCG, four times as long.
   * Default `"60s"`.
   */
  agentTimeout?: Duration;
  /**
   * Whether the seed disk provides a guest agent for an image that has none; its files come from Debian's
   * packages. Default true.
   */
  agent?: boolean;
}

const schema = lazy((): Schema<ImageProfileOptions> =>
  z.strictObject({
    path: z.string().min(1),
    format: z.enum(["raw", "qcow2"]).optional(),
    userData: z.string().optional(),
    name: z.string().min(1).optional(),
    memory: z.union([z.string(), z.number()]).optional(),
    cpus: z.int().min(1).max(64).optional(),
    agentTimeout: durations.durationSchema.optional(),
    agent: z.boolean().optional(),
  })
);

/**
 * Makes a profile of a cloud image: a disk in qcow2 or raw that boots by itself and has cloud-init. Each
 * machine writes to a file of its own; the image is not changed. A machine that is shut down and booted
 * again has its disk as it was.
 *
 * The first machine of a kind runs cloud-init's first boot, which takes a minute under emulation; later
 * ones resume from there, and share its random values, such as SSH host keys and the machine-id. With
 * `bootCache: false` each machine does its own first boot.
 *
 * @throws {InvalidOptionError} If the options are invalid.
 * @throws {MemorySizeError} If the memory is not an amount; other errors of memory likewise.
 *
 * @example
 * ```ts ignore
 * const debian = imageProfile({ path: "debian-12-genericcloud-amd64.qcow2" });
 * const db = lab.vm("db", { profile: debian, bridges: [home] });
 * await db.boot();
 * ```
 */
export function imageProfile(options: ImageProfileOptions): Profile {
  const what = "imageProfile()";
  const given = parseOptions(schema(), options, what);
  const { name = "image", agent = true } = given;
  return {
    name,
    memoryBytes: memoryBytes(given.memory ?? "1G", hostMemoryBytes(), what),
    cpus: given.cpus,
    async prepare(site) {
      const { prepareImage } = await import("./prepare.ts");
      return await prepareImage(what, { ...given, name, agent }, site);
    },
  };
}
