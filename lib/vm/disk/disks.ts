/**
 * The disks of a machine: attached, detached, saved, read and written from outside, with injected errors.
 * Imports `options`, `agent`, `qemu`, `files` and `node`. Begin here, then read `record.ts`.
 *
 * @module
 */

import type { Host } from "../../node/process/host.ts";
import { faultsNode } from "../qemu/devices.ts";
import { checkBase, discardDisk, makeDisk, needsFile, saveDisk, unpackDisk } from "./files.ts";
import { pathInGuest, seenInGuest } from "./guest.ts";
import { plugDisk, swapFaults, unplugDisk } from "./plug.ts";
import type { DiskRecord, DiskRequest, SavedDisk } from "./record.ts";
import { readDisk, type SectorAccess, writeDisk } from "./sectors.ts";
import { SECTOR } from "../options/disk_size.ts";
import { DiskError } from "../options/errors.ts";
import type { Guest } from "../agent/guest.ts";
import type { DriveFault, DriveSpec } from "../options/machine_spec.ts";
import type { Qemu } from "../qemu/qemu.ts";
import type { VmOperation } from "../options/state.ts";

/** How long a guest under KVM may take to see a disk, or to release it, in milliseconds. */
const GUEST_MS = 5_000;

/** What disks need of their machine. */
export interface DiskSite {
  host: Host;
  /** The machine's own directory, removed with it; `host.enter()` creates it. */
  directory: string;
  /** The number of hot-plug slots. NICs fill them from the first on, disks from the last. */
  slots: number;
  /** Refuses an operation that its state does not allow. */
  must(operation: VmOperation, what: string): void;
  /** Returns the running QEMU. */
  qemu(): Qemu | undefined;
  /** Returns the guest, also while it boots. */
  guest(): Guest | undefined;
  /** Returns the drives that the guest has from the start. */
  drives(): readonly DriveSpec[];
  /** Scales a time that was chosen for KVM to the acceleration of the machine. */
  scaled(ms: number): number;
}

/** The disks of a machine. Operations on them run one after another. */
export class Disks {
  #site: DiskSite;
  #all: DiskRecord[] = [];
  /** The slot of a disk that is being created. */
  #reserved: number | undefined;
  #turns: Promise<unknown> = Promise.resolve();
  #made = 0;

  /** Does nothing yet. */
  constructor(site: DiskSite) {
    this.#site = site;
  }

  /** All disks, in the order in which they were attached. */
  get all(): readonly DiskRecord[] {
    return this.#all;
  }

  /** The lowest slot of a disk; without disks, the number of slots. */
  get firstSlot(): number {
    const slots = this.#all.map(({ slot }) => slot);
    return Math.min(this.#site.slots, this.#reserved ?? Infinity, ...slots);
  }

  /** Finds a disk by name. */
  find(name: string): DiskRecord | undefined {
    return this.#all.find((disk) => disk.name === name);
  }

  /**
   * Creates a disk, and plugs it in if the machine runs; resolves when the guest sees it.
   *
   * @param nics Returns how many slots NICs occupy now.
   * @throws {DiskError} If that fails; nothing is left behind then.
   */
  attach(request: DiskRequest, nics: () => number, what: string): Promise<DiskRecord> {
    return this.#inTurn(async () => {
      this.#site.must("attachDisk", what);
      const name = request.name ?? this.#freeName();
      if (this.find(name)) {
        throw new DiskError(
          `${what}: the machine has a disk "${name}"; give this one another name`,
        );
      }
      this.#reserved = this.#freeSlot(nics(), what);
      try {
        if (needsFile(request)) this.#site.host.enter(() => {}); // Creates the directory.
        const place = { name, slot: this.#reserved, ownPath: this.#path(name), what };
        const disk = await makeDisk(request, place);
        try {
          this.#site.must("attachDisk", what);
          await this.#plug([disk], what);
        } catch (error) {
          await discardDisk(disk);
          throw error;
        }
        this.#all.push(disk);
        return disk;
      } finally {
        this.#reserved = undefined;
      }
    });
  }

  /** Removes a disk, with the machine's own file of it. */
  detach(name: string, what: string): Promise<void> {
    return this.#inTurn(async () => {
      this.#site.must("detachDisk", what);
      const disk = this.#get(name, what);
      const qemu = this.#site.qemu();
      if (qemu) await unplugDisk(qemu, disk, what, this.#site.scaled(GUEST_MS));
      this.#all = this.#all.filter((each) => each !== disk);
      await discardDisk(disk);
    });
  }

  /** Sets the injected errors; undefined removes them. */
  setFaults(name: string, faults: readonly DriveFault[] | undefined, what: string): Promise<void> {
    return this.#inTurn(async () => {
      this.#site.must("useDisk", what);
      const disk = this.#get(name, what);
      const outside = faults?.find(({ sector = 0 }) => sector * SECTOR >= disk.size);
      if (outside) throw this.#outside(what, disk, `there is no sector ${outside.sector}`);
      const qemu = this.#site.qemu();
      if (qemu) await swapFaults(qemu, disk, faults);
      else disk.spec.faults = faults;
    });
  }

  /** Reads sectors of 512 bytes from the disk, without what the guest has not written yet. */
  read(name: string, first: number, count: number, what: string): Promise<Uint8Array<ArrayBuffer>> {
    return this.#inTurn(async () => {
      const disk = this.#reach(name, first, count, what);
      return await readDisk(this.#access(what), disk, first * SECTOR, count * SECTOR);
    });
  }

  /** Writes sectors; the guest may still have the old content in its cache. */
  write(name: string, first: number, data: Uint8Array, what: string): Promise<void> {
    return this.#inTurn(async () => {
      if (data.length % SECTOR !== 0) {
        throw new DiskError(
          `${what}: ${data.length} bytes are not a whole number of sectors of ${SECTOR} bytes`,
        );
      }
      const disk = this.#reach(name, first, data.length / SECTOR, what);
      if (disk.spec.readOnly) {
        throw new DiskError(`${what}: the disk "${name}" was attached read-only`);
      }
      await writeDisk(this.#access(what), disk, first * SECTOR, data);
    });
  }

  /** Plugs all disks into a machine that has just booted without them. */
  plugAll(): Promise<void> {
    return this.#inTurn(() => this.#plug(this.#all, `${this.#site.host.name}.boot()`));
  }

  /** Returns all disks for a machine that starts with them. */
  specs(): Promise<DriveSpec[]> {
    return this.#inTurn(async () => {
      for (const disk of this.#all) {
        this.#mustBeUnique(disk.name, `${this.#site.host.name}.boot()`);
        await checkBase(disk, `${this.#site.host.name}.boot()`);
        disk.faultsNode = disk.spec.faults && faultsNode(disk.spec.id);
      }
      return this.#all.map(({ spec }) => spec);
    });
  }

  /** Runs `act` while no other operation on the disks runs. */
  exclusively<T>(act: () => Promise<T>): Promise<T> {
    return this.#inTurn(act);
  }

  /** Refuses to save disks that cannot be restored. */
  mustBeSavable(what: string): void {
    const direct = this.#all.find(({ own, spec }) => !own && !spec.readOnly);
    if (!direct) return;
    throw new DiskError(
      `${this.#site.host.name}.${what}: the guest writes directly to ${direct.spec.path}, with the ` +
        `disk "${direct.name}", and a restore cannot undo that; attach it with copyOnWrite, or ` +
        "detach it first",
    );
  }

  /**
   * Runs `act` for a paused machine without injected flush errors, which would keep QEMU from writing
   * its data. Call it within `exclusively()`.
   */
  async withoutFlushFaults<T>(act: () => Promise<T>): Promise<T> {
    const qemu = this.#site.qemu()!;
    const faulty = this.#all.filter(({ spec }) =>
      spec.faults?.some(({ event }) => event === "flush")
    )
      .map((disk) => ({ disk, faults: disk.spec.faults }));
    try {
      for (const { disk } of faulty) await swapFaults(qemu, disk, undefined);
      return await act();
    } finally {
      for (const { disk, faults } of faulty) await swapFaults(qemu, disk, faults);
    }
  }

  /** Copies all disks of a paused machine, after QEMU has flushed them. Call it within `exclusively()`. */
  async save(): Promise<SavedDisk[]> {
    const saved: SavedDisk[] = [];
    try {
      for (const disk of this.#all) {
        const what = `the disk "${disk.name}" of ${this.#site.host.name}`;
        saved.push(await saveDisk(disk, this.#site.directory, what));
      }
      return saved;
    } catch (error) {
      for (const { content } of saved) content?.close();
      throw error;
    }
  }

  /** Creates the files of saved disks; `replace()` then makes them the machine's disks. */
  async unpack(saved: readonly SavedDisk[], what: string): Promise<DiskRecord[]> {
    this.#site.host.enter(() => {}); // Creates the directory.
    const disks: DiskRecord[] = [];
    try {
      for (const each of saved) {
        this.#mustBeAttached(each, what);
        disks.push(await unpackDisk(each, { ownPath: this.#path(each.name), what }));
      }
      return disks;
    } catch (error) {
      await this.discard(disks);
      throw error;
    }
  }

  /** Replaces all disks of a machine that is switched off. Returns those that it starts with. */
  replace(disks: DiskRecord[]): Promise<DriveSpec[]> {
    return this.#inTurn(async () => {
      const before = this.#all;
      this.#all = disks;
      for (const disk of before) await discardDisk(disk);
      return disks.map(({ spec }) => spec);
    });
  }

  /** Removes what `unpack()` created. */
  async discard(disks: readonly DiskRecord[]): Promise<void> {
    for (const disk of disks) await discardDisk(disk);
  }

  /** Releases what is not removed with the machine's directory. */
  close(): void {
    for (const disk of this.#all.splice(0)) disk.lock?.close();
  }

  /** Returns the path of a disk in the guest. */
  async guestPath(name: string, what: string): Promise<string> {
    this.#site.must("use", what);
    this.#get(name, what);
    return await pathInGuest(this.#site.guest()!, name, what);
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#turns.then(act);
    this.#turns = turn.catch(() => {});
    return turn;
  }

  async #plug(disks: readonly DiskRecord[], what: string): Promise<void> {
    const qemu = this.#site.qemu();
    if (!qemu || disks.length === 0) return;
    for (const disk of disks) {
      this.#mustBeUnique(disk.name, what);
      await checkBase(disk, what);
      await plugDisk(qemu, disk, what);
    }
    try {
      const names = disks.map(({ name }) => name);
      await seenInGuest(this.#site.guest()!, names, what, this.#site.scaled(GUEST_MS));
    } catch (error) {
      const timeoutMs = this.#site.scaled(GUEST_MS);
      for (const disk of disks) await unplugDisk(qemu, disk, what, timeoutMs).catch(() => {});
      throw error;
    }
  }

  #reach(name: string, first: number, count: number, what: string): DiskRecord {
    this.#site.must("useDisk", what);
    const disk = this.#get(name, what);
    const isCount = (n: number) => Number.isSafeInteger(n) && n >= 0;
    if (!isCount(first) || !isCount(count)) {
      throw new DiskError(`${what}: sector numbers and counts are whole numbers from 0 on`);
    }
    if ((first + count) * SECTOR > disk.size) {
      throw this.#outside(what, disk, `the request ends at sector ${first + count - 1}`);
    }
    return disk;
  }

  #outside(what: string, { name, size }: DiskRecord, why: string): DiskError {
    return new DiskError(`${what}: the disk "${name}" has ${size / SECTOR} sectors: ${why}`);
  }

  #access(what: string): SectorAccess {
    const { host, directory } = this.#site;
    const socketPath = `${directory}/${++this.#made}-nbd`;
    const timeoutMs = this.#site.scaled(GUEST_MS);
    return { host, qemu: this.#site.qemu(), socketPath, what, timeoutMs };
  }

  #get(name: string, what: string): DiskRecord {
    const disk = this.find(name);
    if (disk) return disk;
    const names = this.#all.map((each) => each.name).join(", ");
    throw new DiskError(
      `${what}: there is no disk "${name}" any more; there are: ${names || "none"}`,
    );
  }

  #freeName(): string {
    for (let n = 0;; n++) if (!this.find(`disk${n}`)) return `disk${n}`;
  }

  #freeSlot(nics: number, what: string): number {
    const { slots } = this.#site;
    for (let slot = slots - 1; slot >= nics; slot--) {
      if (!this.#all.some((disk) => disk.slot === slot)) return slot;
    }
    throw new DiskError(
      `${what}: all ${slots} slots are in use, by ${nics} NICs and ${this.#all.length} ` +
        "disks; detach a disk first",
    );
  }

  /** Refuses a loaded snapshot that would give a guest a file of the host that its user did not attach. */
  #mustBeAttached({ name, image, loaded }: SavedDisk, what: string): void {
    if (!loaded || !image || this.#all.some((disk) => disk.image?.path === image.path)) return;
    throw new DiskError(
      `${what}: the snapshot's disk "${name}" is based on ${image.path}, which is not attached to ` +
        "this machine: call attachDisk() with that path first",
    );
  }

  /** Refuses a disk with the name of one of the guest's own: the serial numbers would be the same. */
  #mustBeUnique(name: string, what: string): void {
    if (!this.#site.drives().some(({ id, serial = id }) => serial === name)) return;
    throw new DiskError(
      `${what}: the guest's own system has a disk "${name}"; detach yours, and give it another name`,
    );
  }

  #path(name: string): string {
    return `${this.#site.directory}/${++this.#made}-disk-${name}`;
  }
}
