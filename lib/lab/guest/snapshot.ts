import { closeSaved, type SavedMachine, SnapshotError } from "../../vm/saved/saved_machine.ts";
import type { LabCore } from "../model/lab.ts";

/** The saved machines, by handle: only this module reaches the memory of a guest. */
const machines = new WeakMap<VmSnapshot, SavedMachine>();

/**
 * The state of a virtual machine at one moment: memory, processors, devices and disks. Until it is
 * closed, or the lab is, it takes as much memory as the guest had in use, and space on the host for the
 * content of its disks.
 */
export class VmSnapshot implements Disposable {
  /** The name of the machine. */
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
   * Writes it to a new directory. `lab.loadSnapshot()` reads it again, also in another lab.
   */
  async save(directory: string): Promise<void> {
    const { writeSaved } = await import("../../vm/saved/machine.ts");
    await writeSaved(directory, savedMachine(this, "save()"), { checked: true });
  }

  /** Releases its memory and its disks. Idempotent. */
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

/** The content of a snapshot that is open. */
export function savedMachine(snapshot: VmSnapshot, what: string): SavedMachine {
  const machine = machines.get(snapshot);
  if (machine) return machine;
  throw new SnapshotError(
    `${what}: this is not a snapshot, or it was closed; take another with vm.snapshot()`,
  );
}
