import { writeJson } from "../files/atomic.ts";
import type { RunInfo } from "./run_info.ts";

/** The file `run.json` of a run: written atomically, each time with the latest content. */
export class RunFile {
  readonly path: string;
  #info: RunInfo;
  #dirty = false;
  #writing: Promise<void> | undefined;
  #error: Error | undefined;

  /** Writes the file for the first time. */
  constructor(directory: string, info: RunInfo) {
    this.path = `${directory}/run.json`;
    this.#info = info;
    this.#write();
  }

  /** What it contains, or soon will. */
  get info(): Readonly<RunInfo> {
    return this.#info;
  }

  /** Changes members, and writes them unless they are as before. */
  update(change: Partial<RunInfo>): void {
    const next = { ...this.#info, ...change };
    if (JSON.stringify(next) === JSON.stringify(this.#info)) return;
    this.#info = next;
    this.#write();
  }

  /** Resolves when the latest content is written; with the first error, if there was one. */
  async written(): Promise<Error | undefined> {
    await this.#writing;
    return this.#error;
  }

  #write(): void {
    this.#dirty = true;
    this.#writing ??= this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    while (this.#dirty) {
      this.#dirty = false;
      try {
        await writeJson(this.path, this.#info);
      } catch (error) {
        this.#error ??= error as Error;
      }
    }
    this.#writing = undefined;
  }
}
