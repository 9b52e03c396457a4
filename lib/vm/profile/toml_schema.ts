import { z } from "zod";
import { type Duration, durationSchema } from "../../options/duration.ts";
import type { MemorySize } from "../options/memory.ts";
import type { Schema } from "../../options/schema.ts";

/** A disk of a profile; paths are relative to the file's directory. */
export interface TomlDisk {
  path: string;
  /** Default: detected from the file. */
  format?: "raw" | "qcow2";
  /**
   * Whether the guest can only read it. Default false: writes go to a file of the machine's own, which is
   * removed with the machine.
   */
  readOnly?: boolean;
}

/**
 * The keys of `[profiles.NAME]` in a `netyard.toml`. Paths are relative to the file's directory.
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
  /** The profile whose keys it inherits: `"tiny"`, or one of the file. */
  extends?: string;
  /** The kernel: a `vmlinuz` or a `vmlinux`. Default: the firmware boots the first disk. */
  kernel?: string;
  initrd?: string;
  /** The kernel's command line; `console=ttyS0` sends its output to the console. */
  cmdline?: string;
  disk?: TomlDisk | TomlDisk[];
  /**
   * The command that builds the kernel, the initramfs and the disks: a line for sh(1), or a program and
   * its arguments. It runs in the file's directory if one of them is missing or older than `sources`.
   */
  build?: string | string[];
  /** Files and whole directories. */
  sources?: string[];
  /** Default `"512M"`, or that of the extended profile. */
  memory?: MemorySize;
  /** Default 1. */
  cpus?: number;
  /** The cheapest ip(8) of the guest. Default `"ip"`. */
  ip?: string;
  /**
   * How long the guest may take until its agent answers, under KVM; under TCG, four times as long.
   * Default `"30s"`, or that of the extended profile.
   */
  agentTimeout?: Duration;
}

const path = z.string().min(1);

const diskSchema = z.strictObject({
  path,
  format: z.enum(["raw", "qcow2"]).optional(),
  readOnly: z.boolean().optional(),
}).meta({ title: "disk" });

const profileSchema: Schema<TomlProfile> = z.strictObject({
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

/** The content of a `netyard.toml`. */
export interface TomlContent {
  /** Profiles of virtual machines, by name. */
  profiles?: Record<string, TomlProfile>;
  /** The simulations: files, directories, and patterns such as `sims/**`. */
  simulations?: string | string[];
}

/** The schema of a `netyard.toml`. */
export const tomlSchema: Schema<TomlContent> = z.strictObject({
  profiles: z.record(z.string(), profileSchema).optional(),
  simulations: z.union([path, z.array(path).min(1)]).optional(),
});
