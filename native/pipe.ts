import { check, closeFd, libc } from "./libc.ts";

/** A pipe(2) whose ends are both inherited by children started meanwhile. */
export class InheritedPipe {
  #read: number;
  #write: number;

  constructor() {
    const ends = new Int32Array(2);
    check(libc().pipe2(new Uint8Array(ends.buffer), 0), "pipe2");
    [this.#read, this.#write] = ends;
  }

  /** A path by which a child opens the end to write to. */
  get childPath(): string {
    return `/proc/self/fd/${this.#write}`;
  }

  /** Waits for what a child writes, until `end` was seen or every writer is gone. */
  readUntil(end: string): string {
    closeFd(this.#write);
    this.#write = -1;
    const buffer = new Uint8Array(4096);
    let text = "";
    while (!text.endsWith(end)) {
      const n = check(libc().read(this.#read, buffer, 4096n), "read", "pipe");
      if (n === 0) break;
      text += new TextDecoder().decode(buffer.subarray(0, n));
    }
    return text;
  }

  [Symbol.dispose](): void {
    if (this.#write >= 0) closeFd(this.#write);
    closeFd(this.#read);
  }
}
