import type { Host } from "../../node/process/host.ts";
import { faultsNode } from "../qemu/devices.ts";
import { checkBase, discardDisk, makeDisk, needsFile, saveDisk, unpackDisk } from "./files.ts";
import { pathInGuest, seenInGuest } from "./guest.ts";
import { plugDisk, swapFaults, unplugDisk } from "./plug.ts";
import type { DiskRecord, SavedDisk, WantedDisk } from "./record.ts";
import { readDisk, type SectorAccess, writeDisk } from "./sectors.ts";
import { SECTOR } from "../options/disk_size.ts";
import { DiskError } from "../options/errors.ts";
import type { Guest } from "../agent/guest.ts";
import type { DriveFault, DriveSpec } from "../options/machine_spec.ts";
import type { Qemu } from "../qemu/qemu.ts";
import type { VmOperation } from "../options/state.ts";

/** What a guest under KVM may take to see a disk, or to let go of it, in milliseconds. */
const GUEST_MS = 5_000;

/** What the disks of a machine have of it. */
export interface DiskSite {
  host: Host;
  /** Its own, gone with it; `host.enter()` makes it. */
  directory: string;
  /** How many hot-plug slots it has. Network cards fill them from the first on, disks from the last. */
  slots: number;
  /** Refuses what cannot be done in its state. */
  must(operation: VmOperation, what: string): void;
  /** The QEMU that runs. */
  qemu(): Qemu | undefined;
  /** What works in the guest, also of one that is booting. */
  guest(): Guest | undefined;
  /** What the guest has from the start. */
  drives(): readonly DriveSpec[];
  /** A time for a host that runs guests slowly. */
  scaled(ms: number): number;
}

/** The disks of a machine. What is done to them is done one after another. */
export class Disks {
  #site: DiskSite;
  #all: DiskRecord[] = [];
  /** The slot of one that is being made. */
  #promised: number | undefined;
  #turns: Promise<unknown> = Promise.resolve();
  #made = 0;

  /** Does nothing yet. */
  constructor(site: DiskSite) {
    this.#site = site;
  }

  /** In the order in which they were attached. */
  get all(): readonly DiskRecord[] {
    return this.#all;
  }

  /** The first slot that is a disk's, or the number of slots. */
  get firstSlot(): number {
    const slots = this.#all.map(({ slot }) => slot);
    return Math.min(this.#site.slots, this.#promised ?? Infinity, ...slots);
  }

  /** The disk of a name, if there is one. */
  find(name: string): DiskRecord | undefined {
    return this.#all.find((disk) => disk.name === name);
  }

  /**
   * Makes a disk, and plugs it in where the machine runs; resolves when the guest sees it.
   *
   * @param cards How many slots network cards have now.
   * @throws {DiskError} If it cannot be had; nothing of it is left then.
   */
  attach(wanted: WantedDisk, cards: () => number, what: string): Promise<DiskRecord> {
    return this.#inTurn(async () => {
      this.#site.must("attachDisk", what);
      const name = wanted.name ?? this.#freeName();
      if (this.find(name)) {
        throw new DiskError(`${what}: it has a disk "${name}"; give this one another name`);
      }
      this.#promised = this.#freeSlot(cards(), what);
      try {
        if (needsFile(wanted)) this.#site.host.enter(() => {}); // Makes the directory.
        const place = { name, slot: this.#promised, ownPath: this.#path(name), what };
        const disk = await makeDisk(wanted, place);
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
        this.#promised = undefined;
      }
    });
  }

  /** Takes a disk away; what the machine made of it is gone. */
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

  /** Has errors be made up, or none. */
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

  /** Reads sectors of 512 bytes, as they are on the disk: not what the guest has yet to write. */
  read(name: string, first: number, count: number, what: string): Promise<Uint8Array<ArrayBuffer>> {
    return this.#inTurn(async () => {
      const disk = this.#reach(name, first, count, what);
      return await readDisk(this.#access(what), disk, first * SECTOR, count * SECTOR);
    });
  }

  /** Writes sectors; what the guest has read before, it may remember. */
  write(name: string, first: number, data: Uint8Array, what: string): Promise<void> {
    return this.#inTurn(async () => {
      if (data.length % SECTOR !== 0) {
        throw new DiskError(
          `${what}: ${data.length} bytes are no whole number of sectors of ${SECTOR}`,
        );
      }
      const disk = this.#reach(name, first, data.length / SECTOR, what);
      if (disk.spec.readOnly) {
        throw new DiskError(`${what}: the disk "${name}" was attached read-only`);
      }
      await writeDisk(this.#access(what), disk, first * SECTOR, data);
    });
  }

  /** Plugs all into a machine that has just booted without them. */
  plugAll(): Promise<void> {
    return this.#inTurn(() => this.#plug(this.#all, `${this.#site.host.name}.boot()`));
  }

  /** What a machine gets that starts with all of them. */
  specs(): Promise<DriveSpec[]> {
    return this.#inTurn(async () => {
      for (const disk of this.#all) {
        this.#mustBeAlone(disk.name, `${this.#site.host.name}.boot()`);
        await checkBase(disk, `${this.#site.host.name}.boot()`);
        disk.faultsNode = disk.spec.faults && faultsNode(disk.spec.id);
      }
      return this.#all.map(({ spec }) => spec);
    });
  }

  /** Keeps everybody off the disks while `act` runs, which may save them. */
  exclusively<T>(act: () => Promise<T>): Promise<T> {
    return this.#inTurn(act);
  }

  /** Refuses to save what cannot be put back. */
  mustBeSavable(what: string): void {
    const direct = this.#all.find(({ own, spec }) => !own && !spec.readOnly);
    if (!direct) return;
    throw new DiskError(
      `${this.#site.host.name}.${what}: the guest writes to ${direct.spec.path} itself, by the disk ` +
        `"${direct.name}", and that is not taken back by a restore; attach it with copyOnWrite, or ` +
        "detach it first",
    );
  }

  /**
   * Runs `act`, of a machine that stands still, without the errors that would have QEMU fail to write
   * what it has to; for `exclusively()`.
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

  /** Copies of all, of a machine that stands still and has written all it had to; for `exclusively()`. */
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

  /** Makes files of saved disks, which `replace()` puts in the place of those that there are. */
  async unpack(saved: readonly SavedDisk[], what: string): Promise<DiskRecord[]> {
    this.#site.host.enter(() => {}); // Makes the directory.
    const disks: DiskRecord[] = [];
    try {
      for (const each of saved) {
        this.#mustBeGiven(each, what);
        disks.push(await unpackDisk(each, { ownPath: this.#path(each.name), what }));
      }
      return disks;
    } catch (error) {
      await this.discard(disks);
      throw error;
    }
  }

  /** Of a machine that is switched off: these, and no others. Returns what it starts with. */
  replace(disks: DiskRecord[]): Promise<DriveSpec[]> {
    return this.#inTurn(async () => {
      const before = this.#all;
      this.#all = disks;
      for (const disk of before) await discardDisk(disk);
      return disks.map(({ spec }) => spec);
    });
  }

  /** Throws away what `unpack()` made. */
  async discard(disks: readonly DiskRecord[]): Promise<void> {
    for (const disk of disks) await discardDisk(disk);
  }

  /** Lets go of what is not gone with the machine's directory. */
  close(): void {
    for (const disk of this.#all.splice(0)) disk.lock?.close();
  }

  /** Where the guest sees a disk. */
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
      this.#mustBeAlone(disk.name, what);
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
      throw new DiskError(`${what}: sectors are counted by whole numbers from 0 on`);
    }
    if ((first + count) * SECTOR > disk.size) {
      throw this.#outside(what, disk, `${count} from ${first} on are too many`);
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

  #freeSlot(cards: number, what: string): number {
    const { slots } = this.#site;
    for (let slot = slots - 1; slot >= cards; slot--) {
      if (!this.#all.some((disk) => disk.slot === slot)) return slot;
    }
    throw new DiskError(
      `${what}: all ${slots} slots are taken, by ${cards} network cards and ${this.#all.length} ` +
        "disks; detach a disk first",
    );
  }

  /** A snapshot of somebody else's gets a guest no file of the host that its user did not give it. */
  #mustBeGiven({ name, image, loaded }: SavedDisk, what: string): void {
    if (!loaded || !image || this.#all.some((disk) => disk.image?.path === image.path)) return;
    throw new DiskError(
      `${what}: the snapshot's disk "${name}" is of ${image.path}, which this machine was not given: ` +
        "call attachDisk() with that path before",
    );
  }

  /** Two disks of one serial number could not be told apart. */
  #mustBeAlone(name: string, what: string): void {
    if (!this.#site.drives().some(({ id, serial = id }) => serial === name)) return;
    throw new DiskError(
      `${what}: the guest's own system has a disk "${name}"; detach yours, and give it another name`,
    );
  }

  #path(name: string): string {
    return `${this.#site.directory}/${++this.#made}-disk-${name}`;
  }
}
