import { RunDirectoryError } from "./errors.ts";

/**
 * A file that is only appended to. Chunks are queued, and those queued during one write go out together
 * in the next: thousands of lines take few writes, and no two writes run at the same time.
 */
export class AppendFile {
  readonly #path: string;
  readonly #open: () => Promise<Deno.FsFile>;
  #file: Deno.FsFile | undefined;
  #queue: Uint8Array[] = [];
  #written: Promise<void> = Promise.resolve();
  #error: RunDirectoryError | undefined;

  /** Opens the file with the first chunk. */
  constructor(path: string, open: () => Promise<Deno.FsFile>) {
    this.#path = path;
    this.#open = open;
  }

  /** Resolves when the chunk is written, or dropped because of an earlier error. Never rejects. */
  write(chunk: Uint8Array): Promise<void> {
    if (this.#error) return Promise.resolve();
    this.#queue.push(chunk);
    if (this.#queue.length === 1) this.#written = this.#written.then(() => this.#flush());
    return this.#written;
  }

  /** Resolves when every chunk that is queued now is written or dropped. Never rejects. */
  get written(): Promise<void> {
    return this.#written;
  }

  /** Writes the queued chunks, closes the file, and returns the first error, if there was one. */
  async close(): Promise<RunDirectoryError | undefined> {
    await this.#written;
    this.#file?.close();
    this.#file = undefined;
    return this.#error;
  }

  async #flush(): Promise<void> {
    const bytes = concat(this.#queue);
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

function concat(chunks: Uint8Array[]): Uint8Array {
  if (chunks.length === 1) return chunks[0];
  const all = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    all.set(chunk, offset);
    offset += chunk.length;
  }
  return all;
}
