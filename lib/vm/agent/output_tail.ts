import type { GuestContext } from "./guest_context.ts";
import { openFile } from "./file_handle.ts";
import type { FileHandle } from "./file_handle.ts";

/** At once at most: the agent answers nobody else meanwhile. */
const READ_BYTES = 262_144;
/** Enough of the beginning to tell our own words from the command's. */
const BEGINNING = 4096;

/** A file in the guest that grows, read from its beginning as a stream. */
export class OutputTail {
  readonly path: string;
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** How it begins, as text. */
  beginning = "";

  #file: FileHandle;
  #controller!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  #cancelled = false;

  private constructor(file: FileHandle) {
    this.path = file.path;
    this.#file = file;
    this.stream = new ReadableStream({
      start: (controller) => {
        this.#controller = controller;
      },
      cancel: () => {
        this.#cancelled = true;
      },
    });
  }

  /** Makes the file, empty. */
  static async open(context: GuestContext, path: string, what: string): Promise<OutputTail> {
    return new OutputTail(await openFile(context, path, "w+", what));
  }

  /**
   * Passes on what was added, and tells whether there was something.
   *
   * @param all Whether to go on until there is no more.
   */
  async read(all: boolean): Promise<boolean> {
    let grew = false;
    while (!this.#cancelled) {
      const { bytes, eof } = await this.#file.read(READ_BYTES);
      if (bytes.length > 0) {
        grew = true;
        if (this.beginning.length < BEGINNING) this.beginning += new TextDecoder().decode(bytes);
        if (!this.#cancelled) this.#controller.enqueue(bytes);
      }
      if (!all || eof || bytes.length === 0) break;
    }
    return grew;
  }

  /** Ends the stream, by an error if there is one. */
  end(error?: unknown): void {
    if (this.#cancelled) return;
    if (error === undefined) this.#controller.close();
    else this.#controller.error(error);
    this.#cancelled = true;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
