import type { Host } from "../../node/process/host.ts";
import type { DriveSpec, GuestArch, ShareSpec } from "../options/machine_spec.ts";

/** A process that a machine cannot do without, such as what serves it a directory. */
export interface Helper {
  /** Resolves when it has ended, with what it said. */
  readonly ended: Promise<string>;
  /** Ends it, if it runs; resolves when it has. */
  stop(): Promise<void>;
}

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
  /** What runs beside QEMU as long as the machine does. */
  helpers?: readonly Helper[];
  /** The processor that TCG emulates; default as of `MachineSpec`. */
  emulatedCpu?: string;
  /** Whether a machine that has booted may be saved; what a share has is the host's. */
  canBeSaved: boolean;
  /** Why not, for the message, as a clause: `its root is this host's, which ...`. */
  whyNotSaved?: string;
  /** The ip(8) that costs least in the guest. */
  ip: string;
  /** A program of the guest that feeds the kernel's random numbers from its standard input. */
  reseed?: string;
  /** How long the guest may take until its agent answers, under KVM, in milliseconds. */
  bootMs: number;
  /** What a guest may lack whose agent does not answer in that time, as sentences. */
  noAgent?: string;
}

/** Where a machine's own files go; they are gone with it. */
export interface ProfileSite {
  /** In whose namespaces it runs, and what it needs besides. */
  host: Host;
  /** A directory that exists and is the machine's own. */
  directory: string;
  /** How the machine's name begins each message. */
  label: string;
  /** What the machine gets, in bytes. */
  memoryBytes: number;
  /** Tells what takes its time. */
  onProgress: (line: string) => void;
}

/** A kind of guest: one that comes with Netyard, one of a `netyard.toml`, or an `imageProfile()`. */
export interface Profile {
  /** What `profile` names it by, and what errors call it. */
  readonly name: string;
  /** The memory that a machine gets unless it is told otherwise, in bytes. */
  readonly memoryBytes: number;
  /** The processors that it gets unless it is told otherwise. Default 1. */
  readonly cpus?: number;
  /**
   * Makes what is not there yet, and what each machine has for itself.
   *
   * @internal
   */
  prepare(site: ProfileSite): Promise<BootSource>;
}
