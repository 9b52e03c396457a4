import type { Host } from "../node/host.ts";
import { MemoryFile } from "../../native/memory_file.ts";
import type { Acceleration } from "./acceleration.ts";
import { GuestAgent } from "./agent.ts";
import { BootCache } from "./boot_cache.ts";
import { Console } from "./console.ts";
import { nicParts } from "./devices.ts";
import { Disks } from "./disks.ts";
import { VmError } from "./errors.ts";
import { Guest } from "./guest.ts";
import type { GuestProcess } from "./guest_process.ts";
import { loadState, saveState } from "./migration.ts";
import type { DriveSpec, GuestArch } from "./machine_spec.ts";
import type { BootSource, Helper, Profile } from "./profile.ts";
import { Qemu } from "./qemu.ts";
import type { QmpEvent } from "./qmp.ts";
import {
  type Card,
  closeSaved,
  type MachineShape,
  mustFit,
  type SavedMachine,
  SnapshotError,
} from "./saved.ts";
import { mustAllow, type VmOperation, type VmState } from "./state.ts";
import { within } from "./within.ts";

/** How many cards and disks can come and go; each slot more costs a guest's boot some time. */
export const SLOTS = 8;

/** What QEMU itself may take to answer under KVM, in milliseconds. */
const ANSWER_MS = 10_000;
/** What a guest may take to shut down. */
const SHUTDOWN_MS = 30_000;

/** Where a QEMU runs; it may be there for a moment longer in another state. */
const HAS_QEMU: readonly VmState[] = ["booting", "running", "paused", "stopping"];

/** What a machine is made of. */
export interface VirtualMachineOptions {
  host: Host;
  /** Exists as long as the host's processes. */
  directory: string;
  profile: Profile;
  memoryBytes: number;
  cpus: number;
  acceleration: (arch: GuestArch) => Promise<Acceleration>;
  /** Where machines that have booted are kept; undefined for nowhere. */
  cache: BootCache | undefined;
  /** Tells of what takes its time. */
  onProgress: (line: string) => void;
  /** Makes a guest that has come up what it is to be, before anybody else may use it. */
  settle: (guest: Guest, how: "booted" | "resumed") => Promise<void>;
  /** Told of each new state, and why, if it was not asked for. */
  onState: (state: VmState, why?: string) => void;
  /** Given all that the guest writes to its console. */
  onConsole?: (chunk: Uint8Array) => void;
}

/** Where several machines wait for each other before they go on. */
export interface Meeting {
  /** Resolves when all have come. */
  come(): Promise<void>;
  /** Says that one will not come; the others go on without it. */
  leave(): void;
}

/** A QEMU virtual machine: its life, without the network that it is in. */
export class VirtualMachine {
  readonly console: Console;
  /** The cards that it has now; none while it is switched off. */
  readonly cards: Card[] = [];
  /** The disks that were attached to it, also while it is switched off. */
  readonly disks: Disks;
  #options: VirtualMachineOptions;
  #state: VmState = "defined";
  /** What is under way that cannot be together with anything else. */
  #busy: string | undefined;
  #qemu: Qemu | undefined;
  #agent: GuestAgent | undefined;
  #guest: Guest | undefined;
  #memory: MemoryFile | undefined;
  #source: BootSource | undefined;
  #acceleration: Acceleration | undefined;
  #started = 0;
  /** How the guest came to run. */
  #how: "booted" | "resumed" = "booted";
  #helpers: readonly Helper[] = [];
  /** What keeps it from coming up. */
  #broken: VmError | undefined;

  /** Does nothing yet. */
  constructor(options: VirtualMachineOptions) {
    this.#options = options;
    const { host, directory } = options;
    this.console = new Console({ label: host.name, sink: options.onConsole });
    this.disks = new Disks({
      host,
      directory,
      slots: SLOTS,
      must: (operation, what) => this.must(operation, what),
      qemu: () => HAS_QEMU.includes(this.#state) ? this.#qemu : undefined,
      guest: () => this.#guest,
      drives: () => this.#source?.drives ?? [],
      scaled: (ms) => this.#scaled(ms),
    });
  }

  /** Where it is in its life. */
  get state(): VmState {
    return this.#state;
  }

  /** What it was booted from; undefined before. */
  get source(): BootSource | undefined {
    return this.#source;
  }

  /** What works in the guest; `what` is what was asked of it, for the message. */
  guest(what: string): Guest {
    this.must("use", what);
    return this.#guest!;
  }

  /** What was spawned in the guest, and has not ended. */
  get processes(): Iterable<GuestProcess> {
    return this.#guest?.processes ?? [];
  }

  /** Refuses what cannot be done now. */
  must(operation: VmOperation, what: string): void {
    const asked = `${this.#options.host.name}.${what}`;
    mustAllow(operation, this.#state, asked);
    if (this.#busy !== undefined && operation !== "powerOff") {
      throw new VmError(`${asked}: ${this.#busy} is under way; wait until it resolves`);
    }
  }

  /**
   * Boots it.
   *
   * @throws {VmError} If it does not come up; nothing of it is left then.
   */
  async boot(): Promise<void> {
    this.must("boot", "boot()");
    const before = this.#state;
    this.#enter("booting");
    try {
      const source = await this.#prepare();
      const { cache } = this.#options;
      if (cache && source.canBeSaved) {
        await this.#bootByCache(cache, source);
        await this.disks.plugAll();
      } else await this.#bootCold(source, await this.disks.specs());
      await this.#settle();
      this.#enter("running");
    } catch (error) {
      const failed = this.#state === "booting";
      const why = this.#broken;
      await this.#end();
      if (failed) this.#enter(before === "defined" ? "defined" : "stopped");
      throw why ?? error;
    }
  }

  /** Asks the guest to shut down, and waits until it has. */
  async shutdown(timeoutMs: number = this.#scaled(SHUTDOWN_MS)): Promise<void> {
    this.must("shutdown", "shutdown()");
    const qemu = this.#qemu!;
    if (this.#state === "paused") await qemu.qmp.execute("cont");
    this.#enter("stopping");
    // It answers by going away.
    this.#agent!.call("guest-shutdown", { mode: "powerdown" }).catch(() => {});
    try {
      await within(qemu.ended, timeoutMs, () =>
        new VmError(
          `${this.#options.host.name}.shutdown(): the guest did not shut down within ` +
            `${timeoutMs} ms, and was switched off\n${qemu.hint}`,
        ));
    } finally {
      await this.#end();
      this.#enter("stopped");
    }
  }

  /** Switches it off, as if its plug were pulled. */
  async powerOff(): Promise<void> {
    this.must("powerOff", "powerOff()");
    this.#enter("stopping");
    await this.#end();
    this.#enter("stopped");
  }

  /** Presses its power button: what follows is the guest's affair. */
  async powerButton(): Promise<void> {
    this.must("powerButton", "powerButton()");
    await this.#qemu!.qmp.execute("system_powerdown");
  }

  /** Has its processors stand still. */
  async pause(): Promise<void> {
    await this.#during("pause", "pause()", async ({ qmp }) => {
      await qmp.execute("stop");
      this.#enter("paused");
    });
  }

  /** Has them go on. */
  async resume(): Promise<void> {
    await this.#during("resume", "resume()", async ({ qmp }) => {
      await qmp.execute("cont");
      this.#enter("running");
    });
  }

  /** Presses its reset button, and waits until it has booted again. */
  async reset(): Promise<void> {
    this.must("reset", "reset()");
    const qemu = this.#qemu!;
    const paused = this.#state === "paused";
    const up = this.#comeUp(qemu);
    await qemu.qmp.execute("system_reset");
    if (paused) await qemu.qmp.execute("cont");
    await up;
  }

  /** Takes it as it is: it stands still for a moment, and goes on. */
  async save(): Promise<SavedMachine> {
    this.must("snapshot", "snapshot()");
    const { name, canBeSaved, whyNotSaved = "" } = this.#source!;
    if (!canBeSaved) {
      throw new SnapshotError(
        `${this.#options.host.name}.snapshot(): a machine of the profile "${name}" cannot be saved` +
          `${whyNotSaved && `: ${whyNotSaved}`}; use another profile, such as "tiny"`,
      );
    }
    this.disks.mustBeSavable("snapshot()");
    return await this.#during(
      "snapshot",
      "snapshot()",
      () => this.disks.alone(() => this.#save(this.#state === "running")),
    );
  }

  /**
   * Puts it back to what it was when it was saved; what it is now is gone. `together` is where it meets
   * others that are to go on at the same time.
   */
  async restore(
    saved: SavedMachine,
    together?: Meeting,
  ): Promise<void> {
    let waiting = together;
    try {
      await this.#during("restore", "restore()", async () => {
        const { name } = this.#options.host;
        const source = this.#source ?? await this.#prepare();
        mustFit(name, saved.shape, this.#shape(source));
        const disks = await this.disks.unpack(saved.disks, `${name}.restore()`);
        const memory = await saved.memory.copy(name).catch(async (error) => {
          await this.disks.discard(disks);
          throw error;
        });
        await this.#end();
        this.#enter("booting");
        await this.#resume({ ...saved, memory }, await this.disks.replace(disks), async () => {
          waiting = undefined;
          await together?.come();
        });
        await this.#settle();
        this.#enter("running");
      });
    } catch (error) {
      waiting?.leave();
      if (this.#state === "booting") {
        await this.#end();
        this.#enter("stopped");
      }
      throw error;
    }
  }

  /** Gives it a card, or has the guest see a carrier on one that it has, or none. */
  async plug(card: Card): Promise<void> {
    const qemu = this.#qemu;
    const known = this.cards.find(({ id }) => id === card.id);
    if (!qemu || known?.linkUp === card.linkUp) return;
    const { id, linkUp: up } = card;
    if (!known) {
      await addCard(qemu, card);
      this.cards.push({ ...card, linkUp: true });
      if (up) return;
    }
    await qemu.qmp.execute("set_link", { name: id, up });
    this.cards.find((each) => each.id === id)!.linkUp = up;
  }

  /** Ends it for good. */
  async remove(): Promise<void> {
    await this.#end();
    this.disks.close();
    this.#enter("removed");
  }

  // Booting.

  async #prepare(): Promise<BootSource> {
    const { profile, host, directory, memoryBytes, onProgress, acceleration } = this.#options;
    host.enter(() => {}); // Makes the directory.
    const source = await profile.prepare({
      host,
      directory,
      label: host.name,
      memoryBytes,
      onProgress,
    });
    this.#helpers = source.helpers ?? [];
    for (const helper of this.#helpers) void helper.ended.then((said) => this.#lost(helper, said));
    this.#acceleration = await acceleration(source.arch);
    return this.#source = source;
  }

  async #bootByCache(cache: BootCache, source: BootSource): Promise<void> {
    const label = this.#options.host.name;
    const key = BootCache.key(this.#shape(source), SLOTS, source.cmdline);
    let saved = await cache.find(key, label);
    if (!saved) {
      saved = await cache.alone(key, async () => {
        const other = await cache.find(key, label);
        if (other) return other;
        await this.#bootCold(source);
        await this.#keep(cache, key);
        return undefined;
      });
    }
    if (saved) {
      try {
        await this.#resume(saved);
      } catch (error) {
        // Of another QEMU, perhaps: a cold boot tells more.
        this.#options.onProgress(`${label}: the boot cache is of no use: ${error}`);
        await this.#end();
        await cache.remove(key);
        await this.#bootCold(source);
      }
    }
  }

  /** Puts a machine that has just booted into the cache; without room there, it is as it is. */
  async #keep(cache: BootCache, key: string): Promise<void> {
    const saved = await this.#save(true, true);
    try {
      await cache.put(key, saved);
    } catch (error) {
      this.#options.onProgress(
        `${this.#options.host.name}: the next one will have to boot, too: ${
          (error as Error).message
        }`,
      );
    } finally {
      closeSaved(saved);
    }
  }

  async #bootCold(source: BootSource, disks: readonly DriveSpec[] = []): Promise<void> {
    const { host, memoryBytes } = this.#options;
    const memory = MemoryFile.create(host.name, memoryBytes);
    this.#how = "booted";
    const qemu = await this.#start(source, memory, [], disks, false);
    await this.#agentOpens(qemu);
    await this.#agent!.sync(this.#scaled(source.bootMs));
  }

  /** Starts a QEMU that takes a saved machine over. */
  async #resume(
    saved: SavedMachine,
    disks: readonly DriveSpec[] = [],
    loaded?: () => Promise<void>,
  ): Promise<void> {
    const qemu = await this.#start(this.#source!, saved.memory, saved.cards, disks, true);
    this.cards.push(...saved.cards.map((card) => ({ ...card })));
    await loadState(qemu, this.#socket("state"), saved.state, this.#scaled(ANSWER_MS));
    await loaded?.();
    await qemu.qmp.execute("cont");
    await this.#agent!.sync(this.#scaled(ANSWER_MS));
    await this.#guest!.clock.set(new Date());
    this.#how = "resumed";
  }

  async #start(
    source: BootSource,
    memory: MemoryFile,
    cards: readonly Card[],
    disks: readonly DriveSpec[],
    incoming: boolean,
  ): Promise<Qemu> {
    const { host, cpus, memoryBytes } = this.#options;
    this.#started++;
    this.#memory?.close();
    this.#memory = memory;
    const { arch, kernel, initrd, cmdline, emulatedCpu, drives = [], shares = [] } = source;
    const timeoutMs = this.#scaled(ANSWER_MS);
    const { accel } = this.#acceleration!;
    const boot = { kernel, initrd, cmdline, emulatedCpu };
    const all = [...drives, ...disks];
    const spec = { arch, accel, memoryBytes, cpus, ...boot, drives: all, shares };
    const qemu = await Qemu.start({
      host,
      socketPrefix: this.#socket(""),
      spec: { ...spec, nics: cards, incoming, hotplugSlots: SLOTS },
      memory,
      console: this.console,
      timeoutMs,
    });
    this.#qemu = qemu;
    const label = host.name;
    this.#agent = new GuestAgent({
      connect: () => Deno.connect({ transport: "unix", path: qemu.agentPath }),
      label,
      hint: () => qemu.hint,
      timeoutMs,
    });
    this.#guest = new Guest({ agent: this.#agent, label, timeoutFactor: this.#factor });
    qemu.qmp.on((event) => this.#heard(qemu, event));
    void qemu.ended.then(() => this.#gone(qemu));
    return qemu;
  }

  /** Waits until the guest opens the agent's port; nothing may be written to it before. */
  async #agentOpens(qemu: Qemu): Promise<void> {
    const { bootMs, noAgent } = this.#source!;
    const timeoutMs = this.#scaled(bootMs);
    const opens = qemu.qmp.wait("VSERPORT_CHANGE", {
      timeoutMs: 2 * timeoutMs, // We are the first to give up.
      where: ({ id, open }) => id === "agent" && open === true,
    });
    await within(opens, timeoutMs, () => {
      const parts = [
        `${this.#options.host.name}: boot: no agent of the guest answered within ${timeoutMs} ms`,
        noAgent,
      ].filter((part) => part !== undefined).join(": ");
      return new VmError([parts, qemu.hint].filter((part) => part !== "").join("\n"));
    });
  }

  /** Has it boot again, without a new QEMU. */
  async #comeUp(qemu: Qemu): Promise<void> {
    this.#enter("booting");
    this.#how = "booted";
    try {
      await this.#agentOpens(qemu);
      await this.#agent!.sync(this.#scaled(this.#source!.bootMs));
      await this.#settle();
      if (this.#state === "booting") this.#enter("running");
    } catch (error) {
      if (this.#state === "booting") {
        await this.#end();
        this.#enter("failed", (error as Error).message);
      }
      throw error;
    }
  }

  /** `tidy` makes its memory as small as it can be, and leaves the disks out, which come later. */
  async #save(goOn: boolean, tidy = false): Promise<SavedMachine> {
    const { qmp } = this.#qemu!;
    await qmp.execute("stop");
    try {
      const timeoutMs = this.#scaled(ANSWER_MS);
      const save = () => saveState(this.#qemu!, this.#socket("state"), timeoutMs);
      const state = tidy ? await save() : await this.disks.calmly(save);
      if (tidy) this.#memory!.dropZeros();
      const memory = await this.#memory!.copy(`${this.#options.host.name} (saved)`);
      const cards = this.cards.map((card) => ({ ...card }));
      try {
        const disks = tidy ? [] : await this.disks.save();
        return { shape: this.#shape(this.#source!), cards, state, memory, disks };
      } catch (error) {
        memory.close();
        throw error;
      }
    } finally {
      if (goOn) await qmp.execute("cont");
    }
  }

  // What happens by itself.

  #heard(qemu: Qemu, { event, data }: QmpEvent): void {
    if (qemu !== this.#qemu) return;
    if (event === "GUEST_PANICKED") {
      void this.#fail(`the guest's kernel panicked\n${qemu.hint}`);
    } else if (event === "SHUTDOWN" && data.guest === true && this.#state === "running") {
      this.#enter("stopping");
    } else if (event === "RESET" && data.guest === true && this.#state === "running") {
      this.#comeUp(qemu).catch(() => {}); // The state tells of it.
    }
  }

  async #fail(why: string): Promise<void> {
    if (this.#state === "failed") return;
    this.#enter("failed", why);
    await this.#end();
  }

  /** A process that it cannot do without has ended. */
  #lost(helper: Helper, said: string): void {
    if (!this.#helpers.includes(helper)) return;
    const why = `what it depends on has ended${said && `: ${said}`}`;
    if (this.#state === "booting") {
      this.#broken = new VmError(`${this.#options.host.name}: ${why}`);
      void this.#qemu?.kill();
    } else {
      void this.#fail(why);
    }
  }

  /** QEMU has ended. */
  #gone(qemu: Qemu): void {
    if (qemu !== this.#qemu) return;
    if (this.#state === "running" || this.#state === "paused") {
      this.#enter("failed", `QEMU ended\n${qemu.hint}`);
    } else if (this.#state === "stopping") {
      this.#enter("stopped");
    }
  }

  // The rest.

  async #end(): Promise<void> {
    const qemu = this.#qemu;
    this.#qemu = undefined;
    this.#agent?.close();
    this.#agent = undefined;
    this.#guest = undefined;
    const helpers = this.#helpers;
    this.#helpers = [];
    this.#broken = undefined;
    await qemu?.kill();
    await Promise.all(helpers.map((helper) => helper.stop()));
    this.#memory?.close();
    this.#memory = undefined;
    this.cards.length = 0;
  }

  async #during<T>(
    operation: VmOperation,
    what: string,
    act: (qemu: Qemu) => Promise<T>,
  ): Promise<T> {
    this.must(operation, what);
    this.#busy = what;
    try {
      return await act(this.#qemu!);
    } finally {
      this.#busy = undefined;
    }
  }

  #settle(): Promise<void> {
    return this.#options.settle(this.#guest!, this.#how);
  }

  #enter(state: VmState, why?: string): void {
    if (this.#state === state || this.#state === "removed") return;
    this.#state = state;
    this.#options.onState(state, why);
  }

  #shape({ hash, arch }: BootSource): MachineShape {
    const { memoryBytes, cpus } = this.#options;
    return { profile: hash, arch, accel: this.#acceleration!.accel, memoryBytes, cpus };
  }

  #socket(name: string): string {
    return `${this.#options.directory}/${this.#started}-${name}`;
  }

  get #factor(): number {
    return this.#acceleration?.timeoutFactor ?? 1;
  }

  #scaled(ms: number): number {
    return ms * this.#factor;
  }
}

/** Plugs a card in; the guest sees it some time later. */
async function addCard({ qmp }: Qemu, card: Card): Promise<void> {
  const { netdev, device } = nicParts(card);
  await qmp.execute("netdev_add", netdev);
  try {
    await qmp.execute("device_add", device);
  } catch (error) {
    await qmp.execute("netdev_del", { id: netdev.id });
    throw error;
  }
}
