import { NodeRemovedError } from "../node/process/errors.ts";
import type { Clock } from "../vm/agent/clock.ts";
import type { Console } from "../vm/qemu/console.ts";
import type { Guest } from "../vm/agent/guest.ts";
import type { GuestWriteOptions } from "../vm/agent/guest_files.ts";
import type { GuestProcess } from "../vm/agent/guest_process.ts";
import type { GuestDirEntry, GuestFileInfo } from "../vm/agent/guest_stat.ts";
import type { RunOptions, RunResult, SpawnOptions } from "../vm/options/run_types.ts";
import type { VmState } from "../vm/options/state.ts";
import type { LabCore } from "./model/lab.ts";
import { Disk } from "./disk.ts";
import type { DiskOptions } from "./guest/disk_options.ts";
import { NotFoundError } from "./options/errors.ts";
import { handles } from "./model/handles.ts";
import { Interface } from "./interface.ts";
import type { InterfaceRecord, VmRecord } from "./model/records.ts";
import { Nic } from "./nic.ts";
import type { VmSnapshot } from "./guest/snapshot.ts";
import { ops } from "./late.ts";

/**
 * A virtual machine: a QEMU guest, on bridges and behind routers like a device. It is switched off
 * until {@link Vm.boot}; its agent runs commands and copies files in the guest.
 *
 * @example
 * ```ts ignore
 * const nas = lab.vm("nas", { profile: "tiny", bridges: [home] });
 * await nas.boot();
 * (await nas.run("ping -c 1 1.2.3.4")).assertOk();
 * ```
 */
export class Vm {
  #core: LabCore;
  #record: VmRecord;

  /**
   * Made by `lab.vm()`.
   *
   * @internal
   */
  constructor(core: LabCore, record: VmRecord) {
    this.#core = core;
    this.#record = record;
    handles.set(this, record);
  }

  /** The name, unique in the lab, and the guest's host name. */
  get name(): string {
    return this.#record.name;
  }

  /** The state of its life cycle. */
  get state(): VmState {
    return this.#record.machine.state;
  }

  /** The IPv4 address of its default interface. */
  get ip(): string | undefined {
    return this.#default()?.ip;
  }

  /** The IPv6 address of its default interface. */
  get ip6(): string | undefined {
    return this.#default()?.ip6;
  }

  /** Its attached interfaces, in the order of their NICs. */
  get interfaces(): Interface[] {
    return [...this.#now.interfaces.values()].map((r) => new Interface(this.#core, r));
  }

  /** Finds an interface by its name in the guest (`eth0`) or that of its bridge. */
  interface(name: string): Interface {
    return new Interface(this.#core, this.#find(name));
  }

  /** Finds a NIC by its name in the guest (`eth0`) or that of its bridge. */
  nic(name: string): Nic {
    return new Nic(this.#core, this.#find(name));
  }

  /** Its attached disks, in the order in which they were attached; also while it is switched off. */
  get disks(): Disk[] {
    return this.#now.machine.disks.all.map(({ name }) => new Disk(this.#core, this.#record, name));
  }

  /**
   * Attaches a disk: a fresh one, or a file of the host. The guest of a running machine has it when
   * this resolves, others after they boot. A machine has eight slots for disks and NICs together.
   *
   * @example
   * ```ts ignore
   * const data = await nas.attachDisk({ size: "64M" });
   * await nas.boot();
   * (await nas.run(`mkfs.vfat ${await data.guestPath()}`)).assertOk();
   * await data.setFaults([{ event: "read", sector: 100 }]);
   * ```
   *
   * @throws {DiskError} If the file does not exist or is not an image for guests, or no slot is
   * free.
   */
  async attachDisk(options: DiskOptions): Promise<Disk> {
    this.#open("attachDisk()");
    return new Disk(this.#core, this.#record, await ops().attachDisk(this.#now, options));
  }

  /** Its serial console, which can be read in any state. */
  get console(): Console {
    return this.#now.machine.console;
  }

  /** The guest's clock. */
  get clock(): Clock {
    return this.#guest("clock").clock;
  }

  /**
   * Boots it, and resolves when the guest answers and has its addresses, routes and names. The
   * first boot of a configuration takes as long as the guest's system does; later ones resume its
   * saved state.
   *
   * @throws {VmError} If it does not come up; the message has the output of QEMU and the guest's
   * console.
   */
  async boot(): Promise<this> {
    this.#open("boot()");
    await this.#now.machine.boot();
    return this;
  }

  /**
   * Requests the guest to shut down, and waits until it has. A guest that does not in time is
   * switched off, and the call fails.
   *
   * @param timeoutMs In milliseconds. Default 30000, and more where guests run slowly.
   */
  async shutdown(timeoutMs?: number): Promise<void> {
    this.#open("shutdown()");
    await this.#now.machine.shutdown(timeoutMs);
  }

  /** Switches it off, as if its power cable were pulled. */
  async powerOff(): Promise<void> {
    this.#open("powerOff()");
    await this.#now.machine.powerOff();
  }

  /** Presses its power button. Most guests shut down then. */
  async powerButton(): Promise<void> {
    this.#open("powerButton()");
    await this.#now.machine.powerButton();
  }

  /** Presses its reset button; resolves when it has booted again. */
  async reset(): Promise<void> {
    this.#open("reset()");
    await this.#now.machine.reset();
  }

  /** Pauses its processors and its clock. */
  async pause(): Promise<void> {
    this.#open("pause()");
    await this.#now.machine.pause();
  }

  /** Resumes its processors. */
  async resume(): Promise<void> {
    this.#open("resume()");
    const { machine } = this.#now;
    await machine.resume();
    await ops().settleGuest(this.#core, this.#now, machine.guest("resume()"));
  }

  /**
   * Saves its state, memory included; it is paused for a moment. Refused while a capture or a spawned
   * command is open, which would be interrupted.
   */
  async snapshot(): Promise<VmSnapshot> {
    this.#open("snapshot()");
    return await ops().saveVm(this.#core, this.#now);
  }

  /** Restores a saved state in place of the present one. Its clock is set to the current time. */
  async restore(snapshot: VmSnapshot): Promise<void> {
    this.#open("restore()");
    await ops().restoreVm(this.#now, snapshot);
  }

  /**
   * Runs a command in the guest: a line for `/bin/sh -c`, or a program and its arguments.
   *
   * @example
   * ```ts ignore
   * const { stdout } = (await vm.run("ip -4 addr show eth0")).assertOk();
   * ```
   */
  run(command: string | string[], options?: RunOptions): Promise<RunResult> {
    return this.#in("run()", (guest) => guest.run(command, options));
  }

  /** Starts a command in the guest, and streams its output. */
  spawn(command: string | string[], options?: SpawnOptions): Promise<GuestProcess> {
    return this.#in("spawn()", (guest) => guest.spawn(command, options));
  }

  /** Reads a file of the guest. */
  readFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
    return this.#in("readFile()", (guest) => guest.readFile(path));
  }

  /** Reads a text file of the guest. */
  readTextFile(path: string): Promise<string> {
    return this.#in("readTextFile()", (guest) => guest.readTextFile(path));
  }

  /** Writes a file of the guest. */
  writeFile(path: string, data: string | Uint8Array, options?: GuestWriteOptions): Promise<void> {
    return this.#in("writeFile()", (guest) => guest.writeFile(path, data, options));
  }

  /** Copies a file or a directory of the host into the guest, with its permissions. */
  pushFile(hostPath: string, guestPath: string): Promise<void> {
    return this.#in("pushFile()", (guest) => guest.pushFile(hostPath, guestPath));
  }

  /** Copies a file of the guest to the host, with its permissions. */
  pullFile(guestPath: string, hostPath: string): Promise<void> {
    return this.#in("pullFile()", (guest) => guest.pullFile(guestPath, hostPath));
  }

  /** Lists a directory of the guest. */
  listDir(path: string): Promise<GuestDirEntry[]> {
    return this.#in("listDir()", (guest) => guest.listDir(path));
  }

  /** Reads the metadata of a file of the guest. */
  stat(path: string): Promise<GuestFileInfo> {
    return this.#in("stat()", (guest) => guest.stat(path));
  }

  #guest(what: string): Guest {
    this.#open(what);
    return this.#now.machine.guest(what);
  }

  async #in<T>(what: string, act: (guest: Guest) => Promise<T>): Promise<T> {
    return await act(this.#guest(what));
  }

  #open(what: string): void {
    this.#core.open(`${this.name}: ${what}`);
  }

  #default(): InterfaceRecord | undefined {
    const { defaultInterface, interfaces } = this.#now;
    return defaultInterface === undefined ? undefined : interfaces.get(defaultInterface);
  }

  #find(name: string): InterfaceRecord {
    const { interfaces } = this.#now;
    const all = [...interfaces.values()];
    const found = interfaces.get(name) ?? all.find(({ segment }) => segment.name === name);
    if (found) return found;
    const names = all.map((iface) => `${iface.name} (on ${iface.segment.name})`).join(", ");
    throw new NotFoundError(
      `${this.name}: there is no interface "${name}"; there are: ${names || "none"}`,
    );
  }

  get #now(): VmRecord {
    if (this.#record.removed) throw new NodeRemovedError(`vm "${this.name}" was removed`);
    return this.#record;
  }
}
