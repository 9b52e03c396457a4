import type { DriveSpec, GuestArch, ShareSpec } from "./machine_spec.ts";

/** What a virtual machine boots from, ready to be used. */
export interface BootSource {
  /** The name of the profile. */
  name: string;
  /** The guest's processor. */
  arch: GuestArch;
  /** A hash of all that decides what the guest becomes. */
  hash: string;
  /** The path of a kernel. Default: the firmware boots from the first drive. */
  kernel?: string;
  /** The path of its initramfs. Default: none. */
  initrd?: string;
  /** The kernel's command line. Default: empty. */
  cmdline?: string;
  /** Disks that are there from the start, and belong to this machine alone. */
  drives?: readonly DriveSpec[];
  /** Directories of the host that it mounts. Default: none. */
  shares?: readonly ShareSpec[];
  /** Whether a machine that has booted may be saved; what a share has is the host's. */
  canBeSaved: boolean;
  /** The ip(8) that costs least in the guest. */
  ip: string;
  /** A program of the guest that feeds the kernel's random numbers from its standard input. */
  reseed?: string;
  /** How long the guest may take until its agent answers, under KVM, in milliseconds. */
  bootMs: number;
}

/** Where a machine's own files go; they are gone with it. */
export interface ProfileSite {
  /** A directory that exists and is the machine's own. */
  directory: string;
  /** How the machine's name begins each message. */
  label: string;
  /** What the machine gets, in bytes. */
  memoryBytes: number;
  /** Tells what takes its time. */
  onProgress: (line: string) => void;
}

/** A kind of guest. */
export interface Profile {
  /** What `profile` names it by, and what errors call it. */
  readonly name: string;
  /** The memory that a machine gets unless it is told otherwise, in bytes. */
  readonly memoryBytes: number;
  /** Makes what is not there yet, and what each machine has for itself. */
  prepare(site: ProfileSite): Promise<BootSource>;
}
