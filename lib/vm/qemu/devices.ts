import type { DriveBase, DriveFault, DriveSpec, NicSpec } from "../options/machine_spec.ts";

/** The most hot-plug slots of a machine: eight ports on each of eight device numbers. */
export const MAX_SLOTS = 64;

/** Returns the bus of a hot-plug slot; its device has the address 0. */
export function slotBus(slot: number): string {
  return `hp${slot}`;
}

/** The place of a device on the machine's buses. */
export interface Place {
  bus: string;
  addr: string;
}

/** Returns the place of the device in a hot-plug slot. */
export function slotPlace(slot: number): Place {
  return { bus: slotBus(slot), addr: "0x0" };
}

/** Arguments of a QMP command, which the command line can have as well. */
export type Arguments = Record<string, unknown>;

/**
 * A NIC in two parts, each the arguments of a QMP command. So a NIC that is plugged in equals one of the
 * command line, which restoring a machine requires.
 */
export interface NicParts {
  /** For `netdev_add`, and by its ID for `netdev_del`. */
  netdev: Arguments & { type: "tap"; id: string };
  /** For `device_add`, and by its ID for `device_del` and `set_link`. */
  device: Arguments & { driver: "virtio-net-pci"; id: string };
}

/** Returns the parts of a NIC. */
export function nicParts({ id, tap, mac, slot }: NicSpec): NicParts {
  const netdev = `net-${id}`;
  return {
    // The TAP exists: no script must create it.
    netdev: { type: "tap", id: netdev, ifname: tap, script: "no", downscript: "no" },
    device: {
      driver: "virtio-net-pci",
      id,
      netdev,
      mac,
      ...slotPlace(slot),
      romfile: "", // no network boot, so no ROM to read and to save
    },
  };
}

/** A node of QEMU's block layer: the arguments of `blockdev-add`, and by its name of `blockdev-del`. */
export type BlockNode = Arguments & { driver: string; "node-name": string };

/** A disk in its parts, each the arguments of a QMP command. */
export interface DriveParts {
  /**
   * From the bottom up: the file, the format, and the injected errors on top, so that these count
   * sectors as the guest does.
   */
  blockdevs: BlockNode[];
  /** For `device_add`, and by its ID for `device_del`. */
  device: Arguments & { driver: "virtio-blk-pci"; id: string };
}

/** The most characters of a virtio disk's serial number. */
export const SERIAL_LENGTH = 20;

/** The most characters of a drive's ID: a block node's name, which has a prefix, may have 31. */
export const MAX_DRIVE_ID = 31 - "faults-".length;

/** Returns the parts of a disk in this place. */
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
        // `null` means no backing file, whatever file of the host the image's header names.
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
      // The guest gets the error of a full or broken disk; QEMU must not pause it.
      werror: "report",
      rerror: "report",
      // An export of this QEMU may write to the disk, too: see `disk/sectors.ts`.
      "share-rw": "on",
      ...place,
    },
  };
}

function fileNode(name: string, path: string, readOnly: boolean): BlockNode {
  return { driver: "file", "node-name": name, filename: path, "read-only": readOnly };
}

/** Returns the nodes of a backing file, which has no backing file itself. */
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

/** Returns the name of the node with the content of a disk, below the injected errors. */
export const contentNode = (id: string): string => `disk-${id}`;

/** Returns the name of the node that injects errors. There are two, so that one can replace the other. */
export const faultsNode = (id: string): string => `faults-${id}`;
/** See {@linkcode faultsNode}. */
export const otherFaultsNode = (id: string): string => `errors-${id}`;

/**
 * Returns the block node that injects errors into a disk. To add it while the machine runs:
 * `blockdev-add` it, and set the device's property `drive` to its name. To remove it: set `drive` to the
 * {@linkcode contentNode}, and `blockdev-del` it. QEMU cannot change the errors of an existing node.
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
    // QEMU refuses an empty list.
    ...faults.length > 0 ? { "inject-error": faults.flatMap(injectErrors) } : {},
    "read-only": spec.readOnly,
  };
}

const EIO = 5;
const IO_TYPES = { read: ["read"], write: ["write", "write-zeroes"], flush: ["flush"] };

function injectErrors({ event, errno = EIO, sector, once = false }: DriveFault): Arguments[] {
  return IO_TYPES[event].map((iotype) => ({
    // Active from the start. An error that waits for an event would then be active for every other kind
    // of request, too.
    event: "none",
    iotype,
    errno,
    ...sector === undefined ? {} : { sector },
    once,
  }));
}
