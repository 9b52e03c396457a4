import { z } from "zod";
import { parseOptions } from "../../options/parse_options.ts";
import type { DiskRequest } from "../../vm/disk/record.ts";
import { diskBytes, type DiskSize } from "../../vm/options/disk_size.ts";
import type { DriveFault } from "../../vm/options/machine_spec.ts";
import type { VmRecord } from "../model/records.ts";

/** A disk for a virtual machine. Either `size` or `path` is required. */
export interface DiskOptions {
  /**
   * The size of a new, empty disk: `"64M"`, `"2G"`, or bytes, a multiple of 512. It takes space on the
   * host as the guest writes to it, in a file that is removed with the machine.
   */
  size?: DiskSize;
  /** A raw or qcow2 image on the host. It must not refer to other files. */
  path?: string;
  /**
   * The format of the file. Default: detected from its first bytes. Give `"raw"` for an image that a guest
   * has written to: the guest may have made it look like another format.
   */
  format?: "raw" | "qcow2";
  /** Whether the guest can only read it. Default false. */
  readOnly?: boolean;
  /**
   * Whether writes go to an overlay that is removed with the machine, so that the file stays unchanged.
   * The file must not change meanwhile. If false, the guest writes to the file, and the machine cannot
   * be saved. Default true.
   */
  copyOnWrite?: boolean;
  /**
   * The name, which is the serial number that the guest sees: 1 to 20 of a-z, 0-9 and "-". Default:
   * `disk0`, or the next free one.
   */
  name?: string;
}

/** An injected disk error. Only the guest sees it: the host can still read and write the sectors. */
export interface DiskFault {
  /** The operation that fails. */
  event: "read" | "write" | "flush";
  /** The error inside QEMU. The guest always sees an I/O error. Default EIO. */
  errno?: DiskErrno;
  /** Limits the fault to requests that touch this sector of 512 bytes; not for `flush`. Default all. */
  sector?: number;
  /** Whether the fault occurs only once. Default false. */
  once?: boolean;
}

/** A disk error, by its name in errno(3). */
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
    refuse('give a "size" for a new disk, or a "path"');
  }
  if (size === undefined) return;
  if (path !== undefined) refuse('give a "size" for a new disk or a "path", not both');
  if (format === "qcow2") refuse('a new disk is raw: omit "format"');
  if (copyOnWrite === false) refuse('"copyOnWrite" is for a disk with a "path"; omit it');
});

const faultsSchema = z.array(
  z.strictObject({
    event: z.enum(["read", "write", "flush"]),
    errno: z.enum(Object.keys(ERRNOS) as DiskErrno[]).optional(),
    sector: z.int().min(0).optional(),
    once: z.boolean().optional(),
  }).refine(({ event, sector }) => event !== "flush" || sector === undefined, {
    error: "must not have a sector: a flush affects the whole disk",
  }),
);

/** Attaches a disk to a virtual machine, and returns its name. */
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

/** Returns disk faults with the error numbers of QEMU. */
export function driveFaults(given: readonly DiskFault[], what: string): DriveFault[] {
  const faults = parseOptions(faultsSchema, given, what);
  return faults.map(({ errno = "EIO", ...fault }) => ({ ...fault, errno: ERRNOS[errno] }));
}
