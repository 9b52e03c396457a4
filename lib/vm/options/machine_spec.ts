/**
 * Machines as plain data: what QEMU starts, what a user may request, and the errors. Imports `options`,
 * `events`, `files` and `node`; begin here.
 *
 * @module
 */

/** The architecture of a guest. */
export type GuestArch = "x86_64" | "aarch64";

/** What executes a guest's instructions: the processor (`kvm`, `hvf`) or QEMU itself (`tcg`). */
export type Accel = "kvm" | "tcg" | "hvf";

/** The paths of the Unix sockets of a machine; QEMU creates and listens on each. */
export interface MachineSockets {
  /** QEMU's own control protocol. */
  qmp: string;
  /** The guest agent's port. */
  agent: string;
  /** The first serial port. A guest that prints blocks while a connected client does not read. */
  console: string;
}

/** A NIC, on a TAP that exists. */
export interface NicSpec {
  /** The ID of the device, for QMP's `set_link` and `device_del`. */
  id: string;
  /** The name of the TAP in the network namespace that QEMU runs in. */
  tap: string;
  /** `52:54:00:...` */
  mac: string;
  /** The hot-plug slot, from 0. */
  slot: number;
}

/** A kind of request of a guest to a drive. */
export type DriveEvent = "read" | "write" | "flush";

/** An error that QEMU injects into a drive; see "blkdebug" in QEMU's docs/devel/testing. */
export interface DriveFault {
  /** The requests that fail. */
  event: DriveEvent;
  /** The errno with which a request fails. Default 5, EIO. */
  errno?: number;
  /** Limits it to requests that touch this sector (512 bytes, as the guest counts). Default: all. */
  sector?: number;
  /** Whether only one request fails. Default false. */
  once?: boolean;
}

/** The format of an image. */
export type DriveFormat = "raw" | "qcow2";

/** The backing file of a qcow2 image: clusters that the image does not have are read from it. */
export interface DriveBase {
  path: string;
  format: DriveFormat;
}

/** A disk. */
export interface DriveSpec {
  /** The ID of the device, at most 24 characters. The block node of its content is `disk-ID`. */
  id: string;
  /** The serial number that the guest sees, at most 20 characters. Default: the first 20 of the ID. */
  serial?: string;
  /** The file. */
  path: string;
  /** The format of the file. */
  format: DriveFormat;
  /** Whether the guest can only read it. */
  readOnly: boolean;
  /** The backing file of a qcow2 image, in place of the one in its header. Default: that one. */
  base?: DriveBase | null;
  /** The hot-plug slot, from 0. Default: none; the disk then stays as long as the machine. */
  slot?: number;
  /** Errors to inject. Default: none. They can change while the machine runs: see `faultyNode`. */
  faults?: readonly DriveFault[];
}

/** A directory of the host that virtiofsd exports. */
export interface ShareSpec {
  /** The tag that the guest mounts: `mount -t virtiofs TAG /mnt`. */
  tag: string;
  /** The path of virtiofsd's socket. */
  socket: string;
}

/** A virtual machine as plain data, from which its command line follows. */
export interface MachineSpec {
  /** Its name, for errors and the list of processes. */
  name: string;
  arch: GuestArch;
  accel: Accel;
  /**
   * The processor that TCG emulates. Default: `qemu64`, or `cortex-a57`. Distributions that require
   * x86-64-v2, such as RHEL 9, need `Nehalem`, which boots a tenth slower.
   */
  emulatedCpu?: string;
  /** The memory: a whole number of MiB. */
  memoryBytes: number;
  cpus: number;
  /** A kernel to start without a boot loader. Default: the firmware boots from the first drive. */
  kernel?: string;
  initrd?: string;
  cmdline?: string;
  /**
   * The file that backs the guest's memory, such as `/proc/self/fd/9`; an empty one grows to the
   * size. Default: anonymous memory.
   */
  memoryPath?: string;
  /**
   * Whether the guest's writes go to that file (`true`), or to private memory of this QEMU, so that
   * several machines can start from one saved machine. Default true.
   */
  memoryShared?: boolean;
  sockets: MachineSockets;
  nics: readonly NicSpec[];
  drives: readonly DriveSpec[];
  /** Default: none. A machine with shares cannot be saved. */
  shares?: readonly ShareSpec[];
  /** Whether the machine waits for `migrate-incoming` and then for `cont`, instead of booting. */
  incoming: boolean;
  /**
   * The number of slots into which NICs and disks are plugged, named `hp0`, `hp1`, ...; at most 64. A
   * machine must be restored with as many as it was saved with.
   */
  hotplugSlots: number;
}
