import {
  contentNode,
  driveParts,
  faultsNode,
  faultyNode,
  otherFaultsNode,
  slotPlace,
} from "../qemu/devices.ts";
import type { DiskRecord } from "./record.ts";
import { DiskError, QmpError } from "../options/errors.ts";
import type { DriveFault } from "../options/machine_spec.ts";
import type { Qemu } from "../qemu/qemu.ts";

/** Plugs disks into a running machine, unplugs them, and injects errors. */

/** Plugs a disk in; the guest sees it some time later. A failure leaves nothing behind. */
export async function plugDisk({ qmp }: Qemu, disk: DiskRecord, what: string): Promise<void> {
  const { blockdevs, device } = driveParts(disk.spec, slotPlace(disk.slot));
  const added: string[] = [];
  try {
    for (const blockdev of blockdevs) {
      await qmp.execute("blockdev-add", blockdev);
      added.unshift(blockdev["node-name"]);
    }
    await qmp.execute("device_add", device);
  } catch (error) {
    for (const node of added) await qmp.execute("blockdev-del", { "node-name": node });
    const why = error instanceof QmpError ? error.desc ?? error.message : String(error);
    const locked = /lock/.test(why) ? "; another machine or program writes to it" : "";
    throw new DiskError(`${what}: QEMU cannot use the disk "${disk.name}": ${why}${locked}`, {
      cause: error,
    });
  }
  disk.faultsNode = disk.spec.faults && faultsNode(disk.spec.id);
}

/**
 * Unplugs a disk, which the guest must release.
 *
 * @throws {DiskError} If it does not in time; the disk then stays, and a retry is possible.
 */
export async function unplugDisk(
  { qmp }: Qemu,
  { name, slot, spec, faultsNode }: DiskRecord,
  what: string,
  timeoutMs: number,
): Promise<void> {
  const { id } = spec;
  const deleted = qmp.wait("DEVICE_DELETED", { timeoutMs, where: ({ device }) => device === id });
  try {
    await qmp.execute("device_del", { id });
    await deleted;
  } catch (error) {
    if (!(error instanceof QmpError)) throw error;
    if (error.errorClass === "DeviceNotFound") {
      // An earlier request timed out, and the guest released the disk after that.
    } else if (/in the process of unplug/.test(error.desc ?? "")) {
      await deleted.catch((late) => {
        throw refused(late);
      });
    } else throw refused(error);
  }
  const nodes = driveParts({ ...spec, faults: undefined }, slotPlace(slot)).blockdevs
    .map((node) => node["node-name"]);
  if (faultsNode) nodes.push(faultsNode);
  for (const node of nodes.reverse()) await qmp.execute("blockdev-del", { "node-name": node });

  function refused(error: QmpError): DiskError {
    return new DiskError(
      `${what}: the guest did not release the disk "${name}" within ${timeoutMs} ms: unmount it, ` +
        `and try again\n${error.message}`,
      { cause: error },
    );
  }
}

/** Replaces the injected errors of a disk; undefined removes them. */
export async function swapFaults(
  { qmp }: Qemu,
  disk: DiskRecord,
  faults: readonly DriveFault[] | undefined,
): Promise<void> {
  const { spec, faultsNode: before } = disk;
  const names = [faultsNode(spec.id), otherFaultsNode(spec.id)];
  const next = faults && names.find((name) => name !== before)!;
  if (next) await qmp.execute("blockdev-add", faultyNode(spec, faults, next));
  try {
    await qmp.execute("qom-set", {
      path: `/machine/peripheral/${spec.id}`,
      property: "drive",
      value: next ?? contentNode(spec.id),
    });
  } catch (error) {
    if (next) await qmp.execute("blockdev-del", { "node-name": next });
    throw error;
  }
  disk.faultsNode = next;
  spec.faults = faults;
  if (before) await qmp.execute("blockdev-del", { "node-name": before });
}
