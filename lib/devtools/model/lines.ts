/** A line of a file, and where it begins. */
export interface Line {
  /** The byte at which the line begins. */
  offset: number;
  text: string;
  /** The number of bytes that were left out at its end. */
  cut: number;
}

const NEWLINE = 10;
const CARRIAGE_RETURN = 13;

/** How much is split at once. */
const PART = 1 << 16;

/** The most bytes of a line that are kept: longer ones are no text for people. */
export const LONGEST_LINE = 1 << 20;

/**
 * Splits bytes into lines as they arrive. A last line without a line break waits; `rest()` gives it. Bytes
 * that are not UTF-8 become U+FFFD.
 */
export class LineReader {
  readonly #decoder = new TextDecoder();
  readonly #longest: number;
  #pending: Uint8Array[] = [];
  #kept = 0;
  #cut = 0;
  #offset: number;
  #next: number;

  /** `offset` is that of the first byte that will be pushed. */
  constructor(offset = 0, longest = LONGEST_LINE) {
    this.#offset = offset;
    this.#next = offset;
    this.#longest = longest;
  }

  /** The offset of the byte that must be pushed next. */
  get next(): number {
    return this.#next;
  }

  /** Takes the next bytes, and returns the lines that they complete. */
  push(bytes: Uint8Array): Line[] {
    const lines: Line[] = [];
    // In parts: text with other characters costs only its own part.
    for (let at = 0; at < bytes.length; at += PART) {
      lines.push(...this.#push(bytes.subarray(at, at + PART)));
    }
    return lines;
  }

  #push(bytes: Uint8Array): Line[] {
    const lines: Line[] = [];
    let start = this.#ascii(bytes, lines);
    while (start < bytes.length) {
      const end = bytes.indexOf(NEWLINE, start);
      if (end < 0) break;
      this.#keep(bytes.subarray(start, end));
      this.#next += end - start + 1;
      lines.push(this.#take());
      this.#offset = this.#next;
      start = end + 1;
    }
    this.#keep(bytes.subarray(start));
    this.#next += bytes.length - start;
    return lines;
  }

  /** Completes the pending line, then continues at once. */
  #tail(bytes: Uint8Array, lines: Line[]): number {
    const end = bytes.indexOf(NEWLINE);
    if (end < 0) return 0;
    this.#keep(bytes.subarray(0, end));
    this.#next += end + 1;
    lines.push(this.#take());
    this.#offset = this.#next;
    return end + 1 + this.#ascii(bytes.subarray(end + 1), lines);
  }

  /**
   * Splits text without other characters than those of ASCII at once, which takes a fraction of the time:
   * each character is a byte there. Returns where the rest begins.
   */
  #ascii(bytes: Uint8Array, lines: Line[]): number {
    if (this.#kept + this.#cut > 0) return this.#tail(bytes, lines);
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    const text = this.#decoder.decode(bytes.subarray(0, end));
    if (text.length !== end || end > this.#longest) return 0;
    for (let from = 0; from < end;) {
      const to = text.indexOf("\n", from);
      const last = text.charCodeAt(to - 1) === CARRIAGE_RETURN && to > from ? to - 1 : to;
      lines.push({ offset: this.#next + from, text: text.slice(from, last), cut: 0 });
      from = to + 1;
    }
    this.#next += end;
    this.#offset = this.#next;
    return end;
  }

  /** The incomplete last line, if there is one. It stays pending. */
  rest(): Line | undefined {
    if (this.#kept + this.#cut === 0) return undefined;
    return { offset: this.#offset, text: this.#text(), cut: this.#cut };
  }

  #keep(bytes: Uint8Array): void {
    const free = this.#longest - this.#kept;
    const kept = bytes.length > free ? bytes.subarray(0, free) : bytes;
    if (kept.length > 0) this.#pending.push(kept);
    this.#kept += kept.length;
    this.#cut += bytes.length - kept.length;
  }

  #text(): string {
    if (this.#pending.length === 1) return this.#decoder.decode(this.#pending[0]);
    const all = new Uint8Array(this.#kept);
    let at = 0;
    for (const part of this.#pending) {
      all.set(part, at);
      at += part.length;
    }
    return this.#decoder.decode(all);
  }

  #take(): Line {
    const text = this.#text().replace(/\r$/, "");
    const line = { offset: this.#offset, text, cut: this.#cut };
    this.#pending = [];
    this.#kept = this.#cut = 0;
    return line;
  }
}
