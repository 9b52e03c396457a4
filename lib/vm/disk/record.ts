import type { HeldFile } from "../../../native/files/held_file.ts";
import type { UserImage } from "./image.ts";
import type { DriveFault, DriveFormat, DriveSpec } from "../options/machine_spec.ts";

/** A requested disk. */
export type DiskRequest =
  & {
    /** Default: `disk0`, or the next free one. */
    name?: string;
    readOnly: boolean;
  }
  & (
    /** An empty disk. */
    | { bytes: number }
    /** A file of the user. */
    | { path: string; format?: DriveFormat; copyOnWrite: boolean }
  );

/** A disk of a machine. */
export interface DiskRecord {
  /** Unique in the machine; the guest sees it as the serial number. */
  name: string;
  slot: number;
  /** Bytes. */
  size: number;
  /** The user's file that it is based on. */
  image?: UserImage;
  /** Whether its file is the machine's own, and is removed with the disk. */
  own: boolean;
  /** The lock on the user's file, if the guest writes to it: no other machine may do so. */
  lock?: Deno.FsFile;
  /** The description for QEMU, with the injected errors. */
  spec: DriveSpec & { slot: number };
  /** The block node that injects errors, in the running QEMU. */
  faultsNode?: string;
}

/** A saved disk. */
export interface SavedDisk {
  name: string;
  slot: number;
  size: number;
  image?: UserImage;
  format: DriveFormat;
  readOnly: boolean;
  faults?: readonly DriveFault[];
  /** The content of the machine's own file; undefined for a disk that only reads the user's file. */
  content?: HeldFile;
  /** Whether it was loaded from a directory, which may name any file of the host as the image. */
  loaded?: boolean;
}

/** Returns the description of a disk for QEMU; `path` is the file that the guest writes to or reads. */
export function diskSpec(
  { name, slot, image, format, readOnly, faults }: Omit<SavedDisk, "size" | "content" | "loaded">,
  path: string,
): DriveSpec & { slot: number } {
  // `null` if there is none, whatever the header of the file says.
  const base = image && image.path !== path ? { path: image.path, format: image.format } : null;
  return { id: diskId(name), serial: name, path, format, readOnly, base, slot, faults };
}

/** Returns the ID of a disk in QEMU. IDs begin with a letter, and all devices share one name space. */
export function diskId(name: string): string {
  return `vd-${name}`;
}
