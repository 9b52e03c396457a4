import type { CpioEntry } from "./cpio.ts";

const encoder = new TextEncoder();

/** The file tree of the guest's initramfs. Parent directories are added automatically. */
export class GuestTree {
  #entries = new Map<string, CpioEntry>();

  /** Adds a file, executable by default. */
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

  /** Whether the tree has a path. */
  has(path: string): boolean {
    return this.#entries.has(path);
  }

  /** Returns all entries sorted by path, so that directories come before their content. */
  entries(): CpioEntry[] {
    return [...this.#entries.values()].sort((a, b) => a.path < b.path ? -1 : 1);
  }

  #add(entry: CpioEntry): void {
    const parent = entry.path.slice(0, Math.max(entry.path.lastIndexOf("/"), 0));
    if (parent && !this.has(parent)) this.directory(parent);
    this.#entries.set(entry.path, entry);
  }
}
