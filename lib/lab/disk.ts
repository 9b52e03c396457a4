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
  /** Its name, unique in the machine, and the serial number that the guest sees. */
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

  /** Its size, in bytes. */
  get size(): number {
    return this.#record.size;
  }

  /** The file of the host behind it, links resolved; undefined for a fresh one. */
  get path(): string | undefined {
    return this.#record.image?.path;
  }

  /** Whether the guest can only read it. */
  get readOnly(): boolean {
    return this.#record.spec.readOnly;
  }

  /** Its path in the guest, for example `/dev/vda`; it may change with the next boot. */
  guestPath(): Promise<string> {
    return this.#act("guestPath()", (disks, what) => disks.guestPath(this.name, what));
  }

  /**
   * Detaches it from the machine. The machine's own part, a fresh disk or what was written over an
   * image, is lost then. A running guest has to release it, and loses what it has not written.
   *
   * @throws {DiskError} If the guest does not release it in time; then it stays attached.
   */
  detach(): Promise<void> {
    return this.#act("detach()", (disks, what) => disks.detach(this.name, what));
  }

  /**
   * Reads sectors of 512 bytes, also of a machine that is paused or switched off. It does not see
   * what the guest's kernel has in its cache and has not written yet: run `sync` in the guest
   * first.
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
   * keeps using its cache: `echo 1 >/proc/sys/vm/drop_caches` in the guest drops its unused part. It
   * corrupts a mounted file system.
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
   * Makes requests of the guest fail from now on, in place of the former faults; the machine may be
   * switched off. Reading and writing sectors from outside never fails by them. A snapshot keeps
   * them: a fault that happens once may happen again after a restore.
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

  /** Removes all faults. */
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
