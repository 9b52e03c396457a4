import type { GuestContext, OutputWatcher } from "./guest_context.ts";
import { type FileHandle, openFile } from "./file_handle.ts";

/** The most bytes per request: the agent answers no other request meanwhile. */
const READ_BYTES = 262_144;
/** Enough of the beginning to recognize a message of our own part of the shell command. */
const BEGINNING = 4096;

/** A growing file in the guest, read from its beginning as a stream. */
export class OutputTail {
  readonly path: string;
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Its first bytes as text. */
  beginning = "";

  #file: FileHandle;
  #watcher: OutputWatcher | undefined;
  #controller!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  #cancelled = false;

  private constructor(file: FileHandle, watcher: OutputWatcher | undefined) {
    this.#watcher = watcher;
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

  /** Creates the file, empty. */
  static async open(context: GuestContext, path: string, what: string): Promise<OutputTail> {
    return new OutputTail(await openFile(context, path, "w+", what), context.watch?.());
  }

  /**
   * Forwards the bytes that were added, and returns whether there were any.
   *
   * @param all Whether to continue until there are no more.
   */
  async read(all: boolean): Promise<boolean> {
    let grew = false;
    while (!this.#cancelled) {
      const { bytes, eof } = await this.#file.read(READ_BYTES);
      if (bytes.length > 0) {
        grew = true;
        this.#watcher?.push(bytes);
        if (this.beginning.length < BEGINNING) this.beginning += new TextDecoder().decode(bytes);
        if (!this.#cancelled) this.#controller.enqueue(bytes);
      }
      if (!all || eof || bytes.length === 0) break;
    }
    return grew;
  }

  /** Ends the stream, with an error if there is one. */
  end(error?: unknown): void {
    this.#watcher?.end();
    if (this.#cancelled) return;
    if (error === undefined) this.#controller.close();
    else this.#controller.error(error);
    this.#cancelled = true;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
