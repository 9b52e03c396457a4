import type { Guest } from "./agent/guest.ts";
import type { GuestProcess } from "./agent/guest_process.ts";
import type { Barrier } from "./barrier.ts";
import { Disks } from "./disk/disks.ts";
import { Lifecycle } from "./lifecycle.ts";
import type { VirtualMachineOptions } from "./machine_options.ts";
import type { MachineRun } from "./machine_run.ts";
import { SLOTS } from "./options/slots.ts";
import { VmError } from "./options/errors.ts";
import type { VmOperation, VmState } from "./options/state.ts";
import type { BootSource } from "./profile/profile.ts";
import { Console } from "./qemu/console.ts";
import type { QmpEvent } from "./qemu/qmp.ts";
import { Runs } from "./runs.ts";
import { mustFit } from "./saved/machine.ts";
import { type SavedMachine, SnapshotError, type VmNic } from "./saved/saved_machine.ts";
import { unlessAborted, within } from "./socket/within.ts";

/** How long a guest may take to shut down. */
const SHUTDOWN_MS = 30_000;

/** The states in which a QEMU runs; in others one may exist for a moment longer. */
const HAS_QEMU: readonly VmState[] = ["booting", "running", "paused", "stopping"];

/** A QEMU virtual machine: its life cycle, without the network that it is attached to. */
export class VirtualMachine {
  readonly console: Console;
  /** The attached disks, also while the machine is switched off. */
  readonly disks: Disks;
  #options: VirtualMachineOptions;
  #lifecycle: Lifecycle;
  #runs: Runs;

  /** Does nothing yet. */
  constructor(options: VirtualMachineOptions) {
    const { host, directory, onConsole, onState } = options;
    this.#options = options;
    this.#lifecycle = new Lifecycle(host.name, (state, why) => {
      if (state !== "paused") this.#runs.current?.unpaused();
      onState(state, why);
    });
    this.console = new Console({ label: host.name, sink: onConsole });
    this.#runs = new Runs(options, this.console, {
      onStart: (run) => this.#follow(run),
      onHelperLost: (output) => this.#helperLost(output),
    });
    this.disks = new Disks({
      host,
      directory,
      slots: SLOTS,
      must: (operation, what) => this.must(operation, what),
      qemu: () => HAS_QEMU.includes(this.state) ? this.#runs.current?.qemu : undefined,
      guest: () => this.#runs.current?.guest,
      drives: () => this.source?.drives ?? [],
      scaled: (ms) => this.#runs.scaled(ms),
    });
  }

  /** Where it is in its life cycle. */
  get state(): VmState {
    return this.#lifecycle.state;
  }

  /** What it was booted from; undefined before the first boot. */
  get source(): BootSource | undefined {
    return this.#runs.source;
  }

  /** The NICs that are plugged in; none while it is switched off. */
  get nics(): readonly VmNic[] {
    return this.#runs.current?.nics ?? [];
  }

  /** Returns the running guest; `what` is the call that needs it, for the message. */
  guest(what: string): Guest {
    this.must("use", what);
    return this.#runs.current!.guest;
  }

  /** The processes that were spawned in the guest and have not ended. */
  get processes(): Iterable<GuestProcess> {
    return this.#runs.current?.guest.processes ?? [];
  }

  /** Whether a guest is the one that runs or boots now. */
  has(guest: Guest): boolean {
    return this.#runs.current?.guest === guest;
  }

  /** Resolves when no operation is in progress that keeps others from the guest. */
  idle(): Promise<void> {
    return this.#lifecycle.idle();
  }

  /** Refuses an operation that is not possible now. */
  must(operation: VmOperation, what: string): void {
    this.#lifecycle.must(operation, what);
  }

  /**
   * Boots it.
   *
   * @throws {VmError} If it does not come up; nothing of it is left then.
   */
  async boot(): Promise<void> {
    this.must("boot", "boot()");
    if (this.state === "failed") {
      await this.#lifecycle.failureReported;
      this.must("boot", "boot()");
    }
    const before = this.state;
    this.#lifecycle.enter("booting");
    const { life } = this.#lifecycle;
    try {
      await unlessAborted(life, this.#boot(life));
      this.#lifecycle.enter("running");
    } catch (error) {
      // If another call ended it meanwhile, that call has the reason and may have set the state.
      await (life.aborted ? this.#runs.ended : this.#end(`${error}`));
      this.#lifecycle.change("booting", before === "defined" ? "defined" : "stopped");
      throw error;
    }
  }

  async #boot(life: AbortSignal): Promise<void> {
    await this.#runs.ended;
    await this.#runs.prepare();
    const cache = this.#runs.usableCache;
    if (cache) {
      await this.#runs.bootByCache(cache, life);
      await this.disks.plugAll();
    } else await this.#runs.bootCold(life, await this.disks.specs());
    await this.#settle();
  }

  /** Asks the guest to shut down, and waits until it has. */
  async shutdown(timeoutMs: number = this.#runs.scaled(SHUTDOWN_MS)): Promise<void> {
    this.must("shutdown", "shutdown()");
    const run = this.#runs.current!;
    const { qemu, agent } = run;
    const paused = this.state === "paused";
    this.#lifecycle.enter("stopping");
    if (paused) await qemu.qmp.execute("cont").catch(() => {}); // QEMU's end has the reason.
    // The agent does not answer this call: it ends.
    agent.call("guest-shutdown", { mode: "powerdown" }).catch(() => {});
    try {
      await within(qemu.ended, timeoutMs, () =>
        new VmError(
          `${this.#options.host.name}.shutdown(): the guest did not shut down within ` +
            `${timeoutMs} ms, and was switched off\n${qemu.hint}`,
        ));
    } finally {
      await (this.#runs.current === run ? this.#end("shutdown() ended it") : this.#runs.ended);
      this.#lifecycle.change("stopping", "stopped");
    }
  }

  /** Switches it off, as if its plug were pulled. */
  async powerOff(): Promise<void> {
    this.must("powerOff", "powerOff()");
    this.#lifecycle.enter("stopping");
    await this.#end("powerOff() ended it");
    this.#lifecycle.change("stopping", "stopped");
  }

  /** Presses its power button; the guest decides what follows. */
  async powerButton(): Promise<void> {
    this.must("powerButton", "powerButton()");
    await this.#runs.current!.qemu.qmp.execute("system_powerdown");
  }

  /** Stops its processors. */
  async pause(): Promise<void> {
    await this.#lifecycle.during("pause", "pause()", async (life) => {
      await this.#runs.current!.qemu.qmp.execute("stop");
      life.throwIfAborted();
      this.#lifecycle.enter("paused");
    });
  }

  /** Starts its processors again. */
  async resume(): Promise<void> {
    await this.#lifecycle.during("resume", "resume()", async (life) => {
      await this.#runs.current!.qemu.qmp.execute("cont");
      life.throwIfAborted();
      this.#lifecycle.enter("running");
    });
  }

  /** Presses its reset button, and waits until it has booted again. */
  async reset(): Promise<void> {
    this.must("reset", "reset()");
    const run = this.#runs.current!;
    const { qmp } = run.qemu;
    const paused = this.state === "paused";
    const up = this.#comeUpAgain(run);
    const reset = (async () => {
      await qmp.execute("system_reset");
      if (paused) await qmp.execute("cont");
    })();
    await Promise.all([up, reset]);
  }

  /** Saves it. A running machine stops for a moment, and continues. */
  async save(): Promise<SavedMachine> {
    this.must("snapshot", "snapshot()");
    const { name, canBeSaved, whyNotSaved = "" } = this.source!;
    if (!canBeSaved) {
      throw new SnapshotError(
        `${this.#options.host.name}.snapshot(): a machine of the profile "${name}" cannot be saved` +
          `${whyNotSaved && `: ${whyNotSaved}`}; use another profile, such as "tiny"`,
      );
    }
    this.disks.mustBeSavable("snapshot()");
    return await this.#lifecycle.during(
      "snapshot",
      "snapshot()",
      () =>
        this.disks.exclusively(async () => {
          const saved = await this.#runs.current!.save(this.state === "running", false, this.disks);
          return { ...saved, shape: this.#runs.shape };
        }),
    );
  }

  /**
   * Restores a saved machine in place of the current one, whose state is lost. With a barrier, it
   * resumes together with the others.
   */
  async restore(saved: SavedMachine, barrier?: Barrier): Promise<void> {
    const { life } = this.#lifecycle;
    try {
      await this.#lifecycle.during("restore", "restore()", () => this.#restore(saved, barrier));
    } catch (error) {
      if (!life.aborted && this.state === "booting") {
        await this.#end(`${error}`);
        this.#lifecycle.change("booting", "stopped");
      }
      throw error;
    } finally {
      barrier?.leave();
    }
  }

  async #restore(saved: SavedMachine, barrier?: Barrier): Promise<void> {
    const { life } = this.#lifecycle;
    await this.#runs.ended;
    if (!this.source) await this.#runs.prepare();
    const { name } = this.#options.host;
    mustFit(name, saved.shape, this.#runs.shape);
    const disks = await this.disks.unpack(saved.disks, `${name}.restore()`);
    const memory = await saved.memory.copy(name).catch(async (error) => {
      await this.disks.discard(disks);
      throw error;
    });
    try {
      life.throwIfAborted();
      await this.#runs.end("restore() replaced it by a saved machine");
      life.throwIfAborted();
      this.#lifecycle.enter("booting");
    } catch (error) {
      memory.close();
      await this.disks.discard(disks);
      throw error;
    }
    const drives = await this.disks.replace(disks);
    await this.#runs.resume({ ...saved, memory }, life, drives, barrier);
    await this.#settle();
    life.throwIfAborted();
    this.#lifecycle.enter("running");
  }

  /**
   * Plugs a NIC in, or sets the carrier of one that is there. Does nothing once another `guest` than
   * this one runs.
   */
  async plug(guest: Guest, nic: VmNic): Promise<void> {
    const run = this.#runs.current;
    if (run?.guest === guest) await run.plug(nic, () => !this.has(guest));
  }

  /** Ends it for good. */
  async remove(): Promise<void> {
    this.#lifecycle.enter("removed");
    await this.#end("it was removed");
    this.disks.close();
  }

  /** Waits until the guest has booted again in the same QEMU. */
  async #comeUpAgain(run: MachineRun): Promise<void> {
    this.#lifecycle.enter("booting");
    run.rebooted();
    const { life } = this.#lifecycle;
    try {
      await unlessAborted(life, run.comeUp().then(() => this.#settle()));
      this.#lifecycle.change("booting", "running");
    } catch (error) {
      if (!life.aborted) await this.#fail(run, `it did not boot again: ${error}`);
      throw error;
    }
  }

  // Events that no call has requested.

  #follow(run: MachineRun): void {
    run.qemu.qmp.on((event) => this.#onEvent(run, event));
    void run.qemu.ended.then(() => this.#qemuEnded(run));
  }

  #onEvent(run: MachineRun, { event, data }: QmpEvent): void {
    if (run !== this.#runs.current) return;
    const byGuest = data.guest === true && this.state === "running";
    if (event === "GUEST_PANICKED") void this.#fail(run, run.panic);
    else if (event === "SHUTDOWN" && byGuest) this.#lifecycle.enter("stopping");
    else if (event === "RESET" && byGuest) {
      this.#comeUpAgain(run).catch(() => {}); // The state shows the failure.
    }
  }

  async #fail(run: MachineRun, why: string): Promise<void> {
    if (this.#runs.current !== run || this.state === "removed") return;
    const reason = () => `${why}\n${run.qemu.hint}`;
    await this.#lifecycle.fail(reason, () => this.#end(reason()));
  }

  /** A process that the machine depends on has ended. */
  #helperLost(output: string): void {
    const run = this.#runs.current;
    const why = `a process that it depends on has ended${output && `: ${output}`}`;
    const isOn = this.state === "running" || this.state === "paused";
    if (isOn && run) void this.#fail(run, why);
    else if (this.state === "booting") void this.#end(why); // boot() fails with the reason.
  }

  async #qemuEnded(run: MachineRun): Promise<void> {
    if (run !== this.#runs.current) return;
    if (this.state === "stopping") {
      await this.#end("it was shut down");
      this.#lifecycle.change("stopping", "stopped");
    } else if (this.state === "running" || this.state === "paused") {
      await this.#fail(run, "QEMU ended");
    } // While it boots, the call that waits for QEMU fails.
  }

  /** Ends what runs or boots; calls that wait for it fail with the reason. */
  async #end(why: string): Promise<void> {
    this.#lifecycle.abort(why);
    await this.#runs.end(why);
  }

  #settle(): Promise<void> {
    const { guest, how } = this.#runs.current!;
    return this.#options.settle(guest, how);
  }
}
