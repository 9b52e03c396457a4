/** The first thing that a thread says: all that comes next it does in a loop of its own. */
const STARTED = "started";
/** The last, unless it is what went wrong. */
const ENDED = "ended";

/** What runs in such a thread. */
export interface LoopProgram {
  /** What the thread is called. */
  name: string;
  /** The module, and its function that is called with what the thread is told and ends last. */
  module: URL;
  entry: string;
}

/**
 * The source of the worker thread. It imports by an address that is no literal, for then
 * `deno test` does not check the module's types anew.
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
 * A worker thread with a loop of its own, which takes no messages: what moves frames or packets. It
 * starts at once, and runs once its modules are loaded.
 */
export class LoopThread<Start> {
  #worker: Worker;
  #started = false;
  #ended = Promise.withResolvers<void>();

  /** `onError` is called, at most once, when an error ended the thread. */
  constructor(program: LoopProgram, start: Start, onError: (message: string) => void) {
    const source = new Blob([sourceOf(program)], { type: "application/javascript" });
    const url = URL.createObjectURL(source);
    this.#worker = new Worker(url, { type: "module", name: program.name });
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
