import type { EmulatorStart } from "./worker.ts";

/** The first thing that the thread says: all that comes next it does in a loop of its own. */
const STARTED = "started";
/** The last, unless it is what went wrong. */
const ENDED = "ended";

/**
 * The worker thread of the emulator. It imports by an address that is no literal, for then
 * `deno test` does not check the module's types anew.
 */
const SOURCE = `
self.onmessage = async ({ data }) => {
  let last = ${JSON.stringify(ENDED)};
  try {
    const { emulate } = await import(String(${
  JSON.stringify(new URL("./worker.ts", import.meta.url).href)
}));
    self.postMessage(${JSON.stringify(STARTED)});
    emulate(data);
  } catch (error) {
    last = error.message;
  }
  self.postMessage(last);
  self.close();
};`;

/** Starts the thread at once; it runs once its modules are loaded. */
export class EmulatorThread {
  #worker: Worker;
  #started = false;
  #ended = Promise.withResolvers<void>();

  /** `onError` is called, at most once, when an error ended the thread. */
  constructor(start: EmulatorStart, onError: (message: string) => void) {
    const url = URL.createObjectURL(new Blob([SOURCE], { type: "application/javascript" }));
    this.#worker = new Worker(url, { type: "module", name: "netyard-emulator" });
    this.#worker.onmessage = ({ data }) => {
      URL.revokeObjectURL(url);
      if (data === STARTED) {
        this.#started = true;
        return;
      }
      this.#ended.resolve();
      if (data !== ENDED) onError(data);
    };
    this.#worker.onerror = (event) => {
      // Else what the runtime itself finds wrong would end the whole process.
      event.preventDefault();
      URL.revokeObjectURL(url);
      this.#ended.resolve();
      onError(event.message);
    };
    this.#worker.postMessage(start);
  }

  /** Whether it moves frames. */
  get running(): boolean {
    return this.#started;
  }

  terminate(): void {
    this.#worker.terminate();
  }

  /** Resolves when the thread, told to stop, has let go of everything; ends it after a time in any case. */
  async ended(timeoutMs: number): Promise<void> {
    const timer = setTimeout(() => this.#ended.resolve(), timeoutMs);
    await this.#ended.promise;
    clearTimeout(timer);
    this.#worker.terminate();
  }
}
