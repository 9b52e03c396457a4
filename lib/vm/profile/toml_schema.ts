import { z } from "zod";
import { type Duration, durationSchema } from "../../options/duration.ts";
import type { MemorySize } from "../options/memory.ts";

/** A disk of a profile; paths are relative to the file's directory. */
export interface TomlDisk {
  path: string;
  /** Default: what the file is. */
  format?: "raw" | "qcow2";
  /**
   * Whether the guest can only read it. Default false: what it writes goes into a file of the machine's
   * own, and is gone with it.
   */
  readOnly?: boolean;
}

/**
 * What `[profiles.NAME]` of a `netyard.toml` may have. Paths are relative to the file's directory.
 *
 * ```toml
 * [profiles.router]
 * kernel = "build/bzImage"
 * initrd = "build/initramfs"
 * cmdline = "console=ttyS0 quiet"
 * build = "make -C image"
 * sources = ["image"]
 * memory = "256M"
 * ```
 */
export interface TomlProfile {
  /** The profile that it has all from that it does not say itself: `"tiny"`, or one of the file. */
  extends?: string;
  /** What QEMU starts: a `vmlinuz` or a `vmlinux`. Default: the firmware boots the first disk. */
  kernel?: string;
  initrd?: string;
  /** The kernel's command line; on `console=ttyS0` it can be read. */
  cmdline?: string;
  disk?: TomlDisk | TomlDisk[];
  /**
   * What makes the kernel, the initramfs and the disks: a line for sh(1), or a program and its
   * arguments. It runs in the file's directory when one of them is missing, or older than `sources`.
   */
  build?: string | string[];
  /** Files, and directories with all that is in them. */
  sources?: string[];
  /** Default `"512M"`, or what the profile has that it extends. */
  memory?: MemorySize;
  /** Default 1. */
  cpus?: number;
  /** The ip(8) that costs least in the guest. Default `"ip"`. */
  ip?: string;
  /**
   * How long the guest may take until its agent answers, where KVM runs it: four times as long under
   * TCG. Default `"30s"`, or what the profile has that it extends.
   */
  agentTimeout?: Duration;
}

const path = z.string().min(1);

const diskSchema = z.strictObject({
  path,
  format: z.enum(["raw", "qcow2"]).optional(),
  readOnly: z.boolean().optional(),
}).meta({ title: "disk" });

const profileSchema: z.ZodType<TomlProfile> = z.strictObject({
  extends: z.string().min(1).optional(),
  kernel: path.optional(),
  initrd: path.optional(),
  cmdline: z.string().optional(),
  disk: z.union([diskSchema, z.array(diskSchema)]).optional(),
  build: z.union([z.string().min(1), z.array(z.string()).min(1)]).optional(),
  sources: z.array(path).optional(),
  memory: z.union([z.string(), z.number()]).optional(),
  cpus: z.int().min(1).max(64).optional(),
  ip: z.string().min(1).optional(),
  agentTimeout: durationSchema.optional(),
});

/** What a `netyard.toml` may have. */
export interface TomlContent {
  /** Kinds of virtual machines, by name. */
  profiles?: Record<string, TomlProfile>;
  /** Where the simulations are: files, directories, and patterns such as `sims/**`. */
  simulations?: string | string[];
}

/** A `netyard.toml`. */
export const tomlSchema: z.ZodType<TomlContent> = z.strictObject({
  profiles: z.record(z.string(), profileSchema).optional(),
  simulations: z.union([path, z.array(path).min(1)]).optional(),
});
