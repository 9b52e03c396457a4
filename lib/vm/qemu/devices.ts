import type { DriveBase, DriveFault, DriveSpec, NicSpec } from "../options/machine_spec.ts";

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

/** A node of QEMU's block layer: the arguments of `blockdev_add`, and by its name of `blockdev_del`. */
export type BlockNode = Arguments & { driver: string; "node-name": string };

/** A disk in its parts, each the arguments of a command of QMP. */
export interface DriveParts {
  /**
   * From the ground up: the file, over it the format, over this the errors that are made up, so that
   * they count sectors as the guest does.
   */
  blockdevs: BlockNode[];
  /** Of `device_add`, and of `device_del` by its id. */
  device: Arguments & { driver: "virtio-blk-pci"; id: string };
}

/** A virtio disk's serial number has no more characters. */
export const SERIAL_LENGTH = 20;

/** The most characters of a drive's id: a block node's name, which has a prefix, may have 31. */
export const MAX_DRIVE_ID = 31 - "faults-".length;

/** The parts of a disk in this place. */
export function driveParts(spec: DriveSpec, place: Place): DriveParts {
  const { id, path, format, readOnly, base, faults, serial = id.slice(0, SERIAL_LENGTH) } = spec;
  return {
    blockdevs: [
      fileNode(`file-${id}`, path, readOnly),
      ...base ? baseNodes(id, base) : [],
      {
        driver: format,
        "node-name": contentNode(id),
        file: `file-${id}`,
        // `null` is: none, whatever file of the host the image asks for.
        ...format === "raw" || base === undefined ? {} : { backing: base && `base-${id}` },
        "read-only": readOnly,
      },
      ...faults ? [faultyNode(spec, faults)] : [],
    ],
    device: {
      driver: "virtio-blk-pci",
      id,
      drive: faults ? faultsNode(id) : contentNode(id),
      serial,
      // The guest gets the error of a full or broken disk, and is not stopped for it.
      werror: "report",
      rerror: "report",
      // Others of this QEMU may write to it, as whoever writes sectors from outside does.
      "share-rw": "on",
      ...place,
    },
  };
}

function fileNode(name: string, path: string, readOnly: boolean): BlockNode {
  return { driver: "file", "node-name": name, filename: path, "read-only": readOnly };
}

/** What an image lies over lies over nothing itself. */
function baseNodes(id: string, { path, format }: DriveBase): BlockNode[] {
  return [
    fileNode(`back-${id}`, path, true),
    {
      driver: format,
      "node-name": `base-${id}`,
      file: `back-${id}`,
      ...format === "qcow2" ? { backing: null } : {},
      "read-only": true,
    },
  ];
}

/** The name of the node that has the sectors of a disk as the guest wrote them. */
export const contentNode = (id: string): string => `disk-${id}`;

/** Two names for the node that makes errors up: one can take the other's place. */
export const faultsNode = (id: string): string => `faults-${id}`;
/** See {@linkcode faultsNode}. */
export const otherFaultsNode = (id: string): string => `errors-${id}`;

/**
 * The block node that makes errors up for a disk. To have it come and go while the machine runs:
 * `blockdev-add` it, and set the device's property `drive` to its name; set that to the
 * {@linkcode contentNode}, and `blockdev-del` it. QEMU changes no errors of a node that there is.
 */
export function faultyNode(
  spec: DriveSpec,
  faults: readonly DriveFault[],
  name: string = faultsNode(spec.id),
): BlockNode {
  return {
    driver: "blkdebug",
    "node-name": name,
    image: contentNode(spec.id),
    // An empty list is one that QEMU does not take.
    ...faults.length > 0 ? { "inject-error": faults.flatMap(injectErrors) } : {},
    "read-only": spec.readOnly,
  };
}

const EIO = 5;
const IO_TYPES = { read: ["read"], write: ["write", "write-zeroes"], flush: ["flush"] };

function injectErrors({ event, errno = EIO, sector, once = false }: DriveFault): Arguments[] {
  return IO_TYPES[event].map((iotype) => ({
    // In force from the start. An error that waits for an event would then be in force for every
    // other kind of request, too.
    event: "none",
    iotype,
    errno,
    ...sector === undefined ? {} : { sector },
    once,
  }));
}
