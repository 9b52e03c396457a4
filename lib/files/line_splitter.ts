/** In characters. A longer line is cut: a program that never ends a line must not fill the memory. */
export const LONGEST_LINE = 1 << 20;

/**
 * Splits chunks of bytes into lines, wherever the chunks end. A line ends with `\n` or `\r\n`.
 * Bytes that are not UTF-8 become U+FFFD.
 *
 * The protocols of virtual machines have a splitter of their own, `vm/socket/line_splitter.ts`: it
 * drops empty lines and all that precedes the guest agent's delimiter.
 */
export class LineSplitter {
  #decoder = new TextDecoder();
  #parts: string[] = [];
  #length = 0;
  #cut = 0;
  readonly #longest: number;

  /** `longest` is the length in characters at which lines are cut. */
  constructor(longest: number = LONGEST_LINE) {
    this.#longest = longest;
  }

  /** The number of lines that were cut. */
  get cut(): number {
    return this.#cut;
  }

  /** Returns the lines that a chunk completes. */
  push(chunk: Uint8Array): string[] {
    return this.#split(this.#decoder.decode(chunk, { stream: true }));
  }

  /** Returns what came after the last line break, if anything, as the last line. */
  end(): string[] {
    const lines = this.#split(this.#decoder.decode());
    return this.#length > 0 ? [...lines, this.#line()] : lines;
  }

  #split(text: string): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", start)) {
      this.#take(text.slice(start, end));
      lines.push(this.#line());
      start = end + 1;
    }
    this.#take(text.slice(start));
    return lines;
  }

  #take(part: string): void {
    const room = this.#longest - this.#length;
    if (room > 0 && part !== "") this.#parts.push(part.slice(0, room));
    this.#length += part.length;
  }

  #line(): string {
    const line = this.#parts.length === 1 ? this.#parts[0] : this.#parts.join("");
    const isCut = this.#length > this.#longest;
    if (isCut) this.#cut++;
    this.#parts = [];
    this.#length = 0;
    return !isCut && line.endsWith("\r") ? line.slice(0, -1) : line;
  }
}
