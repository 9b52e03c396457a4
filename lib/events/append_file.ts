import { RunDirectoryError } from "./errors.ts";

/**
 * A file that only grows. Chunks are queued, and those that came during one write go out together
 * in the next; never a write for each of thousands of lines, and never two at once.
 */
export class AppendFile {
  readonly #path: string;
  readonly #open: () => Promise<Deno.FsFile>;
  #file: Deno.FsFile | undefined;
  #queue: Uint8Array[] = [];
  #written: Promise<void> = Promise.resolve();
  #error: RunDirectoryError | undefined;

  /** `open` is called with the first chunk. */
  constructor(path: string, open: () => Promise<Deno.FsFile>) {
    this.#path = path;
    this.#open = open;
  }

  /** Resolves, and never rejects, when the chunk is written, or dropped for an earlier error. */
  write(chunk: Uint8Array): Promise<void> {
    if (this.#error) return Promise.resolve();
    this.#queue.push(chunk);
    if (this.#queue.length === 1) this.#written = this.#written.then(() => this.#flush());
    return this.#written;
  }

  /** Resolves, and never rejects, when all that was queued before is written or dropped. */
  get written(): Promise<void> {
    return this.#written;
  }

  /** Writes what is queued, closes, and returns the first error, if there was one. */
  async close(): Promise<RunDirectoryError | undefined> {
    await this.#written;
    this.#file?.close();
    this.#file = undefined;
    return this.#error;
  }

  async #flush(): Promise<void> {
    const bytes = joined(this.#queue);
    this.#queue = [];
    if (this.#error) return;
    try {
      this.#file ??= await this.#open();
      let done = 0;
      while (done < bytes.length) done += await this.#file.write(bytes.subarray(done));
    } catch (cause) {
      this.#error = new RunDirectoryError(
        `cannot write ${this.#path}: ${(cause as Error).message}`,
        this.#path,
        { cause },
      );
    }
  }
}

function joined(chunks: Uint8Array[]): Uint8Array {
  if (chunks.length === 1) return chunks[0];
  const all = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
