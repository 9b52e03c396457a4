import { createHash } from "node:crypto";
import { alone } from "../../files/lock.ts";
import { MAKING, readSaved, type SavedMachine, SnapshotError, writeSaved } from "./machine.ts";

/** How many booted machines are kept; each takes about 100 MB. */
const KEPT = 12;
/** What a process that was killed has left behind is older than any that is still made. */
const ABANDONED_MS = 3_600_000;

/**
 * Machines that have booted, kept on disk, from which others resume. A machine that is damaged, or
 * was made by another QEMU, is as if it were not there.
 */
export class BootCache {
  #directory: string;

  /** `directory` is made when there is something to keep. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** The name of a machine in the cache: it follows from all that decides what has booted. */
  static key(...parts: unknown[]): string {
    return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32);
  }

  /** A machine that has booted, if there is one. */
  async find(key: string, label: string): Promise<SavedMachine | undefined> {
    const directory = this.#path(key);
    try {
      const found = await readSaved(directory, { label, checked: false });
      const now = new Date(); // Those that were used the longest ago go first.
      await Deno.utime(directory, now, now).catch(() => {});
      return found;
    } catch (error) {
      if (!(error instanceof SnapshotError)) throw error;
      await Deno.remove(directory, { recursive: true }).catch(() => {});
      return undefined;
    }
  }

  /** Keeps one, and lets go of those that were used the longest ago. */
  async put(key: string, machine: SavedMachine): Promise<void> {
    await this.remove(key);
    await writeSaved(this.#path(key), machine, { checked: false });
    await this.#prune();
  }

  /** Forgets one. */
  async remove(key: string): Promise<void> {
    await Deno.remove(this.#path(key), { recursive: true }).catch(() => {});
  }

  /** Runs `act` while nobody else does for the same key, in this process or in another. */
  alone<T>(key: string, act: () => Promise<T>): Promise<T> {
    return alone(`${this.#path(key)}.lock`, act);
  }

  #path(key: string): string {
    return `${this.#directory}/${key}`;
  }

  async #prune(): Promise<void> {
    const all: { path: string; time: number }[] = [];
    for await (const { name, isDirectory } of Deno.readDir(this.#directory)) {
      if (!isDirectory) continue;
      const path = `${this.#directory}/${name}`;
      const stat = await Deno.stat(path).catch(() => undefined);
      if (!stat) continue;
      const time = stat.mtime?.getTime() ?? 0;
      if (!name.startsWith(MAKING)) all.push({ path, time });
      else if (time < Date.now() - ABANDONED_MS) {
        await Deno.remove(path, { recursive: true }).catch(() => {});
      }
    }
    all.sort((a, b) => b.time - a.time);
    for (const { path } of all.slice(KEPT)) {
      await Deno.remove(path, { recursive: true }).catch(() => {});
    }
  }
}
