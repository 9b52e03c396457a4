/** Architectures of guests. */
export type GuestArch = "x86_64" | "aarch64";

/** What runs a guest's instructions: the processor (`kvm`, `hvf`) or QEMU itself (`tcg`). */
export type Accel = "kvm" | "tcg" | "hvf";

/** Where the unix sockets of a machine are; QEMU makes and listens on each. */
export interface MachineSockets {
  /** QEMU's own control protocol. */
  qmp: string;
  /** The guest agent's port. */
  agent: string;
  /** The first serial port. A guest that prints waits for a client that does not read. */
  console: string;
}

/** A network card, on a TAP that exists. */
export interface NicSpec {
  /** Of the device, by which QMP's `set_link` and `device_del` know it. */
  id: string;
  /** The name of the TAP in the network namespace that QEMU runs in. */
  tap: string;
  /** `52:54:00:...` */
  mac: string;
  /** The hot-plug slot, from 0. */
  slot: number;
}

/** A request of a guest to a drive. */
export type DriveEvent = "read" | "write" | "flush";

/** An error that QEMU makes up for a drive; see "blkdebug" in QEMU's docs/devel/testing. */
export interface DriveFault {
  /** What it happens to. */
  event: DriveEvent;
  /** The error number that the request ends with. Default 5, EIO. */
  errno?: number;
  /** Only for requests that touch this sector of 512 bytes, as the guest counts. Default all. */
  sector?: number;
  /** Whether it happens a single time. Default false. */
  once?: boolean;
}

/** The format of an image. */
export type DriveFormat = "raw" | "qcow2";

/** What a qcow2 image lies over: what it does not have itself is read there. */
export interface DriveBase {
  path: string;
  format: DriveFormat;
}

/** A disk. */
export interface DriveSpec {
  /** Of the device, at most 24 characters. The block node of its content is `disk-ID`. */
  id: string;
  /** What the guest sees, at most 20 characters. Default: the first 20 of the id. */
  serial?: string;
  /** The file. */
  path: string;
  /** How the file holds the disk. */
  format: DriveFormat;
  /** Whether the guest may only read it. */
  readOnly: boolean;
  /** Of a qcow2 image: what it lies over, whatever its header says. Default: what its header says. */
  base?: DriveBase | null;
  /** The hot-plug slot, from 0. Default: none, so that it stays for the life of the machine. */
  slot?: number;
  /** Errors to make up. Default none; they can come and go later: see `faultyNode`. */
  faults?: readonly DriveFault[];
}

/** A directory of the host, as virtiofsd offers it. */
export interface ShareSpec {
  /** What the guest mounts: `mount -t virtiofs TAG /mnt`. */
  tag: string;
  /** The socket of virtiofsd. */
  socket: string;
}

/** A virtual machine in plain data, from which its command line follows. */
export interface MachineSpec {
  /** Its name, as errors and the list of processes show it. */
  name: string;
  arch: GuestArch;
  accel: Accel;
  /**
   * The model that TCG emulates. Default: `qemu64`, or `cortex-a57`. Distributions that want
   * x86-64-v2, as RHEL 9 does, need `Nehalem`, which boots a tenth slower.
   */
  emulatedCpu?: string;
  /** A whole number of MiB. */
  memoryBytes: number;
  cpus: number;
  /** A kernel to start without a boot loader. Default: the firmware boots from the first drive. */
  kernel?: string;
  initrd?: string;
  cmdline?: string;
  /**
   * The file that is the guest's memory, such as `/proc/self/fd/9`; an empty one is grown to the
   * size. Default: anonymous memory.
   */
  memoryPath?: string;
  /**
   * Whether what the guest writes goes into that file (`true`), or into memory of this QEMU's own,
   * which is how several machines start from one snapshot. Default true.
   */
  memoryShared?: boolean;
  sockets: MachineSockets;
  nics: readonly NicSpec[];
  drives: readonly DriveSpec[];
  /** Default none. They keep a machine from being saved. */
  shares?: readonly ShareSpec[];
  /** Whether the machine waits for `migrate-incoming` and then for `cont`, instead of booting. */
  incoming: boolean;
  /**
   * The slots in which network cards and disks come and go, named `hp0`, `hp1`, ...; at most 64. A
   * machine is restored with as many as it was saved with.
   */
  hotplugSlots: number;
}
