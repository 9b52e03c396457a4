import type { BridgeSettings } from "../bridging/settings.ts";
import type { LabCore } from "../model/lab.ts";
import type { VmSnapshot } from "./snapshot.ts";

/** The content of a {@link LabSnapshot}, and its lab. */
interface SavedLab {
  core: LabCore;
  saved: {
    /** By name; null for a machine that was off. */
    vms: Map<string, VmSnapshot | null>;
    bridges: Map<string, BridgeSettings>;
  };
}

const labs = new WeakMap<LabSnapshot, SavedLab>();

/**
 * All virtual machines of a lab at one moment, and the rules of its bridges. Devices and routers are not
 * part of it: their programs keep running.
 */
export class LabSnapshot implements Disposable {
  /** When it was taken. */
  readonly takenAt: Date = new Date();

  /** Releases its memory. Idempotent. */
  close(): void {
    for (const snapshot of labs.get(this)?.saved.vms.values() ?? []) snapshot?.close();
    labs.delete(this);
  }

  /** As {@link LabSnapshot.close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** Gives a snapshot its content. */
export function keepSavedLab(snapshot: LabSnapshot, lab: SavedLab): void {
  labs.set(snapshot, lab);
}

/** The content of a snapshot; undefined once it is closed. */
export function savedLab(snapshot: LabSnapshot): SavedLab | undefined {
  return labs.get(snapshot);
}
