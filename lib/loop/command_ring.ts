const enum Word {
  Posted,
  Done,
  Beat,
  /** Room for a cache line of each, so that the two threads do not slow each other down. */
  Count = 64,
}

/** The bytes that a ring of so many commands takes, from the beginning of the memory on. */
export function ringBytes(size: number): number {
  return 4 * (Word.Count + 2 * size);
}

/**
 * Commands from one thread to another, each with the number of what it is about, in memory that they
 * share. Neither has to wait for the other's event loop. Both make one of these over the same memory.
 */
export class CommandRing<Command extends number> {
  readonly memory: SharedArrayBuffer;
  #size: number;
  #words: Int32Array;
  #ring: Int32Array;

  /** `size` is how many commands there is room for; the memory begins with {@link ringBytes} of it. */
  constructor(memory: SharedArrayBuffer, size: number) {
    this.memory = memory;
    this.#size = size;
    this.#words = new Int32Array(memory, 0, Word.Count);
    this.#ring = new Int32Array(memory, 4 * Word.Count, 2 * size);
  }

  // The side of whoever commands.

  /** How many commands were posted so far. */
  get posted(): number {
    return Atomics.load(this.#words, Word.Posted);
  }

  get done(): number {
    return Atomics.load(this.#words, Word.Done);
  }

  /** Grows for as long as the other thread lives. */
  get beat(): number {
    return Atomics.load(this.#words, Word.Beat);
  }

  /** Whether there is no room for another command. */
  get full(): boolean {
    return this.posted - this.done >= this.#size;
  }

  post(command: Command, subject: number): void {
    const { posted } = this;
    const at = 2 * (posted % this.#size);
    this.#ring[at] = command;
    this.#ring[at + 1] = subject;
    Atomics.store(this.#words, Word.Posted, posted + 1);
  }

  /** Waits, for a time at most, until a command is done beyond those that were. */
  async progress(done: number, timeoutMs: number): Promise<void> {
    const { async, value } = Atomics.waitAsync(this.#words, Word.Done, done, timeoutMs);
    if (!async) return;
    // That alone keeps no event loop alive, as a timer does, once the thread is gone.
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, timeoutMs);
    await Promise.race([value, promise]);
    clearTimeout(timer);
  }

  /** Ends all waiting: nothing will be done any more. */
  release(): void {
    Atomics.notify(this.#words, Word.Done);
  }

  /** As {@link CommandRing.progress}, on the spot. */
  block(done: number, timeoutMs: number): void {
    Atomics.wait(this.#words, Word.Done, done, timeoutMs);
  }

  // The side of whoever is commanded.

  /** The command after those that are done; 0 if there is none. */
  command(): Command | 0 {
    const { done } = this;
    return done === this.posted ? 0 : this.#ring[2 * (done % this.#size)] as Command;
  }

  /** What it is about. */
  subject(): number {
    return this.#ring[2 * (this.done % this.#size) + 1];
  }

  finish(): void {
    Atomics.add(this.#words, Word.Done, 1);
    Atomics.notify(this.#words, Word.Done);
  }

  alive(): void {
    Atomics.add(this.#words, Word.Beat, 1);
  }
}
