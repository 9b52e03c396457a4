import { writeJson } from "./atomic.ts";

// At most five times a second, and at most one part in twenty of the time of the thread that runs
// the simulations: that of thousands takes a while to write.
const INTERVAL_MS = 200;
const SHARE = 20;

/** A JSON file that follows a value while it changes: whole at any moment, and not for long an old one. */
export class LiveFile {
  readonly #path: string;
  readonly #read: () => unknown;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #due = false;
  #notBefore = 0;
  #written: Promise<void> = Promise.resolve();
  #error: string | undefined;

  /** `read` gives the value as it is at that moment. */
  constructor(path: string, read: () => unknown) {
    this.#path = path;
    this.#read = read;
  }

  /** The value has changed: it is written soon. */
  touch(): void {
    if (this.#due) return;
    this.#due = true;
    const wait = Math.max(0, this.#notBefore - performance.now());
    this.#timer = setTimeout(() => void this.flush(), wait);
  }

  /** Writes the value as it is now, and returns what is wrong if it could not be written. */
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
      this.#error = undefined; // what failed before is made good
    } catch (error) {
      this.#error = (error as Error).message;
    }
    this.#notBefore = start + Math.max(INTERVAL_MS, SHARE * (performance.now() - start));
  }
}
