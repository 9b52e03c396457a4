import { check, closeFd, libc, O_CLOEXEC, uninterrupted } from "../libc.ts";

const POLLIN = 1;

/** The time between two checks whether the writer lives. */
const CHECK_MS = 100;

/**
 * A pipe(2) by which a child reports to this thread. The child opens its end by its path. No child
 * inherits either end: other threads start children at any time, and these must not keep the pipe open.
 */
export class ReportPipe {
  #read: number;
  #write: number;

  constructor() {
    const ends = new Int32Array(2);
    check(libc().pipe2(new Uint8Array(ends.buffer), O_CLOEXEC), "pipe2");
    [this.#read, this.#write] = ends;
  }

  /** The path by which a child of this process opens the writing end. */
  get childPath(): string {
    return `/proc/${Deno.pid}/fd/${this.#write}`;
  }

  /** Reads what a child writes, until it ends with `end` or `alive` returns false. */
  readUntil(end: string, alive: () => boolean): string {
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(4096);
    let text = "";
    while (!text.endsWith(end)) {
      // The check comes before the read, so that nothing is lost that the child wrote before its end.
      const more = alive();
      if (!this.#readable(more ? CHECK_MS : 0)) {
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
    // Negative after a signal, which counts as the end of the time.
    return libc().poll(new Uint8Array(request.buffer), 1n, timeoutMs) > 0;
  }

  [Symbol.dispose](): void {
    closeFd(this.#write);
    closeFd(this.#read);
  }
}
