import { createHash } from "node:crypto";
import { z } from "zod";
import { hostMemoryBytes } from "../../host/memory.ts";
import { type Duration, durationSchema, milliseconds } from "../../options/duration.ts";
import { parseOptions } from "../../options/parse_options.ts";
import { checkedImage, ownDisk } from "../profile/profile_disk.ts";
import { memoryBytes, type MemorySize } from "../options/memory.ts";
import type { Profile } from "../profile/profile.ts";
import { tinyBootFiles } from "../tiny/boot_files.ts";
import { agentFiles } from "./agent_files.ts";
import { seedDisk } from "./seed.ts";

/** What a cloud image is booted by. */
export interface ImageProfileOptions {
  /** The image: a disk with a boot loader and cloud-init, as distributions offer it. It stays as it is. */
  path: string;
  /** Default: what the file's first bytes say. */
  format?: "raw" | "qcow2";
  /**
   * What cloud-init is given besides: `#cloud-config ...`, or a script. The guest has no network until
   * it has booted, so it can install nothing.
   */
  userData?: string;
  /** What the profile is called in events and messages. Default: `"image"`. */
  name?: string;
  /** The memory of its machines. Default `"1G"`. */
  memory?: MemorySize;
  /** The processors of its machines. Default 1. */
  cpus?: number;
  /**
   * How long the guest may take until its agent answers, where KVM runs it: four times as long under
   * TCG. Default `"60s"`.
   */
  agentTimeout?: Duration;
  /**
   * Whether the seed has a guest agent for an image that has none; its files come from Debian's
   * packages. Default true.
   */
  agent?: boolean;
}

const schema: z.ZodType<ImageProfileOptions> = z.strictObject({
  path: z.string().min(1),
  format: z.enum(["raw", "qcow2"]).optional(),
  userData: z.string().optional(),
  name: z.string().min(1).optional(),
  memory: z.union([z.string(), z.number()]).optional(),
  cpus: z.int().min(1).max(64).optional(),
  agentTimeout: durationSchema.optional(),
  agent: z.boolean().optional(),
});

const DEFAULT_BOOT_MS = 60_000;

/**
 * A profile of a cloud image: a disk in qcow2 or raw that boots by itself and has cloud-init. Each
 * machine writes to a file of its own; the image stays as it is. A machine that is shut down and
 * booted again finds its disk as it was.
 *
 * The first of its kind sets itself up, which takes a minute under emulation; later ones resume from
 * there, and share what it drew at random then, such as its SSH host keys and machine-id. With
 * `bootCache: false` each sets itself up. Switched off, a machine keeps what it wrote.
 *
 * @throws {InvalidOptionError} If the options are not as they should be.
 * @throws {MemorySizeError} If the memory is none; other errors of memory likewise.
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
  const given = parseOptions(schema, options, what);
  const { name = "image", agent = true } = given;
  return {
    name,
    memoryBytes: memoryBytes(given.memory ?? "1G", hostMemoryBytes(), what),
    cpus: given.cpus,
    async prepare({ directory, onProgress }) {
      const image = await checkedImage(what, given);
      const root = await ownDisk(what, "root", image, directory);
      const seed = `${directory}/seed.img`;
      const tiny = agent ? await tinyBootFiles({ onProgress }) : undefined;
      await Deno.writeFile(
        seed,
        seedDisk({
          // The same for all: they resume from what the first has booted, and are named after that.
          instanceId: "netyard",
          hostname: "netyard",
          userData: given.userData,
          agent: tiny && agentFiles(await Deno.readFile(tiny.initrd)),
        }),
      );
      return {
        name,
        arch: "x86_64",
        hash: sha256(JSON.stringify([image, given.userData, tiny?.hash])),
        drives: [root, { id: "seed", path: seed, format: "raw", readOnly: true }],
        // Distributions for x86-64-v2 do not start on less.
        emulatedCpu: "Nehalem",
        canBeSaved: true,
        ip: "ip",
        bootMs: given.agentTimeout === undefined
          ? DEFAULT_BOOT_MS
          : milliseconds(given.agentTimeout),
        noAgent: agent
          ? "it was to be started by cloud-init; the image must have that, or the QEMU guest agent " +
            "(package qemu-guest-agent)"
          : "the image must have the QEMU guest agent (package qemu-guest-agent)",
      };
    },
  };
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
