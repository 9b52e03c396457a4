import { EventFd } from "./eventfd.ts";
import { fast } from "../fast.ts";
import { Poller } from "./poller.ts";

const POLLIN = 1;
const WAKE = 0;

/** What this thread waits for by {@link watch}; undefined while that is nothing. */
let watching: Watching | undefined;

/**
 * Calls a function on this thread whenever a descriptor is readable, between what else the thread
 * does, until the function that it returns is called: that one resolves when no thread waits for the
 * descriptor any more. One thread of the pool waits for all descriptors; with none, there is none.
 *
 * @param ready It must read until there is nothing left, and must not throw.
 */
export function watch(fd: number, ready: () => void): () => Promise<void> {
  const here = watching ??= new Watching();
  here.add(fd, ready);
  return () => here.remove(fd);
}

class Watching {
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
    // What comes next waits by itself: this one ends.
    if (watching === this) watching = undefined;
    this.#wake.signal();
    await this.#done;
  }

  async #run(): Promise<void> {
    // struct pollfd, of memory that stays where it is.
    const self = new Int32Array(new ArrayBuffer(8));
    self[0] = this.#poller.fd;
    self[1] = POLLIN;
    const pointer = Deno.UnsafePointer.of(self);
    do {
      // Not within the call that began it: the first descriptor comes after that.
      await fast().pollPooled(pointer, 1n, -1);
      const count = this.#poller.wait(0);
      const tokens = Array.from({ length: count }, (_, n) => this.#poller.token(n));
      for (const token of tokens) this.#ready.get(token)?.();
    } while (this.#ready.size > 0);
    this.#wake.close();
    this.#poller.close();
  }
}
