import { Buffer } from "node:buffer";

const LINE_FEED = 0x0a;
const BRACE = 0x7b;

/** In bytes. A longer line is no event; a program that never ends a line must not fill the memory. */
export const LONGEST_EVENT_LINE = 1 << 16;

/**
 * Finds the lines in a stream of bytes that may be JSON objects of interest: those that begin with `{`
 * after any blanks. Chunks without any mark are not taken apart, so that much output costs little.
 */
export class ObjectLines {
  readonly #marks: readonly string[];
  /** Whether the present line has only blanks so far, may be an object, or is neither. */
  #line: "blank" | "object" | "other" = "blank";
  #parts: Uint8Array[] = [];
  #bytes = 0;

  /** `marks` are texts in ASCII; a line of interest has one of them. Other lines may be left out. */
  constructor(marks: readonly string[]) {
    this.#marks = marks;
  }

  /** Returns the lines that a chunk completes. The chunk may change afterwards. */
  push(chunk: Uint8Array): string[] {
    const first = chunk.indexOf(LINE_FEED);
    this.#take(first < 0 ? chunk : chunk.subarray(0, first));
    if (first < 0) return [];
    const lines = this.end();
    const last = chunk.lastIndexOf(LINE_FEED);
    const whole = chunk.subarray(first + 1, last + 1);
    if (this.#isMarked(whole)) this.#split(whole, lines);
    this.#take(chunk.subarray(last + 1));
    return lines;
  }

  /** Adds those of several whole lines that may be objects. */
  #split(chunk: Uint8Array, lines: string[]): void {
    for (let at = 0; at < chunk.length;) {
      const end = chunk.indexOf(LINE_FEED, at);
      this.#take(chunk.subarray(at, end));
      lines.push(...this.end());
      at = end + 1;
    }
  }

  #isMarked(bytes: Uint8Array): boolean {
    // A character for each byte: enough to search for ASCII, and by far the fastest here.
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
    return this.#marks.some((mark) => text.includes(mark));
  }

  /** Ends the present line: returns it if it may be an object. */
  end(): string[] {
    const lines = this.#line === "object" ? [this.#text()] : [];
    this.#drop("blank");
    return lines;
  }

  #take(part: Uint8Array): void {
    if (this.#line === "other") return;
    if (this.#line === "blank") {
      const first = part.findIndex((byte) => !isBlank(byte));
      if (first < 0) return;
      this.#line = part[first] === BRACE ? "object" : "other";
      if (this.#line === "other") return;
      part = part.subarray(first);
    }
    this.#bytes += part.length;
    if (this.#bytes > LONGEST_EVENT_LINE) return this.#drop("other");
    this.#parts.push(part.slice());
  }

  #text(): string {
    const decoder = new TextDecoder();
    return this.#parts.map((part) => decoder.decode(part, { stream: true })).join("") +
      decoder.decode();
  }

  #drop(next: "blank" | "other"): void {
    this.#line = next;
    if (this.#bytes === 0) return;
    this.#parts = [];
    this.#bytes = 0;
  }
}

const isBlank = (byte: number) => byte === 0x20 || byte === 0x09 || byte === 0x0d;
