import { check, closeFd, libc, O_CLOEXEC, uninterrupted } from "../libc.ts";

const POLLIN = 1;

/** How long to wait before asking whether the writer still lives. */
const LOOK_AGAIN_MS = 100;

/**
 * A pipe(2) by which a child reports to this thread. The child opens its end by
 * path, and nobody inherits either: other threads start children at any time, and
 * one of those must not keep the pipe open.
 */
export class ReportPipe {
  #read: number;
  #write: number;

  constructor() {
    const ends = new Int32Array(2);
    check(libc().pipe2(new Uint8Array(ends.buffer), O_CLOEXEC), "pipe2");
    [this.#read, this.#write] = ends;
  }

  /** A path by which a child of this process opens the end to write to. */
  get childPath(): string {
    return `/proc/${Deno.pid}/fd/${this.#write}`;
  }

  /** Waits for what a child writes, until `end` was seen or `alive` says that no more will come. */
  readUntil(end: string, alive: () => boolean): string {
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(4096);
    let text = "";
    while (!text.endsWith(end)) {
      // Asked first: what it wrote before it died is still read.
      const more = alive();
      if (!this.#readable(more ? LOOK_AGAIN_MS : 0)) {
        if (!more) break;
        continue;
      }
      const read = uninterrupted(() => libc().read(this.#read, buffer, 4096n));
      const n = check(read, "read", "pipe");
      text += decoder.decode(buffer.subarray(0, n), { stream: true });
    }
    return text;
  }

  #readable(timeoutMs: number): boolean {
    const request = new Int32Array([this.#read, POLLIN]);
    // Negative when a signal came, which is as good as a time that passed.
    return libc().poll(new Uint8Array(request.buffer), 1n, timeoutMs) > 0;
  }

  [Symbol.dispose](): void {
    closeFd(this.#write);
    closeFd(this.#read);
  }
}
