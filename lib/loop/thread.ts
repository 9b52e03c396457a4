import { EventFd } from "../../native/poll/eventfd.ts";

/** The thread's first message: its modules are loaded. From now on it runs its own loop. */
const STARTED = "started";
/** Its last message, unless an error ended it. */
const ENDED = "ended";

const CHECK_MS = 1_000;
/** A host that slept wakes its threads in any order: one check without a beat proves nothing. */
const SILENT_CHECKS = 3;
/** A thread that starts loads modules, perhaps on a busy host. */
const STARTING_CHECKS = 30;

/** What such a thread runs. */
export interface LoopProgram {
  /** The name of the thread. */
  name: string;
  /** The module, and its exported function that takes a {@link LoopStart} and returns at the end. */
  module: URL;
  entry: string;
}

/** What the thread gets when it starts. */
export interface LoopStart {
  /** The shared memory, which begins with a ring of commands. */
  memory: SharedArrayBuffer;
  /** An eventfd that is readable when commands wait. */
  wake: number;
}

/** What the thread needs of the ring that carries its commands. */
export interface LoopRing {
  readonly memory: SharedArrayBuffer;
  readonly beat: number;
}

/**
 * The source of the worker thread. The address of the import is not a literal, because `deno test`
 * would then check the types of that module again.
 */
const sourceOf = ({ module, entry }: LoopProgram) => `
self.onmessage = async ({ data }) => {
  let last = ${JSON.stringify(ENDED)};
  try {
    const { ${entry}: run } = await import(String(${JSON.stringify(module.href)}));
    self.postMessage(${JSON.stringify(STARTED)});
    run(data);
  } catch (error) {
    last = error.message;
  }
  self.postMessage(last);
  self.close();
};`;

/**
 * A worker thread that runs a loop of system calls and handles no messages. It starts at once and
 * runs when its modules are loaded. A watchdog wakes it every second and reports it as failed when
 * its beat stops. The watchdog keeps no process alive.
 */
export class LoopThread {
  #worker: Worker;
  #ring: LoopRing;
  #wake = new EventFd();
  #watchdog: ReturnType<typeof setInterval>;
  #started = false;
  #ended = Promise.withResolvers<void>();

  /** `onFailure` gets the reason, at most once: an error ended the thread, or it does nothing. */
  constructor(program: LoopProgram, ring: LoopRing, onFailure: (reason: string) => void) {
    const source = new Blob([sourceOf(program)], { type: "application/javascript" });
    const url = URL.createObjectURL(source);
    const fail = (message: string) => {
      this.#ended.resolve();
      onFailure(`its thread failed: ${message}`);
    };
    this.#ring = ring;
    this.#worker = new Worker(url, { type: "module", name: program.name });
    this.#worker.onmessage = ({ data }) => {
      URL.revokeObjectURL(url);
      if (data === STARTED) this.#started = true;
      else if (data === ENDED) this.#ended.resolve();
      else fail(data);
    };
    this.#worker.onerror = (event) => {
      // Otherwise an error that the runtime itself finds would end the whole process.
      event.preventDefault();
      URL.revokeObjectURL(url);
      fail(event.message);
    };
    this.#worker.postMessage({ memory: ring.memory, wake: this.#wake.fd } satisfies LoopStart);
    this.#watchdog = this.#watch(onFailure);
  }

  #watch(onFailure: (reason: string) => void): ReturnType<typeof setInterval> {
    let beat = -1;
    let started = false;
    let silent = 0;
    const timer = setInterval(() => {
      const changed = this.#ring.beat !== beat || this.#started !== started;
      silent = changed ? 0 : silent + 1;
      beat = this.#ring.beat;
      started = this.#started;
      if (silent < (started ? SILENT_CHECKS : STARTING_CHECKS)) return this.wake();
      clearInterval(timer);
      onFailure(`its thread did nothing for ${silent * CHECK_MS / 1000} s`);
    }, CHECK_MS);
    Deno.unrefTimer(timer);
    return timer;
  }

  /** Wakes the thread to read its commands. */
  wake(): void {
    this.#wake.signal();
  }

  /** Ends the thread without its cooperation. */
  terminate(): void {
    this.#worker.terminate();
  }

  /** Resolves when the thread, which has a command to stop, has ended; terminates it after a time. */
  async ended(timeoutMs: number): Promise<void> {
    const timer = setTimeout(() => this.#ended.resolve(), timeoutMs);
    await this.#ended.promise;
    clearTimeout(timer);
    this.terminate();
  }

  /** Releases what belongs to a thread that has ended. */
  close(): void {
    clearInterval(this.#watchdog);
    this.#wake.close();
  }
}
