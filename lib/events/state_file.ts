import { RunDirectoryError } from "./errors.ts";
import type { LabState } from "./states/lab.ts";

const INTERVAL_MS = 100;

// Turning a lab of thousands of nodes into JSON takes tens of milliseconds of the thread that
// builds it; one part in twenty of its time is what that may cost.
const SHARE = 20;

/**
 * A file that always holds one whole state, and not for long an old one. Written beside itself and
 * renamed, at most ten times a second.
 */
export class StateFile {
  readonly #path: string;
  readonly #temporary: string;
  readonly #read: () => LabState;
  readonly #events: () => Promise<void>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #due = false;
  #notBefore = 0;
  #written: Promise<void> = Promise.resolve();
  #error: RunDirectoryError | undefined;

  /** `events` resolves when the events behind the present state are written. */
  constructor(directory: string, read: () => LabState, events: () => Promise<void>) {
    this.#path = `${directory}/state.json`;
    this.#temporary = `${directory}/.state.json.tmp`;
    this.#read = read;
    this.#events = events;
  }

  /** The state has changed: it is written soon. */
  touch(): void {
    if (this.#due || this.#error) return;
    this.#due = true;
    this.#timer = setTimeout(
      () => this.#queue(),
      Math.max(0, this.#notBefore - performance.now()),
    );
  }

  /** Writes the last state now, and returns the first error, if there was one. */
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
      this.#notBefore = start + Math.max(INTERVAL_MS, SHARE * (performance.now() - start));
      const events = this.#events();
      await Deno.writeTextFile(this.#temporary, text);
      // Also after a crash, no state may tell of an event that the log has not.
      await events;
      await Deno.rename(this.#temporary, this.#path);
    } catch (cause) {
      this.#error = new RunDirectoryError(
        `cannot write ${this.#path}: ${(cause as Error).message}`,
        this.#path,
        { cause },
      );
    }
  }
}
