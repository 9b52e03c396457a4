import { writeJson } from "./atomic.ts";

// At most five writes a second, and at most one twentieth of the time of the thread that runs the
// simulations: the state of thousands of them takes a while to write.
const INTERVAL_MS = 200;
const MAX_TIME_SHARE = 1 / 20;

/** A JSON file that follows a value: complete at any time, and up to date soon after each change. */
export class LiveFile {
  readonly #path: string;
  readonly #read: () => unknown;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #due = false;
  #notBefore = 0;
  #written: Promise<void> = Promise.resolve();
  #error: string | undefined;

  /** `read` returns the current value. */
  constructor(path: string, read: () => unknown) {
    this.#path = path;
    this.#read = read;
  }

  /** Writes the value soon. Call it after each change. */
  touch(): void {
    if (this.#due) return;
    this.#due = true;
    const wait = Math.max(0, this.#notBefore - performance.now());
    this.#timer = setTimeout(() => void this.flush(), wait);
  }

  /** Writes the current value; returns the error message if that fails. */
  async flush(): Promise<string | undefined> {
    clearTimeout(this.#timer);
    this.#due = true;
    this.#written = this.#written.then(() => this.#write());
    await this.#written;
    return this.#error;
  }

  async #write(): Promise<void> {
    this.#due = false;
    const start = performance.now();
    this.#notBefore = start + INTERVAL_MS;
    try {
      await writeJson(this.#path, this.#read());
      this.#error = undefined; // the file is up to date, whatever failed before
    } catch (error) {
      this.#error = (error as Error).message;
    }
    this.#notBefore = start + Math.max(INTERVAL_MS, (performance.now() - start) / MAX_TIME_SHARE);
  }
}
