/**
 * Profiles: the kinds of guests that machines boot, and those of `netyard.toml`. Imports `options`, `disk`,
 * `files`, `host`, `node` and `toml`; knows no QEMU process. Begin here: `Profile` makes a `BootSource`.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { Host } from "../../node/process/host.ts";
import type { DriveSpec, GuestArch, ShareSpec } from "../options/machine_spec.ts";

/** A process that a machine depends on, such as a file server. */
export interface Helper {
  /** Resolves with its output when it has ended. */
  readonly ended: Promise<string>;
  /** Ends it, if it runs; resolves when it has. */
  stop(): Promise<void>;
}

/** What a virtual machine boots from. */
export interface BootSource {
  /** The name of the profile. */
  name: string;
  /** The guest's processor. */
  arch: GuestArch;
  /** A hash of everything that decides what boots: see {@link profileHash}. */
  hash: string;
  /** The path of a kernel. Default: the firmware boots from the first drive. */
  kernel?: string;
  /** The path of its initramfs. Default: none. */
  initrd?: string;
  /** The kernel's command line. Default: empty. */
  cmdline?: string;
  /** The disks that the machine has from the start, and shares with no other. */
  drives?: readonly DriveSpec[];
  /** The directories of the host that it mounts. Default: none. */
  shares?: readonly ShareSpec[];
  /** The processes that run beside QEMU as long as the machine does. */
  helpers?: readonly Helper[];
  /** The processor that TCG emulates; default as in `MachineSpec`. */
  emulatedCpu?: string;
  /** Whether a booted machine can be saved. A machine with shares cannot: they belong to the host. */
  canBeSaved: boolean;
  /** Why not, for the message, as a clause: `its root is this host's, which ...`. */
  whyNotSaved?: string;
  /** The cheapest ip(8) of the guest. */
  ip: string;
  /** A program of the guest that reseeds the kernel's random numbers from its standard input. */
  reseed?: string;
  /** How long a guest may take under KVM until its agent answers, in milliseconds. */
  bootMs: number;
  /** What the guest may lack if its agent does not answer in time, as sentences. */
  noAgent?: string;
}

/** The machine that a profile is prepared for. */
export interface ProfileSite {
  /** The namespaces and processes of the machine. */
  host: Host;
  /** The machine's own directory, which exists; its files are removed with the machine. */
  directory: string;
  /** The name of the machine, with which each message begins. */
  label: string;
  /** The memory of the machine, in bytes. */
  memoryBytes: number;
  /** Reports steps that take time. */
  onProgress: (line: string) => void;
}

/** A kind of guest: one that comes with Netyard, one of a `netyard.toml`, or an `imageProfile()`. */
export interface Profile {
  /** Its name, for the option `profile` and for messages. */
  readonly name: string;
  /** The default memory of a machine, in bytes. */
  readonly memoryBytes: number;
  /** The default number of processors. Default 1. */
  readonly cpus?: number;
  /**
   * Creates what is missing, and the files of this machine.
   *
   * @internal
   */
  prepare(site: ProfileSite): Promise<BootSource>;
}

/** Hashes everything that decides what a guest becomes. */
export function profileHash(parts: unknown): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
