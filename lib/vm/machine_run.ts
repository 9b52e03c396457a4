import type { Host } from "../node/process/host.ts";
import type { MemoryFile } from "../../native/files/memory_file.ts";
import type { Acceleration } from "./options/acceleration.ts";
import { GuestAgent } from "./agent/agent.ts";
import { addCard } from "./cards.ts";
import type { Console } from "./qemu/console.ts";
import { VmError } from "./options/errors.ts";
import { Guest } from "./agent/guest.ts";
import type { DriveSpec } from "./options/machine_spec.ts";
import type { Meeting } from "./meeting.ts";
import { loadState, saveState } from "./qemu/migration.ts";
import type { BootSource } from "./profile/profile.ts";
import { Qemu } from "./qemu/qemu.ts";
import type { Card, SavedMachine } from "./saved/saved.ts";
import { type SavedDrive, saveDrives } from "./saved/saved_drives.ts";
import { within } from "./socket/within.ts";

/** How many cards and disks can come and go; each slot more costs a guest's boot some time. */
export const SLOTS = 8;

/** What QEMU itself may take to answer under KVM, in milliseconds. */
const ANSWER_MS = 10_000;

/** What a run begins with. */
export interface RunOptions {
  host: Host;
  source: BootSource;
  acceleration: Acceleration;
  memoryBytes: number;
  cpus: number;
  /** It is the run's from then on. */
  memory: MemoryFile;
  cards: readonly Card[];
  /** Besides those of the source. */
  disks: readonly DriveSpec[];
  /** Whether it takes a saved machine over. */
  incoming: boolean;
  /** How its sockets begin; no other run has them. */
  socketPrefix: string;
  console: Console;
  /** Aborted when it is to end, also before it has begun. */
  life: AbortSignal;
}

/** One QEMU of a machine with its guest, its memory and its cards, from its start to its end. */
export class MachineRun {
  readonly qemu: Qemu;
  readonly agent: GuestAgent;
  readonly guest: Guest;
  /** The cards that it has now. */
  readonly cards: Card[] = [];
  /** How the guest came to run. */
  how: "booted" | "resumed" = "booted";
  #options: RunOptions;
  /** The state of its devices while it stands still: QEMU does not tell it twice. */
  #still: Uint8Array | undefined;

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
    });
  }

  /** Starts QEMU; where that fails, nothing is left, its memory neither. */
  static async start(options: RunOptions): Promise<MachineRun> {
    const { source, acceleration, memory, life } = options;
    try {
      life.throwIfAborted();
      const { arch, kernel, initrd, cmdline, emulatedCpu, drives = [], shares = [] } = source;
      const { memoryBytes, cpus, cards: nics, disks, incoming } = options;
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

  /** Waits until a guest that boots answers. */
  async comeUp(): Promise<void> {
    await this.#agentOpens();
    await this.agent.sync(this.#scaled(this.#options.source.bootMs));
  }

  /** Takes a saved machine over, and has it go on together with others. */
  async load({ state, cards }: SavedMachine, together?: Meeting): Promise<void> {
    this.cards.push(...cards.map((card) => ({ ...card })));
    await loadState(this.qemu, this.#socket, state, this.#scaled(ANSWER_MS));
    await together?.come();
    await this.qemu.qmp.execute("cont");
    await this.agent.sync(this.#scaled(ANSWER_MS));
    await this.guest.clock.set(new Date());
    this.how = "resumed";
  }

  /** Notes that the guest boots anew, by itself or by a reset. */
  bootsAnew(): void {
    this.how = "booted";
    for (const card of this.cards) delete card.was; // The guest forgets that.
  }

  /** Notes that it does not stand still any more. */
  goesOn(): void {
    this.#still = undefined;
  }

  /** Gives it a card, or has the guest see a carrier on one that it has, or none. */
  async plug(card: Card, isOver: () => boolean): Promise<void> {
    const known = this.cards.find(({ id }) => id === card.id);
    if (known?.linkUp === card.linkUp) return;
    const { id, linkUp: up } = card;
    const plugged = known ?? { ...card, linkUp: true };
    if (!known) {
      await addCard(this.qemu, card);
      if (isOver()) return;
      this.cards.push(plugged);
      if (up) return;
    }
    await this.qemu.qmp.execute("set_link", { name: id, up });
    plugged.linkUp = up;
  }

  /**
   * Takes it as it is.
   *
   * @param goOn Whether it runs, and is to go on.
   * @param tidy Whether to make its memory as small as it can be.
   * @param disks Keeps the disks still meanwhile, and saves them; default: they are left out.
   */
  async save(
    goOn: boolean,
    tidy: boolean,
    disks?: { calmly: Calmly; save: () => Promise<SavedMachine["disks"]> },
  ): Promise<Omit<SavedMachine, "shape">> {
    const { qmp } = this.qemu;
    const { life, host, source, memory: own } = this.#options;
    await qmp.execute("stop");
    let memory: MemoryFile | undefined;
    let drives: SavedDrive[] = [];
    try {
      try {
        const take = () => saveState(this.qemu, this.#socket, this.#scaled(ANSWER_MS));
        const state = this.#still ?? await (disks ? disks.calmly(take) : take());
        if (!goOn) this.#still = state;
        life.throwIfAborted();
        if (tidy) own.dropZeros();
        memory = await own.copy(`${host.name} (saved)`);
        life.throwIfAborted();
        const cards = this.cards.map((card) => ({ ...card }));
        drives = await saveDrives(source.drives ?? []);
        return { cards, state, memory, disks: await disks?.save() ?? [], drives };
      } finally {
        if (goOn && !life.aborted) await qmp.execute("cont");
      }
    } catch (error) {
      memory?.close();
      for (const { content } of drives) content.close();
      throw error;
    }
  }

  /** Ends it; what waits for its guest is told why. Resolves when nothing of it is left. */
  async end(why: string): Promise<void> {
    this.agent.close(why.split("\n", 1)[0]);
    this.cards.length = 0;
    await this.qemu.kill();
    this.#options.memory.close();
  }

  /** Waits until the guest opens the agent's port; nothing may be written to it before. */
  async #agentOpens(): Promise<void> {
    const { host, source: { bootMs, noAgent } } = this.#options;
    const timeoutMs = this.#scaled(bootMs);
    const opens = this.qemu.qmp.wait("VSERPORT_CHANGE", {
      timeoutMs: 2 * timeoutMs, // We are the first to give up.
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

  get #socket(): string {
    return `${this.#options.socketPrefix}state`;
  }

  #scaled(ms: number): number {
    return ms * this.#options.acceleration.timeoutFactor;
  }
}

type Calmly = <T>(act: () => Promise<T>) => Promise<T>;
