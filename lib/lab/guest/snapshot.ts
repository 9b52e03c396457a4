import {
  closeSaved,
  readSaved,
  type SavedMachine,
  SnapshotError,
  writeSaved,
} from "../../vm/saved/machine.ts";
import { openCaptures } from "../../node/capture/open_captures.ts";
import type { LabCore } from "../model/lab.ts";
import type { Barrier } from "../../vm/barrier.ts";
import type { VmRecord } from "../model/records.ts";

/** What was saved, by the handles of it: nobody else gets at the memory of a guest. */
const machines = new WeakMap<VmSnapshot, SavedMachine>();

/**
 * A virtual machine as it was at a moment: its memory, its processors, its devices and what was on its
 * disks. It holds as much memory as the guest had in use, and room on the disk of the host for what its
 * disks had, until it is closed, or the lab is.
 */
export class VmSnapshot implements Disposable {
  /** Of which machine it is. */
  readonly vmName: string;
  /** When it was taken. */
  readonly takenAt: Date;
  #core: LabCore;

  /**
   * Made by `vm.snapshot()`.
   *
   * @internal
   */
  constructor(core: LabCore, vmName: string, machine: SavedMachine) {
    this.#core = core;
    this.vmName = vmName;
    this.takenAt = new Date();
    machines.set(this, machine);
    core.snapshots.add(this);
  }

  /**
   * Writes it to a directory, which must not be there yet; it can be read again by `lab.loadSnapshot()`,
   * in another lab too.
   */
  async save(directory: string): Promise<void> {
    await writeSaved(directory, machineOf(this, "save()"), { checked: true });
  }

  /** Lets go of its memory and its disks. Calling it again does nothing. */
  close(): void {
    const machine = machines.get(this);
    if (machine) closeSaved(machine);
    machines.delete(this);
    this.#core.snapshots.delete(this);
  }

  /** As {@link VmSnapshot.close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}

function machineOf(snapshot: VmSnapshot, what: string): SavedMachine {
  const machine = machines.get(snapshot);
  if (machine) return machine;
  throw new SnapshotError(
    `${what}: this is no snapshot, or one that was closed; take another by vm.snapshot()`,
  );
}

/** Refuses to cut in half what goes on between a guest and the host. */
export function mustBeWhole(vm: VmRecord, what: string): void {
  const open = [
    ...openCaptures(vm.runtime),
    ...[...vm.interfaces.values()].flatMap(({ segment }) => openCaptures(segment.owner.runtime)),
    ...[...vm.machine.processes].map(({ pid }) => `the output of process ${pid} of spawn()`),
  ];
  if (open.length === 0) return;
  throw new SnapshotError(
    `${vm.name}: ${what}: ${open.join(", ")} ${open.length === 1 ? "is" : "are"} open, and would ` +
      "be cut in half; close it first",
  );
}

/** Takes a virtual machine as it is. */
export async function saveVm(core: LabCore, vm: VmRecord): Promise<VmSnapshot> {
  vm.machine.must("snapshot", "snapshot()");
  mustBeWhole(vm, "snapshot()");
  const saved = await vm.machine.save();
  if (!core.closed) return new VmSnapshot(core, vm.name, saved);
  closeSaved(saved);
  throw new SnapshotError(`${vm.name}: snapshot(): the lab was closed meanwhile`);
}

/** Puts a virtual machine back to what it was. */
export async function restoreVm(
  vm: VmRecord,
  snapshot: VmSnapshot,
  barrier?: Barrier,
): Promise<void> {
  const what = `${vm.name}: restore()`;
  const saved = machineOf(snapshot, what);
  if (snapshot.vmName !== vm.name) {
    throw new SnapshotError(
      `${what}: the snapshot is of "${snapshot.vmName}"; restore it there, or in a machine of that name`,
    );
  }
  const conflict = saved.disks.find(({ slot }) => slot < vm.nics.size);
  if (conflict) {
    throw new SnapshotError(
      `${what}: a network card has taken the slot of the disk "${conflict.name}" since the snapshot; ` +
        "make a machine with fewer bridges for it",
    );
  }
  mustBeWhole(vm, "restore()");
  await vm.machine.restore({ ...saved, cards: ownCards(vm, saved, what) }, barrier);
}

/** The cards of a saved machine, with the TAPs and addresses that they have here. */
function ownCards(vm: VmRecord, { cards }: SavedMachine, what: string): SavedMachine["cards"] {
  const own = new Map([...vm.nics.values()].map(({ card }) => [card.id, card]));
  if (cards.some(({ id }) => !own.has(id))) {
    throw new SnapshotError(
      `${what}: the snapshot has ${cards.length} network cards, and the machine ${own.size}; ` +
        "attach it to as many bridges first",
    );
  }
  return cards.map((card) => {
    const { tap, mac } = own.get(card.id)!;
    return { ...card, tap, mac, ...mac !== card.mac && { was: card.mac } };
  });
}

/** Reads what {@link VmSnapshot.save} wrote. */
export async function loadSnapshot(
  core: LabCore,
  directory: string,
  vmName: string,
): Promise<VmSnapshot> {
  core.open("loadSnapshot()");
  const saved = await readSaved(directory, { label: `loadSnapshot("${vmName}")`, checked: true });
  return new VmSnapshot(core, vmName, saved);
}
