import type { Host } from "../node/process/host.ts";
import type { MemoryFile } from "../../native/files/memory_file.ts";
import type { Acceleration } from "./options/acceleration.ts";
import { GuestAgent } from "./agent/agent.ts";
import type { Barrier } from "./barrier.ts";
import type { Console } from "./qemu/console.ts";
import { nicParts } from "./qemu/devices.ts";
import { VmError } from "./options/errors.ts";
import { Guest } from "./agent/guest.ts";
import type { OutputWatcher } from "./agent/guest_context.ts";
import type { DriveSpec } from "./options/machine_spec.ts";
import { loadState, saveState } from "./qemu/migration.ts";
import { SLOTS } from "./options/slots.ts";
import type { BootSource } from "./profile/profile.ts";
import { Qemu } from "./qemu/qemu.ts";
import { type SavedDrive, saveDrives } from "./saved/drives.ts";
import type { SavedMachine, VmNic } from "./saved/saved_machine.ts";
import { within } from "./socket/within.ts";

/** How long QEMU itself may take to answer under KVM, in milliseconds. */
const ANSWER_MS = 10_000;

/** What a run begins with. */
export interface RunOptions {
  host: Host;
  source: BootSource;
  acceleration: Acceleration;
  memoryBytes: number;
  cpus: number;
  /** The run owns it from then on. */
  memory: MemoryFile;
  nics: readonly VmNic[];
  /** The disks besides those of the source. */
  disks: readonly DriveSpec[];
  /** Whether QEMU waits for the state of a saved machine instead of booting. */
  incoming: boolean;
  /** The prefix of its sockets' paths; no other run has it. */
  socketPrefix: string;
  console: Console;
  /** Makes what sees a stream of output of a command in the guest. */
  watch: (() => OutputWatcher | undefined) | undefined;
  /** Aborted when the run must end, also before it has begun. */
  life: AbortSignal;
}

/** How to save the disks of a machine along with its state. */
export interface DiskSaver {
  /** Runs `act` while no flush of a disk fails on purpose. */
  withoutFlushFaults<T>(act: () => Promise<T>): Promise<T>;
  /** Copies the disks of the stopped machine. */
  save(): Promise<SavedMachine["disks"]>;
}

/** One QEMU of a machine with its guest, its memory and its NICs, from its start to its end. */
export class MachineRun {
  readonly qemu: Qemu;
  readonly agent: GuestAgent;
  readonly guest: Guest;
  /** The NICs that are plugged in. */
  readonly nics: VmNic[] = [];
  /** How the guest came up. */
  how: "booted" | "resumed" = "booted";
  #options: RunOptions;
  /** The device state of the paused machine, once saved: QEMU does not write it a second time. */
  #pausedState: Uint8Array | undefined;

  private constructor(options: RunOptions, qemu: Qemu) {
    const { host: { name: label }, acceleration } = options;
    this.#options = options;
    this.qemu = qemu;
    this.agent = new GuestAgent({
      connect: () => Deno.connect({ transport: "unix", path: qemu.agentPath }),
      label,
      hint: () => qemu.hint,
      timeoutMs: this.#scaled(ANSWER_MS),
    });
    this.guest = new Guest({
      agent: this.agent,
      label,
      timeoutFactor: acceleration.timeoutFactor,
      watch: options.watch,
    });
  }

  /** Starts QEMU. If that fails, nothing is left, and its memory is released too. */
  static async start(options: RunOptions): Promise<MachineRun> {
    const { source, acceleration, memory, life } = options;
    try {
      life.throwIfAborted();
      const { arch, kernel, initrd, cmdline, emulatedCpu, drives = [], shares = [] } = source;
      const { memoryBytes, cpus, nics, disks, incoming } = options;
      const boot = { arch, kernel, initrd, cmdline, emulatedCpu, incoming };
      const qemu = await Qemu.start({
        ...options,
        spec: {
          ...boot,
          accel: acceleration.accel,
          memoryBytes,
          cpus,
          nics,
          drives: [...drives, ...disks],
          shares,
          hotplugSlots: SLOTS,
        },
        timeoutMs: ANSWER_MS * acceleration.timeoutFactor,
        signal: life,
      });
      if (!life.aborted) return new MachineRun(options, qemu);
      await qemu.kill();
      throw life.reason;
    } catch (error) {
      memory.close();
      throw error;
    }
  }

  /** Waits until the agent of a booting guest answers. */
  async comeUp(): Promise<void> {
    await this.#agentOpens();
    await this.agent.sync(this.#scaled(this.#options.source.bootMs));
  }

  /** Loads a saved machine and resumes it, together with the others of the barrier. */
  async load({ state, nics }: SavedMachine, barrier?: Barrier): Promise<void> {
    this.nics.push(...nics.map((nic) => ({ ...nic })));
    await loadState(this.qemu, this.#stateSocket, state, this.#scaled(ANSWER_MS));
    await barrier?.arrive();
    await this.qemu.qmp.execute("cont");
    await this.agent.sync(this.#scaled(ANSWER_MS));
    await this.guest.clock.set(new Date());
    this.how = "resumed";
  }

  /** Records that the guest boots again, by itself or by a reset. */
  rebooted(): void {
    this.how = "booted";
    for (const nic of this.nics) delete nic.savedMac; // The guest has forgotten it.
  }

  /** Records that the machine is not paused any more. */
  unpaused(): void {
    this.#pausedState = undefined;
  }

  /** Plugs a NIC in, or sets the carrier of one that is there. Stops early when `isOver` says so. */
  async plug(nic: VmNic, isOver: () => boolean): Promise<void> {
    const known = this.nics.find(({ id }) => id === nic.id);
    if (known?.linkUp === nic.linkUp) return;
    const { id, linkUp: up } = nic;
    const plugged = known ?? { ...nic, linkUp: true };
    if (!known) {
      await this.#add(nic);
      if (isOver()) return;
      this.nics.push(plugged);
      if (up) return;
    }
    await this.qemu.qmp.execute("set_link", { name: id, up });
    plugged.linkUp = up;
  }

  /** Plugs a new NIC in; the guest sees it some time later. */
  async #add(nic: VmNic): Promise<void> {
    const { qmp } = this.qemu;
    const { netdev, device } = nicParts(nic);
    await qmp.execute("netdev_add", netdev);
    try {
      await qmp.execute("device_add", device);
    } catch (error) {
      await qmp.execute("netdev_del", { id: netdev.id });
      throw error;
    }
  }

  /**
   * Saves the machine.
   *
   * @param resume Whether the machine runs, and must continue afterwards.
   * @param compact Whether to make its memory as small as possible first.
   * @param disks Saves the attached disks; default: they are left out.
   */
  async save(
    resume: boolean,
    compact: boolean,
    disks?: DiskSaver,
  ): Promise<Omit<SavedMachine, "shape">> {
    const { qmp } = this.qemu;
    const { life, host, source, memory: own } = this.#options;
    await qmp.execute("stop");
    let memory: MemoryFile | undefined;
    let drives: SavedDrive[] = [];
    try {
      try {
        const write = () => saveState(this.qemu, this.#stateSocket, this.#scaled(ANSWER_MS));
        const state = this.#pausedState ??
          await (disks ? disks.withoutFlushFaults(write) : write());
        if (!resume) this.#pausedState = state;
        life.throwIfAborted();
        if (compact) own.dropZeros();
        memory = await own.copy(`${host.name} (saved)`);
        life.throwIfAborted();
        const nics = this.nics.map((nic) => ({ ...nic }));
        drives = await saveDrives(source.drives ?? []);
        return { nics, state, memory, disks: await disks?.save() ?? [], drives };
      } finally {
        if (resume && !life.aborted) await qmp.execute("cont");
      }
    } catch (error) {
      memory?.close();
      for (const { content } of drives) content.close();
      throw error;
    }
  }

  /** The reason of a kernel panic, from the console. */
  get panic(): string {
    const { log } = this.#options.console;
    const reasons = [...log.matchAll(/Kernel panic - not syncing: ([^\r\n]+)/g)];
    return `the guest's kernel panicked${reasons.length > 0 ? `: ${reasons.at(-1)![1]}` : ""}`;
  }

  /** Ends QEMU; calls that wait for its guest fail with the reason. Resolves when nothing is left. */
  async end(why: string): Promise<void> {
    this.agent.close(why.split("\n", 1)[0]);
    this.nics.length = 0;
    await this.qemu.kill();
    this.#options.memory.close();
  }

  /** Waits until the guest opens the agent's port; nothing may be written to it before. */
  async #agentOpens(): Promise<void> {
    const { host, source: { bootMs, noAgent } } = this.#options;
    const timeoutMs = this.#scaled(bootMs);
    const opens = this.qemu.qmp.wait("VSERPORT_CHANGE", {
      timeoutMs: 2 * timeoutMs, // The deadline below comes first.
      where: ({ id, open }) => id === "agent" && open === true,
    });
    await within(opens, timeoutMs, () => {
      const parts = [
        `${host.name}: boot: no agent of the guest answered within ${timeoutMs} ms`,
        noAgent,
      ].filter((part) => part !== undefined).join(": ");
      return new VmError([parts, this.qemu.hint].filter((part) => part !== "").join("\n"));
    });
  }

  get #stateSocket(): string {
    return `${this.#options.socketPrefix}state`;
  }

  #scaled(ms: number): number {
    return ms * this.#options.acceleration.timeoutFactor;
  }
}
