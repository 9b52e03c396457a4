/**
 * Threads that run a loop of system calls, and the memory by which the lab commands them: the common
 * part of the link emulator and of the translators. Imports `native`; knows neither frames nor
 * packets. Begin here, on the lab's side; `command_ring.ts` carries the commands, and on the thread's
 * side `descriptor_loop.ts` executes them.
 *
 * @module
 */

import type { NetyardError } from "../../native/error.ts";
import type { CommandRing } from "./command_ring.ts";
import { Slots } from "./slots.ts";
import { type LoopProgram, LoopThread } from "./thread.ts";

/** Far more than a command takes on a busy host. */
const PATIENCE_MS = 10_000;

/** Something that the thread works on: a direction of a link, or a TUN. */
export interface LoopItem {
  /** The subject of its commands. */
  readonly id: number;
  /** Its name in messages. */
  readonly label: string;
  /** Reads its final counters and frees its resources. Called once, when the thread no longer uses it. */
  release(): void;
}

/** What a session is about. */
export interface LoopSessionOptions<
  Command extends number,
  Item extends LoopItem,
  Failure extends NetyardError,
> {
  /** The subject of error messages: `the link emulator`. */
  what: string;
  error: new (message: string) => Failure;
  program: LoopProgram;
  /** Carries the commands; the thread shares its memory. */
  ring: CommandRing<Command>;
  /** The command that ends the thread. */
  stop: Command;
  /** The largest number of items. */
  capacity: number;
  /** Says that all IDs are in use, and what to do: `a lab can have 4096 translators; ...`. */
  exhausted: string;
  /** Undoes what needs the thread, after it failed, and says what that means for the items. */
  cleanUp(items: Item[]): string;
  /** Called once, after {@link LoopSessionOptions.cleanUp}, with the labels of the items. */
  onFailure(error: Failure, labels: string[]): void;
  /** The time without progress after which the thread counts as unresponsive. Default 10 s. */
  patienceMs?: number;
}

/**
 * One life of a thread: the items that it works on, and the commands that it gets. A command takes
 * effect when {@linkcode LoopSession.ready} resolves. After the thread failed, commands do nothing.
 */
export class LoopSession<
  Command extends number,
  Item extends LoopItem,
  Failure extends NetyardError,
> {
  #options: LoopSessionOptions<Command, Item, Failure>;
  #ring: CommandRing<Command>;
  #patienceMs: number;
  #thread: LoopThread;
  #ids: Slots;
  #items = new Set<Item>();
  /** Removed items that the thread may still use. */
  #removed = new Set<Item>();
  #failure: Failure | undefined;
  #closed = false;

  constructor(options: LoopSessionOptions<Command, Item, Failure>) {
    this.#options = options;
    this.#ring = options.ring;
    this.#patienceMs = options.patienceMs ?? PATIENCE_MS;
    this.#ids = new Slots(0, options.capacity);
    this.#thread = new LoopThread(options.program, options.ring, (reason) => this.#fail(reason));
  }

  /** The items that are not removed. */
  get items(): ReadonlySet<Item> {
    return this.#items;
  }

  /**
   * Builds an item with a free ID and posts the command that adds it. If that fails, there is no item.
   *
   * @throws If all IDs are in use, or as {@linkcode LoopSession.post} does, or `build`.
   */
  add<New extends Item>(label: string, command: Command, build: (id: number) => New): New {
    const id = this.#ids.take();
    if (id < 0) throw new this.#options.error(`${label}: ${this.#options.exhausted}`);
    try {
      this.#waitForRoom();
      const item = build(id);
      this.#items.add(item);
      this.post(command, id);
      return item;
    } catch (error) {
      this.#ids.give(id);
      throw error;
    }
  }

  /** Posts the command that removes an item, which is released when the thread has executed it. */
  remove(item: Item, command: Command): void {
    if (!this.#items.delete(item)) return;
    this.#removed.add(item);
    this.post(command, item.id);
    void this.ready().then(() => {
      if (!this.#removed.delete(item)) return;
      item.release();
      this.#ids.give(item.id);
    }, () => {});
  }

  /**
   * Posts a command. Blocks this thread while the ring is full.
   *
   * @throws If the ring is full and the thread executes no command for a time.
   */
  post(command: Command, subject: number): void {
    if (this.#failure || this.#closed) return;
    this.#waitForRoom();
    this.#ring.post(command, subject);
    this.#thread.wake();
  }

  #waitForRoom(): void {
    const ring = this.#ring;
    while (ring.full) {
      const { done } = ring;
      ring.block(done, this.#patienceMs);
      if (ring.done === done) throw this.#unresponsive();
    }
  }

  /**
   * Resolves when the thread has executed all commands that were posted so far.
   *
   * @throws If the thread failed, or executes no command for a time.
   */
  async ready(): Promise<void> {
    const ring = this.#ring;
    const goal = ring.posted;
    for (let done = ring.done; done < goal; done = ring.done) {
      if (this.#failure) throw this.#failure;
      await ring.progress(done, this.#patienceMs);
      if (ring.done === done && !this.#failure) throw this.#unresponsive();
    }
  }

  #unresponsive(): Failure {
    const { what, error } = this.#options;
    return new error(
      `${what} did not answer within ${this.#patienceMs / 1000} s; is the host overloaded?`,
    );
  }

  #fail(reason: string): void {
    if (this.#failure || this.#closed) return;
    const { what, error, cleanUp, onFailure } = this.#options;
    this.#thread.terminate();
    const items = [...this.#items];
    this.#failure = new error(`${what} ended: ${reason}; ${cleanUp(items)}`);
    this.#releaseAll();
    this.#ring.release();
    onFailure(this.#failure, items.map(({ label }) => label));
  }

  /** Ends the thread and releases all items. */
  async close(): Promise<void> {
    if (this.#failure || this.#closed) return;
    // A thread that executes no commands is terminated below.
    if (!this.#ring.full) this.post(this.#options.stop, 0);
    await this.#thread.ended(this.#patienceMs);
    if (this.#failure || this.#closed) return;
    this.#closed = true;
    this.#releaseAll();
  }

  #releaseAll(): void {
    for (const item of [...this.#items, ...this.#removed]) item.release();
    this.#items.clear();
    this.#removed.clear();
    this.#thread.close();
  }
}
