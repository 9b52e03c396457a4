import type { DriveFault, DriveSpec, NicSpec } from "./machine_spec.ts";

/** The most hot-plug slots of a machine: eight ports on each of eight device numbers. */
export const MAX_SLOTS = 64;

/** The bus of a hot-plug slot; its device has the address 0. */
export function slotBus(slot: number): string {
  return `hp${slot}`;
}

/** Where on the machine's buses a device is. */
export interface Place {
  bus: string;
  addr: string;
}

/** The place of a hot-plug slot. */
export function slotPlace(slot: number): Place {
  return { bus: slotBus(slot), addr: "0x0" };
}

/** Arguments of a command of QMP, which a command line can have as well. */
export type Arguments = Record<string, unknown>;

/**
 * A network card in two parts, each the arguments of a command of QMP; a card that is plugged in and
 * one that the command line has are the same then, as restoring a machine wants it.
 */
export interface NicParts {
  /** Of `netdev_add`, and of `netdev_del` by its id. */
  netdev: Arguments & { type: "tap"; id: string };
  /** Of `device_add`, and of `device_del` and `set_link` by its id. */
  device: Arguments & { driver: "virtio-net-pci"; id: string };
}

/** The parts of a network card. */
export function nicParts({ id, tap, mac, slot }: NicSpec): NicParts {
  const netdev = `net-${id}`;
  return {
    // The TAP is ready: no script makes it.
    netdev: { type: "tap", id: netdev, ifname: tap, script: "no", downscript: "no" },
    device: {
      driver: "virtio-net-pci",
      id,
      netdev,
      mac,
      ...slotPlace(slot),
      romfile: "", // no boot from the network, and no ROM to read and to save
    },
  };
}

/** A disk in its parts, each the arguments of a command of QMP. */
export interface DriveParts {
  /**
   * Of `blockdev_add`, in this order, and of `blockdev_del` by their `node-name`, the other way
   * round: the file, over it the errors that are made up, over these the format.
   */
  blockdevs: (Arguments & { driver: string; "node-name": string })[];
  /** Of `device_add`, and of `device_del` by its id. */
  device: Arguments & { driver: "virtio-blk-pci"; id: string };
}

/** A virtio disk's serial number has no more characters. */
const SERIAL_LENGTH = 20;

/** The most characters of a drive's id: a block node's name, which has a prefix, may have 31. */
export const MAX_DRIVE_ID = 31 - "faults-".length;

/** The parts of a disk in this place. */
export function driveParts(spec: DriveSpec, place: Place): DriveParts {
  const { id, path, readOnly, faults } = spec;
  return {
    blockdevs: [
      { driver: "file", "node-name": fileNode(id), filename: path, "read-only": readOnly },
      ...faults ? [faultyNode(spec, faults)] : [],
      imageNode(spec, faults !== undefined),
    ],
    device: {
      driver: "virtio-blk-pci",
      id,
      drive: `disk-${id}`,
      serial: id.slice(0, SERIAL_LENGTH),
      // The guest gets the error of a full or broken disk, and is not stopped for it.
      werror: "report",
      rerror: "report",
      ...place,
    },
  };
}

const fileNode = (id: string) => `file-${id}`;
const faultsNode = (id: string) => `faults-${id}`;

/**
 * The block node that makes errors up for a disk. To have it come and go while the machine runs:
 * `blockdev-add` it, and `blockdev-reopen` the {@linkcode imageNode} with it; reopen that without it,
 * and `blockdev-del` it. QEMU changes no errors of a node that there is.
 */
export function faultyNode(
  { id, readOnly }: DriveSpec,
  faults: readonly DriveFault[],
): DriveParts["blockdevs"][number] {
  return {
    driver: "blkdebug",
    "node-name": faultsNode(id),
    image: fileNode(id),
    // An empty list is one that QEMU does not take.
    ...faults.length > 0 ? { "inject-error": faults.map(injectError) } : {},
    "read-only": readOnly,
  };
}

/** The top block node of a disk, over the one that makes errors up or over the file itself. */
export function imageNode(
  { id, format, readOnly }: DriveSpec,
  faulty: boolean,
): DriveParts["blockdevs"][number] {
  return {
    driver: format,
    "node-name": `disk-${id}`,
    file: faulty ? faultsNode(id) : fileNode(id),
    "read-only": readOnly,
  };
}

const EIO = 5;

function injectError({ event, errno = EIO, sector, once }: DriveFault): Arguments {
  return { event, errno, ...sector === undefined ? {} : { sector }, once: once ?? false };
}
