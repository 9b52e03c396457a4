const NEWLINE = 0x0a;

/**
 * Makes lines of chunks, wherever those were cut, also within a character. Unlike a protocol's, the
 * lines of a log may be empty, and the last one may lack its end.
 */
export class Lines {
  #parts: Uint8Array[] = [];

  /** The lines that this chunk completes, without their ends. */
  push(chunk: Uint8Array): string[] {
    const end = chunk.lastIndexOf(NEWLINE);
    if (end < 0) {
      // A copy: whoever reads may use one buffer again and again.
      if (chunk.length > 0) this.#parts.push(chunk.slice());
      return [];
    }
    const whole = this.#join(chunk.subarray(0, end));
    if (end + 1 < chunk.length) this.#parts = [chunk.slice(end + 1)];
    // Only a line break ends a line of a log; `\r` is part of what was printed, but before that.
    return whole.split("\n").map((line) => line.endsWith("\r") ? line.slice(0, -1) : line);
  }

  /** What is there of a line that lacks its end, if anything. */
  rest(): string | undefined {
    return this.#parts.length > 0 ? this.#join(new Uint8Array()) : undefined;
  }

  #join(last: Uint8Array): string {
    const decoder = new TextDecoder();
    const text = this.#parts.map((part) => decoder.decode(part, { stream: true })).join("");
    this.#parts = [];
    return text + decoder.decode(last);
  }
}
