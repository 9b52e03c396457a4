/** A longer line is cut: what never ends a line must not fill the memory. In characters. */
export const LONGEST_LINE = 1 << 20;

/**
 * Makes lines of bytes, wherever the chunks of them were cut. A line ends by `\n`, and a `\r` before
 * that is no part of it. What is no UTF-8 becomes U+FFFD.
 */
export class LineSplitter {
  #decoder = new TextDecoder();
  #parts: string[] = [];
  #length = 0;
  #cut = 0;

  /** How many lines were cut since they were longer than {@link LONGEST_LINE}. */
  get cut(): number {
    return this.#cut;
  }

  /** The lines that a chunk completes. */
  push(chunk: Uint8Array): string[] {
    return this.#split(this.#decoder.decode(chunk, { stream: true }));
  }

  /** The last line, if it has no end: what was after the last line break. */
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
    const room = LONGEST_LINE - this.#length;
    if (room > 0 && part !== "") this.#parts.push(part.slice(0, room));
    this.#length += part.length;
  }

  #line(): string {
    const line = this.#parts.length === 1 ? this.#parts[0] : this.#parts.join("");
    const isCut = this.#length > LONGEST_LINE;
    if (isCut) this.#cut++;
    this.#parts = [];
    this.#length = 0;
    return !isCut && line.endsWith("\r") ? line.slice(0, -1) : line;
  }
}
