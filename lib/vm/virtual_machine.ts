import { MemoryFile } from "../../native/files/memory_file.ts";
import type { Acceleration } from "./options/acceleration.ts";
import type { BootCache } from "./saved/boot_cache.ts";
import { bootByCache } from "./saved/cached_boot.ts";
import { Console } from "./qemu/console.ts";
import { Disks } from "./disk/disks.ts";
import { VmError } from "./options/errors.ts";
import type { Guest } from "./agent/guest.ts";
import type { GuestProcess } from "./agent/guest_process.ts";
import type { VirtualMachineOptions } from "./machine_options.ts";
import { MachineRun, SLOTS } from "./machine_run.ts";
import type { DriveSpec } from "./options/machine_spec.ts";
import type { Meeting } from "./meeting.ts";
import type { BootSource, Helper } from "./profile/profile.ts";
import type { QmpEvent } from "./qemu/qmp.ts";
import {
  type Card,
  type MachineShape,
  mustFit,
  type SavedMachine,
  SnapshotError,
} from "./saved/saved.ts";
import { isOwn, putDrives } from "./saved/saved_drives.ts";
import { mustAllow, type VmOperation, type VmState } from "./options/state.ts";
import { unlessAborted, within } from "./socket/within.ts";

/** What a guest may take to shut down. */
const SHUTDOWN_MS = 30_000;

/** Where a QEMU runs; it may be there for a moment longer in another state. */
const HAS_QEMU: readonly VmState[] = ["booting", "running", "paused", "stopping"];

/** A QEMU virtual machine: its life, without the network that it is in. */
export class VirtualMachine {
  readonly console: Console;
  /** The disks that were attached to it, also while it is switched off. */
  readonly disks: Disks;
  #options: VirtualMachineOptions;
  #state: VmState = "defined";
  /** What is under way that cannot be together with anything else. */
  #busy: string | undefined;
  #idle: Promise<void> = Promise.resolve();
  /** Aborted, and made anew, when what runs or comes up is ended. */
  #life = new AbortController();
  /** Resolves when a QEMU that is being started is there, or is not. */
  #starting: Promise<unknown> = Promise.resolve();
  /** Resolves when nothing is left of those that were ended. */
  #ending: Promise<unknown> = Promise.resolve();
  /** Resolves when it was told that it has failed. */
  #failing: Promise<void> = Promise.resolve();
  #run: MachineRun | undefined;
  #source: BootSource | undefined;
  #acceleration: Acceleration | undefined;
  #started = 0;
  #helpers: readonly Helper[] = [];

  /** Does nothing yet. */
  constructor(options: VirtualMachineOptions) {
    const { host, directory, onConsole } = options;
    this.#options = options;
    this.console = new Console({ label: host.name, sink: onConsole });
    this.disks = new Disks({
      host,
      directory,
      slots: SLOTS,
      must: (operation, what) => this.must(operation, what),
      qemu: () => HAS_QEMU.includes(this.#state) ? this.#run?.qemu : undefined,
      guest: () => this.#run?.guest,
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

  /** The cards that it has now; none while it is switched off. */
  get cards(): readonly Card[] {
    return this.#run?.cards ?? [];
  }

  /** What works in the guest; `what` is what was asked of it, for the message. */
  guest(what: string): Guest {
    this.must("use", what);
    return this.#run!.guest;
  }

  /** What was spawned in the guest, and has not ended. */
  get processes(): Iterable<GuestProcess> {
    return this.#run?.guest.processes ?? [];
  }

  /** Whether a guest is the one that runs now, or comes up. */
  has(guest: Guest): boolean {
    return this.#run?.guest === guest;
  }

  /** Resolves when nothing is under way that keeps others from the guest. */
  async idle(): Promise<void> {
    while (this.#busy !== undefined) await this.#idle;
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
    if (this.#state === "failed") {
      await this.#failing;
      this.must("boot", "boot()");
    }
    const before = this.#state;
    this.#enter("booting");
    const life = this.#life.signal;
    try {
      await unlessAborted(life, this.#boot(life));
      this.#enter("running");
    } catch (error) {
      // Who ended it meanwhile knows why, and may have said what it is now.
      await (life.aborted ? this.#ending : this.#end(`${error}`));
      this.#change("booting", before === "defined" ? "defined" : "stopped");
      throw error;
    }
  }

  async #boot(life: AbortSignal): Promise<void> {
    await this.#ending;
    const source = await this.#prepare();
    const { cache } = this.#options;
    // What it wrote to disks of its own, before it was switched off, is there when it boots again.
    const isFirst = this.#started === 0 || !source.drives?.some(isOwn);
    if (cache && source.canBeSaved && isFirst) {
      await this.#bootByCache(cache, source, life);
      await this.disks.plugAll();
    } else await this.#bootCold(source, life, await this.disks.specs());
    await this.#settle();
  }

  /** Asks the guest to shut down, and waits until it has. */
  async shutdown(timeoutMs: number = this.#scaled(SHUTDOWN_MS)): Promise<void> {
    this.must("shutdown", "shutdown()");
    const run = this.#run!;
    const { qemu, agent } = run;
    const paused = this.#state === "paused";
    this.#enter("stopping");
    if (paused) await qemu.qmp.execute("cont").catch(() => {}); // Its end tells why.
    // It answers by going away.
    agent.call("guest-shutdown", { mode: "powerdown" }).catch(() => {});
    try {
      await within(qemu.ended, timeoutMs, () =>
        new VmError(
          `${this.#options.host.name}.shutdown(): the guest did not shut down within ` +
            `${timeoutMs} ms, and was switched off\n${qemu.hint}`,
        ));
    } finally {
      await (this.#run === run ? this.#end("shutdown() ended it") : this.#ending);
      this.#change("stopping", "stopped");
    }
  }

  /** Switches it off, as if its plug were pulled. */
  async powerOff(): Promise<void> {
    this.must("powerOff", "powerOff()");
    this.#enter("stopping");
    await this.#end("powerOff() ended it");
    this.#change("stopping", "stopped");
  }

  /** Presses its power button: what follows is the guest's affair. */
  async powerButton(): Promise<void> {
    this.must("powerButton", "powerButton()");
    await this.#run!.qemu.qmp.execute("system_powerdown");
  }

  /** Has its processors stand still. */
  async pause(): Promise<void> {
    await this.#during("pause", "pause()", async (life) => {
      await this.#run!.qemu.qmp.execute("stop");
      life.throwIfAborted();
      this.#enter("paused");
    });
  }

  /** Has them go on. */
  async resume(): Promise<void> {
    await this.#during("resume", "resume()", async (life) => {
      await this.#run!.qemu.qmp.execute("cont");
      life.throwIfAborted();
      this.#enter("running");
    });
  }

  /** Presses its reset button, and waits until it has booted again. */
  async reset(): Promise<void> {
    this.must("reset", "reset()");
    const run = this.#run!;
    const { qmp } = run.qemu;
    const paused = this.#state === "paused";
    const up = this.#comeUp(run);
    const asked = (async () => {
      await qmp.execute("system_reset");
      if (paused) await qmp.execute("cont");
    })();
    await Promise.all([up, asked]);
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
      () =>
        this.disks.alone(async () => {
          const disks = {
            calmly: <T>(act: () => Promise<T>) => this.disks.calmly(act),
            save: () => this.disks.save(),
          };
          const saved = await this.#run!.save(this.#state === "running", false, disks);
          return { ...saved, shape: this.#shape(this.#source!) };
        }),
    );
  }

  /**
   * Puts it back to what it was when it was saved; what it is now is gone. `together` is where it meets
   * others that are to go on at the same time.
   */
  async restore(saved: SavedMachine, together?: Meeting): Promise<void> {
    const life = this.#life.signal;
    try {
      await this.#during("restore", "restore()", async () => {
        await this.#ending;
        const source = this.#source ?? await this.#prepare();
        const { name } = this.#options.host;
        mustFit(name, saved.shape, this.#shape(source));
        const disks = await this.disks.unpack(saved.disks, `${name}.restore()`);
        const memory = await saved.memory.copy(name).catch(async (error) => {
          await this.disks.discard(disks);
          throw error;
        });
        try {
          life.throwIfAborted();
          await this.#drop("restore() put another state in its place");
          life.throwIfAborted();
          this.#enter("booting");
        } catch (error) {
          memory.close();
          await this.disks.discard(disks);
          throw error;
        }
        const drives = await this.disks.replace(disks);
        await this.#resume({ ...saved, memory }, life, drives, together);
        await this.#settle();
        life.throwIfAborted();
        this.#enter("running");
      });
    } catch (error) {
      if (!life.aborted && this.#state === "booting") {
        await this.#end(`${error}`);
        this.#change("booting", "stopped");
      }
      throw error;
    } finally {
      together?.leave();
    }
  }

  /**
   * Gives it a card, or has the guest see a carrier on one that it has, or none. Does nothing once it
   * is another `guest` that runs.
   */
  async plug(guest: Guest, card: Card): Promise<void> {
    const run = this.#run;
    if (run?.guest === guest) await run.plug(card, () => !this.has(guest));
  }

  /** Ends it for good. */
  async remove(): Promise<void> {
    this.#enter("removed");
    await this.#end("it was removed");
    this.disks.close();
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

  async #bootByCache(cache: BootCache, source: BootSource, life: AbortSignal): Promise<void> {
    await bootByCache({
      cache,
      key: [this.#shape(source), SLOTS, source.cmdline],
      label: this.#options.host.name,
      life,
      cold: () => this.#bootCold(source, life),
      save: async () => ({ ...await this.#run!.save(true, true), shape: this.#shape(source) }),
      resume: (saved) => this.#resume(saved, life),
      drop: () => this.#drop("it boots anew"),
      tell: (what) => this.#tell(what),
    });
  }

  #tell(what: string): void {
    this.#options.onProgress(`${this.#options.host.name}: ${what}`);
  }

  async #bootCold(
    source: BootSource,
    life: AbortSignal,
    disks: readonly DriveSpec[] = [],
  ): Promise<void> {
    const { host, memoryBytes } = this.#options;
    life.throwIfAborted();
    const memory = MemoryFile.create(host.name, memoryBytes);
    const run = await this.#start(source, memory, { cards: [], disks, incoming: false }, life);
    await run.comeUp();
  }

  /** Starts a QEMU that takes a saved machine over, and has it go on together with others. */
  async #resume(
    saved: SavedMachine,
    life: AbortSignal,
    disks: readonly DriveSpec[] = [],
    together?: Meeting,
  ): Promise<void> {
    const how = { cards: saved.cards, disks, incoming: true };
    await putDrives(saved.drives ?? [], this.#source!.drives ?? []);
    const run = await this.#start(this.#source!, saved.memory, how, life);
    await run.load(saved, together);
  }

  /** Takes the memory over, and lets go of it where it fails. */
  async #start(
    source: BootSource,
    memory: MemoryFile,
    how: { cards: readonly Card[]; disks: readonly DriveSpec[]; incoming: boolean },
    life: AbortSignal,
  ): Promise<MachineRun> {
    const { host, cpus, memoryBytes, directory } = this.#options;
    const options = {
      host,
      source,
      acceleration: this.#acceleration!,
      memoryBytes,
      cpus,
      memory,
      ...how,
      socketPrefix: `${directory}/${++this.#started}-`,
      console: this.console,
      life,
    };
    const start = async () => {
      const run = await MachineRun.start(options);
      if (!life.aborted) return this.#run = run;
      await run.end("it was ended");
      throw life.reason;
    };
    const starting = start();
    this.#starting = starting.catch(() => {});
    const run = await starting;
    run.qemu.qmp.on((event) => this.#heard(run, event));
    void run.qemu.ended.then(() => this.#gone(run));
    return run;
  }

  /** Has it boot again, without a new QEMU. */
  async #comeUp(run: MachineRun): Promise<void> {
    this.#enter("booting");
    run.bootsAnew();
    const life = this.#life.signal;
    try {
      await unlessAborted(life, run.comeUp().then(() => this.#settle()));
      this.#change("booting", "running");
    } catch (error) {
      if (!life.aborted) await this.#fail(run, `it did not boot again: ${error}`);
      throw error;
    }
  }

  // What happens by itself.

  #heard(run: MachineRun, { event, data }: QmpEvent): void {
    if (run !== this.#run) return;
    const running = this.#state === "running";
    if (event === "GUEST_PANICKED") void this.#fail(run, panicOf(this.console));
    else if (event === "SHUTDOWN" && data.guest === true && running) this.#enter("stopping");
    else if (event === "RESET" && data.guest === true && running) {
      this.#comeUp(run).catch(() => {}); // The state tells of it.
    }
  }

  /** The state is told once all that the guest had to say is there. */
  async #fail(run: MachineRun, why: string): Promise<void> {
    if (this.#run !== run || this.#state === "removed") return;
    const { qemu } = run;
    this.#state = "failed";
    this.#failing = this.#end(`${why}\n${qemu.hint}`).then(() => {
      if (this.#state === "failed") this.#options.onState("failed", `${why}\n${qemu.hint}`);
    });
    await this.#failing;
  }

  /** A process that it cannot do without has ended. */
  #lost(helper: Helper, said: string): void {
    if (!this.#helpers.includes(helper)) return;
    const why = `what it depends on has ended${said && `: ${said}`}`;
    const isOn = this.#state === "running" || this.#state === "paused";
    if (isOn && this.#run) void this.#fail(this.#run, why);
    else if (this.#state === "booting") void this.#end(why); // Who boots it is told.
  }

  /** QEMU has ended. */
  async #gone(run: MachineRun): Promise<void> {
    if (run !== this.#run) return;
    if (this.#state === "stopping") {
      await this.#end("it was shut down");
      this.#change("stopping", "stopped");
    } else if (this.#state === "running" || this.#state === "paused") {
      await this.#fail(run, "QEMU ended");
    } // Who boots it is told by what fails.
  }

  // The rest.

  /** Ends what runs or comes up; what waits for it is told why. */
  async #end(why: string): Promise<void> {
    this.#life.abort(new VmError(`${this.#options.host.name}: ${why}`));
    this.#life = new AbortController();
    await this.#drop(why);
  }

  /** Lets go of QEMU and of what belongs to it; resolves when nothing is left of any. */
  async #drop(why: string): Promise<void> {
    const run = this.#run;
    const helpers = this.#helpers;
    this.#run = undefined;
    this.#helpers = [];
    const before = this.#ending;
    const starting = this.#starting;
    await (this.#ending = (async () => {
      await Promise.all([before, run?.end(why), starting]);
      await Promise.all(helpers.map((helper) => helper.stop()));
    })());
  }

  async #during<T>(
    operation: VmOperation,
    what: string,
    act: (life: AbortSignal) => Promise<T>,
  ): Promise<T> {
    this.must(operation, what);
    const life = this.#life.signal;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#busy = what;
    this.#idle = promise;
    try {
      return await unlessAborted(life, act(life));
    } catch (error) {
      life.throwIfAborted(); // That is why it failed.
      throw error;
    } finally {
      this.#busy = undefined;
      resolve();
    }
  }

  #settle(): Promise<void> {
    const { guest, how } = this.#run!;
    return this.#options.settle(guest, how);
  }

  #enter(state: VmState, why?: string): void {
    if (this.#state === state || this.#state === "removed") return;
    this.#state = state;
    if (state !== "paused") this.#run?.goesOn();
    this.#options.onState(state, why);
  }

  /** Enters a state, unless it has left the one before meanwhile. */
  #change(from: VmState, to: VmState): void {
    if (this.#state === from) this.#enter(to);
  }

  #shape({ hash, arch }: BootSource): MachineShape {
    const { memoryBytes, cpus } = this.#options;
    return { profile: hash, arch, accel: this.#acceleration!.accel, memoryBytes, cpus };
  }

  get #factor(): number {
    return this.#acceleration?.timeoutFactor ?? 1;
  }

  #scaled(ms: number): number {
    return ms * this.#factor;
  }
}

function panicOf({ log }: Console): string {
  const reasons = [...log.matchAll(/Kernel panic - not syncing: ([^\r\n]+)/g)];
  return `the guest's kernel panicked${reasons.length > 0 ? `: ${reasons.at(-1)![1]}` : ""}`;
}
