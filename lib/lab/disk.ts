import { NodeRemovedError } from "../node/process/errors.ts";
import type { DiskRecord } from "../vm/disk/record.ts";
import type { Disks } from "../vm/disk/disks.ts";
import type { LabCore } from "./model/lab.ts";
import type { DiskFault } from "./guest/disk_options.ts";
import { NotFoundError } from "./options/errors.ts";
import type { VmRecord } from "./model/records.ts";
import { ops } from "./late.ts";

/** A disk of a virtual machine, from `vm.attachDisk()`. */
export class Disk {
  /** Unique in the machine, and the serial number that the guest sees. */
  readonly name: string;
  #core: LabCore;
  #vm: VmRecord;

  /**
   * Made by `vm.attachDisk()`.
   *
   * @internal
   */
  constructor(core: LabCore, vm: VmRecord, name: string) {
    this.#core = core;
    this.#vm = vm;
    this.name = name;
  }

  /** How large it is, in bytes. */
  get size(): number {
    return this.#record.size;
  }

  /** The file of the host's that it was made from, links resolved; undefined of a fresh one. */
  get path(): string | undefined {
    return this.#record.image?.path;
  }

  /** Whether the guest can but read it. */
  get readOnly(): boolean {
    return this.#record.spec.readOnly;
  }

  /** Where the guest has it, for example `/dev/vda`; that may be another place after the next boot. */
  guestPath(): Promise<string> {
    return this.#act("guestPath()", (disks, what) => disks.guestPath(this.name, what));
  }

  /**
   * Takes it away from the machine. What the machine made of it, a fresh disk or what was written over
   * an image, is gone then. A guest that runs has to let go of it, and loses what it has not written.
   *
   * @throws {DiskError} If the guest does not let go of it in time; it stays then.
   */
  detach(): Promise<void> {
    return this.#act("detach()", (disks, what) => disks.detach(this.name, what));
  }

  /**
   * Reads sectors of 512 bytes, also of a machine that is paused or switched off. What the guest's
   * kernel has in its cache and did not write yet is not there: `sync` in the guest first.
   *
   * @param first The first one, from 0.
   */
  readSectors(first: number, count = 1): Promise<Uint8Array<ArrayBuffer>> {
    return this.#act(
      `readSectors(${first}, ${count})`,
      (disks, what) => disks.read(this.name, first, count, what),
    );
  }

  /**
   * Writes sectors of 512 bytes, also of a machine that is paused or switched off. The guest's kernel
   * goes on with what it has in its cache: `echo 1 >/proc/sys/vm/drop_caches` in the guest makes it
   * forget what it does not use. A file system that is mounted is broken by it.
   *
   * @param first The first one, from 0.
   * @param data A multiple of 512 bytes.
   */
  writeSectors(first: number, data: Uint8Array): Promise<void> {
    return this.#act(
      `writeSectors(${first})`,
      (disks, what) => disks.write(this.name, first, data, what),
    );
  }

  /**
   * Has requests of the guest fail from now on, in place of those that did before; a machine may be
   * switched off for it. Reading and writing sectors from outside is never among them. In a snapshot
   * they are kept: one that happens once may do so again after a restore.
   *
   * @example
   * ```ts ignore
   * await disk.setFaults([{ event: "write", sector: 8 }, { event: "flush", once: true }]);
   * ```
   */
  setFaults(faults: readonly DiskFault[]): Promise<void> {
    return this.#act("setFaults()", (disks, what) => {
      const parsed = ops().driveFaults(faults, what);
      return disks.setFaults(this.name, parsed.length > 0 ? parsed : undefined, what);
    });
  }

  /** Has no request fail any more. */
  clearFaults(): Promise<void> {
    return this.#act("clearFaults()", (disks, what) => disks.setFaults(this.name, undefined, what));
  }

  get #record(): DiskRecord {
    const record = this.#disks.find(this.name);
    if (record) return record;
    throw new NotFoundError(
      `${this.#vm.name}: the disk "${this.name}" was detached; attach another by vm.attachDisk()`,
    );
  }

  get #disks(): Disks {
    if (this.#vm.removed) throw new NodeRemovedError(`vm "${this.#vm.name}" was removed`);
    return this.#vm.machine.disks;
  }

  async #act<T>(what: string, act: (disks: Disks, what: string) => Promise<T>): Promise<T> {
    this.#core.open(`${this.#vm.name}: ${what} of the disk "${this.name}"`);
    const disks = this.#disks;
    void this.#record;
    return await act(disks, `${this.#vm.name}: disk "${this.name}": ${what}`);
  }
}
