import type { CpioEntry } from "./cpio.ts";

const encoder = new TextEncoder();

/** The guest's first root, put together by path; directories come by themselves. */
export class GuestTree {
  #entries = new Map<string, CpioEntry>();

  /** Adds a file; a program unless its mode says otherwise. */
  file(path: string, content: Uint8Array | string, mode = 0o755): void {
    const data = typeof content === "string" ? encoder.encode(content) : content;
    this.#add({ path, mode: 0o100000 | mode, data });
  }

  /** Adds a symbolic link. */
  link(path: string, target: string): void {
    this.#add({ path, mode: 0o120777, data: encoder.encode(target) });
  }

  /** Adds a directory. */
  directory(path: string, mode = 0o755): void {
    this.#add({ path, mode: 0o040000 | mode });
  }

  /** Adds a character device. */
  device(path: string, major: number, minor: number): void {
    this.#add({ path, mode: 0o020600, device: [major, minor] });
  }

  /** Whether there is something of that path. */
  has(path: string): boolean {
    return this.#entries.has(path);
  }

  /** All entries, by path, which has directories before what is in them. */
  entries(): CpioEntry[] {
    return [...this.#entries.values()].sort((a, b) => a.path < b.path ? -1 : 1);
  }

  #add(entry: CpioEntry): void {
    const parent = entry.path.slice(0, Math.max(entry.path.lastIndexOf("/"), 0));
    if (parent && !this.has(parent)) this.directory(parent);
    this.#entries.set(entry.path, entry);
  }
}
