import { z } from "zod";
import { parseOptions } from "../../options/parse_options.ts";
import type { DiskRequest } from "../../vm/disk/record.ts";
import { diskBytes, type DiskSize } from "../../vm/options/disk_size.ts";
import type { DriveFault } from "../../vm/options/machine_spec.ts";
import type { VmRecord } from "../model/records.ts";

/** A disk for a virtual machine: one of `size` and `path` is needed. */
export interface DiskOptions {
  /**
   * The size of a fresh, empty disk: `"64M"`, `"2G"`, or bytes, a multiple of 512. It takes room on the
   * host's disk as it is written to, in a file of the machine's own that goes with it.
   */
  size?: DiskSize;
  /** A file of the host's: a raw or a qcow2 image. It must not refer to other files. */
  path?: string;
  /**
   * What the file is. Default: as it begins. Say `"raw"` for one that a guest has written to, which may
   * have made it look like something else.
   */
  format?: "raw" | "qcow2";
  /** Whether the guest can but read it. Default false. */
  readOnly?: boolean;
  /**
   * Whether what the guest writes is kept apart, and goes with the machine, so that the file stays as
   * it is; it must not be changed meanwhile. Without, the guest writes to the file, and the machine
   * cannot be saved. Default true.
   */
  copyOnWrite?: boolean;
  /**
   * What it is called, which is the serial number that the guest sees: 1 to 20 of a-z, 0-9 and "-".
   * Default: `disk0`, or the next that is free.
   */
  name?: string;
}

/** An error that a disk is to make, for the guest alone: sectors can be read and written from outside. */
export interface DiskFault {
  /** What fails. */
  event: "read" | "write" | "flush";
  /** The error that QEMU is told of. The guest sees an input/output error, whatever it is. Default EIO. */
  errno?: DiskErrno;
  /** Only requests that touch this sector of 512 bytes; not for `flush`. Default all. */
  sector?: number;
  /** Whether it happens a single time. Default false. */
  once?: boolean;
}

/** An error of a disk, by its name in errno(3). */
export type DiskErrno = "EPERM" | "EIO" | "ENXIO" | "ENOMEM" | "EACCES" | "EINVAL" | "ENOSPC";

const ERRNOS: Record<DiskErrno, number> = {
  EPERM: 1,
  EIO: 5,
  ENXIO: 6,
  ENOMEM: 12,
  EACCES: 13,
  EINVAL: 22,
  ENOSPC: 28,
};

const optionsSchema = z.strictObject({
  size: z.union([z.string(), z.number()]).optional(),
  path: z.string().min(1).optional(),
  format: z.enum(["raw", "qcow2"]).optional(),
  readOnly: z.boolean().optional(),
  copyOnWrite: z.boolean().optional(),
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,19}$/, {
    error: 'must be 1 to 20 of a-z, 0-9 and "-", beginning with a letter or a digit',
  }).optional(),
}).superRefine(({ size, path, format, copyOnWrite }, context) => {
  const refuse = (message: string) => context.addIssue({ code: "custom", message });
  if (size === undefined && path === undefined) {
    refuse('give a "size" for a fresh disk, or a "path"');
  }
  if (size === undefined) return;
  if (path !== undefined) refuse('give a "size" for a fresh disk or a "path", not both');
  if (format === "qcow2") refuse('a fresh disk is raw: leave "format" out');
  if (copyOnWrite === false) refuse('"copyOnWrite" is for a disk with a "path"; leave it out');
});

const faultsSchema = z.array(
  z.strictObject({
    event: z.enum(["read", "write", "flush"]),
    errno: z.enum(Object.keys(ERRNOS) as DiskErrno[]).optional(),
    sector: z.int().min(0).optional(),
    once: z.boolean().optional(),
  }).refine(({ event, sector }) => event !== "flush" || sector === undefined, {
    error: "must not have a sector: a flush is of the whole disk",
  }),
);

/** Gives a virtual machine a disk, and returns its name. */
export async function attachDisk(vm: VmRecord, given: DiskOptions): Promise<string> {
  const about = typeof given?.name === "string" ? JSON.stringify(given.name) : "";
  const what = `${vm.name}.attachDisk(${about})`;
  const { size, path, format, readOnly = false, copyOnWrite = true, name } = parseOptions(
    optionsSchema,
    given,
    what,
  );
  const wanted: DiskRequest = path === undefined
    ? { name, readOnly, bytes: diskBytes(size!, what) }
    : { name, readOnly, path, format, copyOnWrite };
  return (await vm.machine.disks.attach(wanted, () => vm.nics.size, what)).name;
}

/** The errors as QEMU counts them. */
export function driveFaults(given: readonly DiskFault[], what: string): DriveFault[] {
  const faults = parseOptions(faultsSchema, given, what);
  return faults.map(({ errno = "EIO", ...fault }) => ({ ...fault, errno: ERRNOS[errno] }));
}
