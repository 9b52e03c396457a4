import defer * as files from "../../vm/saved/machine.ts";
import { closeSaved, type SavedMachine, SnapshotError } from "../../vm/saved/saved_machine.ts";
import type { Barrier } from "../../vm/barrier.ts";
import { openCaptures } from "../../node/capture/open_captures.ts";
import type { LabCore } from "../model/lab.ts";
import type { VmRecord } from "../model/records.ts";
import { savedMachine, VmSnapshot } from "./snapshot.ts";

/** Refuses while captures or processes of the guest are open: a snapshot would cut their output. */
export function mustBeWhole(vm: VmRecord, what: string): void {
  const open = [
    ...openCaptures(vm.runtime),
    ...[...vm.interfaces.values()].flatMap(({ segment }) => openCaptures(segment.owner.runtime)),
    ...[...vm.machine.processes].map(({ pid }) => `the output of process ${pid} of spawn()`),
  ];
  if (open.length === 0) return;
  throw new SnapshotError(
    `${vm.name}: ${what}: ${open.join(", ")} ${open.length === 1 ? "is" : "are"} open, and a ` +
      "snapshot would cut it; close it first",
  );
}

/** Takes a snapshot of a virtual machine. */
export async function saveVm(core: LabCore, vm: VmRecord): Promise<VmSnapshot> {
  vm.machine.must("snapshot", "snapshot()");
  mustBeWhole(vm, "snapshot()");
  const saved = await vm.machine.save();
  if (!core.closed) return new VmSnapshot(core, vm.name, saved);
  closeSaved(saved);
  throw new SnapshotError(`${vm.name}: snapshot(): the lab was closed during the snapshot`);
}

/** Restores a virtual machine from a snapshot. */
export async function restoreVm(
  vm: VmRecord,
  snapshot: VmSnapshot,
  barrier?: Barrier,
): Promise<void> {
  const what = `${vm.name}: restore()`;
  const saved = savedMachine(snapshot, what);
  if (snapshot.vmName !== vm.name) {
    throw new SnapshotError(
      `${what}: the snapshot is of "${snapshot.vmName}"; restore it there, or in a machine of that name`,
    );
  }
  const conflict = saved.disks.find(({ slot }) => slot < vm.nics.size);
  if (conflict) {
    throw new SnapshotError(
      `${what}: a NIC has taken the slot of the disk "${conflict.name}" since the snapshot; ` +
        "restore it in a machine on fewer bridges",
    );
  }
  mustBeWhole(vm, "restore()");
  await vm.machine.restore({ ...saved, nics: ownNics(vm, saved, what) }, barrier);
}

/** Returns the NICs of a saved machine, with the TAPs and addresses of this one. */
function ownNics(vm: VmRecord, { nics }: SavedMachine, what: string): SavedMachine["nics"] {
  const own = new Map([...vm.nics.values()].map(({ nic }) => [nic.id, nic]));
  if (nics.some(({ id }) => !own.has(id))) {
    throw new SnapshotError(
      `${what}: the snapshot has ${nics.length} NICs, and the machine ${own.size}; ` +
        "attach it to as many bridges first",
    );
  }
  return nics.map((nic) => {
    const { tap, mac } = own.get(nic.id)!;
    return { ...nic, tap, mac, ...mac !== nic.mac && { savedMac: nic.mac } };
  });
}

/** Reads a snapshot that {@link VmSnapshot.save} wrote. */
export async function loadSnapshot(
  core: LabCore,
  directory: string,
  vmName: string,
): Promise<VmSnapshot> {
  core.open("loadSnapshot()");
  const saved = await files.readSaved(directory, {
    label: `loadSnapshot("${vmName}")`,
    checked: true,
  });
  return new VmSnapshot(core, vmName, saved);
}
