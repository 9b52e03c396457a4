import { z } from "zod";
import { type Duration, durationSchema } from "../options/duration.ts";
import type { MemorySize } from "./memory.ts";

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

/** What `[profiles.NAME]` of a `netyard.toml` may have. */
export interface TomlProfile {
  extends?: string;
  kernel?: string;
  initrd?: string;
  cmdline?: string;
  disk?: TomlDisk | TomlDisk[];
  build?: string | string[];
  sources?: string[];
  memory?: MemorySize;
  cpus?: number;
  ip?: string;
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

/** A `netyard.toml`. */
export const tomlSchema: z.ZodType<{ profiles?: Record<string, TomlProfile> }> = z.strictObject({
  profiles: z.record(z.string(), profileSchema).optional(),
});
