import { MemoryFile } from "../../native/files/memory_file.ts";
import type { Barrier } from "./barrier.ts";
import type { VirtualMachineOptions } from "./machine_options.ts";
import type { MachineRun, RunOptions } from "./machine_run.ts";
import { SLOTS } from "./options/slots.ts";
import type { Acceleration } from "./options/acceleration.ts";
import type { DriveSpec } from "./options/machine_spec.ts";
import type { BootSource, Helper } from "./profile/profile.ts";
import type { Console } from "./qemu/console.ts";
import type { BootCache } from "./saved/boot_cache.ts";
import { bootByCache } from "./saved/cached_boot.ts";
import { isOwn, putDrives } from "./saved/drives.ts";
import type { MachineShape, SavedMachine } from "./saved/saved_machine.ts";

/** What a machine hears about its runs. */
export interface RunEvents {
  /** A QEMU was started. */
  onStart: (run: MachineRun) => void;
  /** A process that the machine depends on has ended; `output` is what it printed. */
  onHelperLost: (output: string) => void;
}

/** The QEMUs of a machine, at most one at a time: starts them in each possible way, and ends them. */
export class Runs {
  #options: VirtualMachineOptions;
  #console: Console;
  #events: RunEvents;
  #source: BootSource | undefined;
  #acceleration: Acceleration | undefined;
  #current: MachineRun | undefined;
  #helpers: readonly Helper[] = [];
  #started = 0;
  /** Resolves when a QEMU that is being started runs, or has failed to. */
  #starting: Promise<unknown> = Promise.resolve();
  #ended: Promise<unknown> = Promise.resolve();

  /** Does nothing yet. */
  constructor(options: VirtualMachineOptions, console: Console, events: RunEvents) {
    this.#options = options;
    this.#console = console;
    this.#events = events;
  }

  /** The run that there is now, if any. */
  get current(): MachineRun | undefined {
    return this.#current;
  }

  /** What the machine boots from; undefined before {@link prepare}. */
  get source(): BootSource | undefined {
    return this.#source;
  }

  /** Resolves when nothing is left of the runs that were ended. */
  get ended(): Promise<unknown> {
    return this.#ended;
  }

  /** Makes what the machine boots from, and chooses its acceleration. */
  async prepare(): Promise<BootSource> {
    const { profile, host, directory, memoryBytes, onProgress, acceleration } = this.#options;
    host.enter(() => {}); // Makes the directory.
    const source = await profile.prepare({
      host,
      directory,
      label: host.name,
      memoryBytes,
      onProgress,
    });
    const helpers = this.#helpers = source.helpers ?? [];
    for (const helper of helpers) {
      void helper.ended.then((output) => {
        if (this.#helpers.includes(helper)) this.#events.onHelperLost(output);
      });
    }
    this.#acceleration = await acceleration(source.arch);
    return this.#source = source;
  }

  /** The cache from which a boot now can be taken, if there is one. */
  get usableCache(): BootCache | undefined {
    const { canBeSaved, drives = [] } = this.#source!;
    // A machine with disks of its own keeps what it wrote to them when it boots again, so only its
    // first boot can be taken from the cache.
    return canBeSaved && (this.#started === 0 || !drives.some(isOwn))
      ? this.#options.cache
      : undefined;
  }

  /** Boots the prepared machine, and waits until its guest answers. */
  async bootCold(life: AbortSignal, disks: readonly DriveSpec[] = []): Promise<void> {
    const { host, memoryBytes } = this.#options;
    life.throwIfAborted();
    const memory = MemoryFile.create(host.name, memoryBytes);
    const run = await this.#start({ memory, nics: [], disks, incoming: false, life });
    await run.comeUp();
  }

  /** As {@link bootCold}, but from the cache if it has such a machine; else adds it to the cache. */
  async bootByCache(cache: BootCache, life: AbortSignal): Promise<void> {
    const { host: { name }, onProgress } = this.#options;
    await bootByCache({
      cache,
      key: [this.shape, SLOTS, this.#source!.cmdline],
      label: name,
      life,
      cold: () => this.bootCold(life),
      save: async () => ({ ...await this.#current!.save(true, true), shape: this.shape }),
      resume: (saved) => this.resume(saved, life),
      drop: () => this.end("it boots without the cache"),
      report: (what) => onProgress(`${name}: ${what}`),
    });
  }

  /**
   * Starts a QEMU that loads a saved machine, and resumes it together with those of the barrier. Takes
   * the memory over, and releases it if the start fails.
   */
  async resume(
    saved: SavedMachine,
    life: AbortSignal,
    disks: readonly DriveSpec[] = [],
    barrier?: Barrier,
  ): Promise<void> {
    const { memory, nics, drives = [] } = saved;
    await putDrives(drives, this.#source!.drives ?? []);
    const run = await this.#start({ memory, nics, disks, incoming: true, life });
    await run.load(saved, barrier);
  }

  async #start(
    how: Pick<RunOptions, "memory" | "nics" | "disks" | "incoming" | "life">,
  ): Promise<MachineRun> {
    const { host, cpus, memoryBytes, directory } = this.#options;
    const { life } = how;
    const start = async () => {
      // Loaded on first use: most labs have no machine that boots.
      const { MachineRun } = await import("./machine_run.ts");
      const run = await MachineRun.start({
        host,
        source: this.#source!,
        acceleration: this.#acceleration!,
        memoryBytes,
        cpus,
        console: this.#console,
        watch: this.#options.watch,
        socketPrefix: `${directory}/${++this.#started}-`,
        ...how,
      });
      if (!life.aborted) return this.#current = run;
      await run.end("it was ended");
      throw life.reason;
    };
    const starting = start();
    this.#starting = starting.catch(() => {});
    const run = await starting;
    this.#events.onStart(run);
    return run;
  }

  /** Ends QEMU and the helpers; resolves when nothing is left of them. */
  async end(why: string): Promise<void> {
    const run = this.#current;
    const helpers = this.#helpers;
    this.#current = undefined;
    this.#helpers = [];
    const before = this.#ended;
    const starting = this.#starting;
    await (this.#ended = (async () => {
      await Promise.all([before, run?.end(why), starting]);
      await Promise.all(helpers.map((helper) => helper.stop()));
    })());
  }

  /** What the prepared machine is, for the machines that were saved. */
  get shape(): MachineShape {
    const { hash: profile, arch } = this.#source!;
    const { memoryBytes, cpus } = this.#options;
    return { profile, arch, accel: this.#acceleration!.accel, memoryBytes, cpus };
  }

  /** Scales a time that was chosen for KVM to the acceleration of this machine. */
  scaled(ms: number): number {
    return ms * (this.#acceleration?.timeoutFactor ?? 1);
  }
}
