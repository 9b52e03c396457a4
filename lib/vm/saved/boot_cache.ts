import { createHash } from "node:crypto";
import { withLock } from "../../files/lock.ts";
import { PARTIAL, readSaved, writeSaved } from "./machine.ts";
import { type SavedMachine, SnapshotError } from "./saved_machine.ts";

/** How many booted machines are kept; each takes about 100 MB. */
const KEPT = 12;
/** Unfinished directories that are older were left by a killed process. */
const ABANDONED_MS = 3_600_000;

/**
 * Booted machines, kept on disk, from which others resume. A machine that is damaged, or was saved by
 * another QEMU, counts as missing.
 */
export class BootCache {
  #directory: string;

  /** `directory` is created when the first machine is added. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Returns the name of a machine in the cache, from everything that decides what boots. */
  static key(...parts: unknown[]): string {
    return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32);
  }

  /** Finds a booted machine. */
  async find(key: string, label: string): Promise<SavedMachine | undefined> {
    const directory = this.#path(key);
    try {
      const found = await readSaved(directory, { label, checked: false });
      const now = new Date(); // The least recently used ones are removed first.
      await Deno.utime(directory, now, now).catch(() => {});
      return found;
    } catch (error) {
      if (!(error instanceof SnapshotError)) throw error;
      await Deno.remove(directory, { recursive: true }).catch(() => {});
      return undefined;
    }
  }

  /** Adds a machine, and removes the least recently used ones. */
  async put(key: string, machine: SavedMachine): Promise<void> {
    await this.remove(key);
    await writeSaved(this.#path(key), machine, { checked: false });
    await this.#prune();
  }

  /** Removes a machine. */
  async remove(key: string): Promise<void> {
    await Deno.remove(this.#path(key), { recursive: true }).catch(() => {});
  }

  /** Runs `act` exclusively for a key, among all processes. */
  exclusively<T>(key: string, act: () => Promise<T>): Promise<T> {
    return withLock(`${this.#path(key)}.lock`, act);
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
      if (!name.startsWith(PARTIAL)) all.push({ path, time });
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
