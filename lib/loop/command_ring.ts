const enum Word {
  Posted,
  Done,
  Beat,
  /** A cache line for each, so that the two threads do not slow each other down. */
  Count = 64,
}

/** The size in bytes of a ring for `size` commands. */
export function ringBytes(size: number): number {
  return 4 * (Word.Count + 2 * size);
}

/**
 * A queue of commands from one thread to another in memory that they share. Each command has a
 * subject: the ID of what it is about. Neither thread waits for the event loop of the other. Each of
 * the two makes one of these over the same memory.
 */
export class CommandRing<Command extends number> {
  readonly memory: SharedArrayBuffer;
  #size: number;
  #words: Int32Array;
  #ring: Int32Array;

  /** `size` is the number of commands that fit; the ring takes the first {@link ringBytes} of the memory. */
  constructor(memory: SharedArrayBuffer, size: number) {
    this.memory = memory;
    this.#size = size;
    this.#words = new Int32Array(memory, 0, Word.Count);
    this.#ring = new Int32Array(memory, 4 * Word.Count, 2 * size);
  }

  // The side that posts commands.

  /** How many commands were posted so far. */
  get posted(): number {
    return Atomics.load(this.#words, Word.Posted);
  }

  /** How many commands the other thread has executed. */
  get done(): number {
    return Atomics.load(this.#words, Word.Done);
  }

  /** A number that grows for as long as the other thread works. */
  get beat(): number {
    return Atomics.load(this.#words, Word.Beat);
  }

  /** Whether there is no room for another command. */
  get full(): boolean {
    return this.posted - this.done >= this.#size;
  }

  /** Appends a command; the ring must not be full. */
  post(command: Command, subject: number): void {
    const { posted } = this;
    const at = 2 * (posted % this.#size);
    this.#ring[at] = command;
    this.#ring[at + 1] = subject;
    Atomics.store(this.#words, Word.Posted, posted + 1);
  }

  /** Resolves when more than `done` commands are executed, or after `timeoutMs`. */
  async progress(done: number, timeoutMs: number): Promise<void> {
    const { async, value } = Atomics.waitAsync(this.#words, Word.Done, done, timeoutMs);
    if (!async) return;
    // That alone keeps no event loop alive once the thread is gone; a timer does.
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, timeoutMs);
    await Promise.race([value, promise]);
    clearTimeout(timer);
  }

  /** Blocks this thread until more than `done` commands are executed, or for `timeoutMs`. */
  block(done: number, timeoutMs: number): void {
    Atomics.wait(this.#words, Word.Done, done, timeoutMs);
  }

  /** Ends every wait for progress: the other thread is gone. */
  release(): void {
    Atomics.notify(this.#words, Word.Done);
  }

  // The side that executes commands.

  /** The next command; 0 if there is none. */
  command(): Command | 0 {
    const { done } = this;
    return done === this.posted ? 0 : this.#ring[2 * (done % this.#size)] as Command;
  }

  /** The subject of the next command. */
  subject(): number {
    return this.#ring[2 * (this.done % this.#size) + 1];
  }

  /** Reports the next command as executed. */
  finish(): void {
    Atomics.add(this.#words, Word.Done, 1);
    Atomics.notify(this.#words, Word.Done);
  }

  /** Shows that this thread works. */
  alive(): void {
    Atomics.add(this.#words, Word.Beat, 1);
  }
}
