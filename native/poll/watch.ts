import { EventFd } from "./eventfd.ts";
import { fast } from "../fast.ts";
import { fixedBytes } from "../memory.ts";
import { Poller } from "./poller.ts";

const POLLIN = 1;
const WAKE = 0;

/** The watcher of this thread; undefined while no descriptor is watched. */
let watcher: Watcher | undefined;

/**
 * Calls a function whenever a descriptor is readable, from the event loop of this thread. One thread
 * of the pool waits for all watched descriptors, if there are any.
 *
 * @param ready It must read until nothing is left, and must not throw.
 * @returns A function that stops watching; it resolves when no thread waits for the descriptor any more.
 */
export function watch(fd: number, ready: () => void): () => Promise<void> {
  const here = watcher ??= new Watcher();
  here.add(fd, ready);
  return () => here.remove(fd);
}

class Watcher {
  #poller = new Poller();
  #wake = new EventFd();
  #ready = new Map<number, () => void>();
  #done: Promise<void>;

  constructor() {
    this.#poller.add(this.#wake.fd, WAKE);
    this.#done = this.#run();
  }

  add(fd: number, ready: () => void): void {
    this.#ready.set(fd, ready);
    this.#poller.add(fd, fd);
  }

  async remove(fd: number): Promise<void> {
    if (!this.#ready.delete(fd)) return;
    this.#poller.remove(fd);
    if (this.#ready.size > 0) return;
    // This watcher ends; the next descriptor gets another one.
    if (watcher === this) watcher = undefined;
    this.#wake.signal();
    await this.#done;
  }

  async #run(): Promise<void> {
    // struct pollfd
    const self = new Int32Array(fixedBytes(8).buffer);
    self[0] = this.#poller.fd;
    self[1] = POLLIN;
    const pointer = Deno.UnsafePointer.of(self);
    do {
      // Does not return within the constructor: the first descriptor is added after it.
      await fast().pollPooled(pointer, 1n, -1);
      const count = this.#poller.wait(0);
      const tokens = Array.from({ length: count }, (_, n) => this.#poller.token(n));
      for (const token of tokens) this.#ready.get(token)?.();
    } while (this.#ready.size > 0);
    this.#wake.close();
    this.#poller.close();
  }
}
