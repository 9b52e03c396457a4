import { replaceFile } from "../files/atomic.ts";
import { RunDirectoryError } from "./errors.ts";
import type { LabState } from "./states/lab.ts";

const INTERVAL_MS = 100;

// Converting a lab of thousands of nodes to JSON takes tens of milliseconds on the thread that
// builds the lab. This may use at most a twentieth of the thread's time.
const MAX_TIME_SHARE = 1 / 20;

/**
 * The file `state.json`. It has a complete state at any time, soon after each change: a temporary file is
 * written and renamed, at most ten times a second.
 */
export class StateFile {
  readonly #path: string;
  readonly #read: () => LabState;
  readonly #events: () => Promise<void>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #due = false;
  #notBefore = 0;
  #written: Promise<void> = Promise.resolve();
  #error: RunDirectoryError | undefined;

  /** `events` resolves when the events up to the current state are written. */
  constructor(directory: string, read: () => LabState, events: () => Promise<void>) {
    this.#path = `${directory}/state.json`;
    this.#read = read;
    this.#events = events;
  }

  /** Schedules a write, because the state has changed. */
  touch(): void {
    if (this.#due || this.#error) return;
    this.#due = true;
    this.#timer = setTimeout(
      () => this.#queue(),
      Math.max(0, this.#notBefore - performance.now()),
    );
  }

  /** Writes the last state, and returns the first error, if there was one. */
  async close(): Promise<RunDirectoryError | undefined> {
    clearTimeout(this.#timer);
    this.#queue();
    await this.#written;
    return this.#error;
  }

  #queue(): void {
    this.#written = this.#written.then(() => this.#write());
  }

  async #write(): Promise<void> {
    if (this.#error) return;
    this.#due = false;
    const start = performance.now();
    try {
      const text = JSON.stringify(this.#read(), null, 2) + "\n";
      this.#notBefore = start + Math.max(INTERVAL_MS, (performance.now() - start) / MAX_TIME_SHARE);
      const events = this.#events();
      await replaceFile(this.#path, async (temporary) => {
        await Deno.writeTextFile(temporary, text);
        // Even after a crash, the state must not be newer than the log.
        await events;
      });
    } catch (cause) {
      this.#error = new RunDirectoryError(
        `cannot write ${this.#path}: ${(cause as Error).message}`,
        this.#path,
        { cause },
      );
    }
  }
}
