import type { HeldFile } from "../../../native/files/held_file.ts";
import type { UserImage } from "./image.ts";
import type { DriveFault, DriveFormat, DriveSpec } from "../options/machine_spec.ts";

/** A disk that is asked for. */
export type WantedDisk =
  & {
    /** Default: `disk0`, or the next that is free. */
    name?: string;
    readOnly: boolean;
  }
  & (
    /** An empty one. */
    | { bytes: number }
    /** A file of the user's. */
    | { path: string; format?: DriveFormat; copyOnWrite: boolean }
  );

/** A disk of a machine. */
export interface DiskRecord {
  /** Unique in the machine; the guest sees it as the serial number. */
  name: string;
  slot: number;
  /** Bytes. */
  size: number;
  /** The file of the user's that it came from. */
  image?: UserImage;
  /** Whether the machine made its file, which goes with it. */
  own: boolean;
  /** Held where the guest writes to the user's file, which another machine must not do then. */
  lock?: Deno.FsFile;
  /** With the errors that are made up. */
  spec: DriveSpec & { slot: number };
  /** The block node that makes errors up in the QEMU that runs. */
  faultsNode?: string;
}

/** A disk as it was at a moment. */
export interface SavedDisk {
  name: string;
  slot: number;
  size: number;
  image?: UserImage;
  format: DriveFormat;
  readOnly: boolean;
  faults?: readonly DriveFault[];
  /** What the machine's own file had; undefined of one that only reads the user's. */
  content?: HeldFile;
  /** Whether it was read from a directory, which may name any file of the host as the image. */
  loaded?: boolean;
}

/** What QEMU is told of a disk; `path` is of the file that is written to, if any is. */
export function diskSpec(
  { name, slot, image, format, readOnly, faults }: Omit<SavedDisk, "size" | "content" | "loaded">,
  path: string,
): DriveSpec & { slot: number } {
  const base = image && image.path !== path ? { path: image.path, format: image.format } : null; // Whatever its header says.
  return { id: diskId(name), serial: name, path, format, readOnly, base, slot, faults };
}

/** QEMU's ids begin with a letter, and share their names with its other devices. */
export function diskId(name: string): string {
  return `vd-${name}`;
}
