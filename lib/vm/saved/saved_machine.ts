import type { MemoryFile } from "../../../native/files/memory_file.ts";
import type { SavedDisk } from "../disk/record.ts";
import { VmError } from "../options/errors.ts";
import type { Accel, GuestArch } from "../options/machine_spec.ts";
import type { SavedDrive } from "./drives.ts";

/** A NIC of a machine. */
export interface VmNic {
  /** The ID of the device. */
  id: string;
  slot: number;
  /** The name of its TAP. */
  tap: string;
  mac: string;
  /** Whether the guest sees a carrier. */
  linkUp: boolean;
  /** The hardware address of the saved machine, until the guest is configured with the new one. */
  savedMac?: string;
}

/** What must be equal for a machine to load the state of another. */
export interface MachineShape {
  /** The hash of what the machine was booted from. */
  profile: string;
  arch: GuestArch;
  accel: Accel;
  memoryBytes: number;
  cpus: number;
}

/** A saved machine: its shape, its devices and its memory. */
export interface SavedMachine {
  shape: MachineShape;
  nics: VmNic[];
  /** The state of its devices and processors, in QEMU's migration format. */
  state: Uint8Array;
  memory: MemoryFile;
  /** The attached disks. */
  disks: SavedDisk[];
  /** The disks that it has from the start and writes to. Default: none. */
  drives?: SavedDrive[];
}

/** Releases the memory and the files of a saved machine. */
export function closeSaved({ memory, disks, drives = [] }: SavedMachine): void {
  memory.close();
  for (const { content } of drives) content.close();
  for (const { content } of disks) content?.close();
}

/** A snapshot cannot be taken, written, read or restored. */
export class SnapshotError extends VmError {}
