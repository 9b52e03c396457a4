import { joinBytes } from "./bytes.ts";

const NEWLINE = 0x0a;
/** Never a byte of UTF-8: the guest agent sends it before the answer to `guest-sync-delimited`. */
const DELIMITER = 0xff;

/** One line of a protocol, without its line break. */
export interface Line {
  text: string;
  /** Whether the delimiter 0xFF came right before it. */
  delimited: boolean;
}

/**
 * Splits a stream of chunks into lines. Bytes between the last line break and a delimiter are dropped:
 * they are the rest of an answer that nothing waits for.
 */
export class LineSplitter {
  #parts: Uint8Array[] = [];
  #delimited = false;

  /** Returns the lines that this chunk completes, without empty ones. */
  push(chunk: Uint8Array): Line[] {
    const lines: Line[] = [];
    let rest = chunk;
    for (;;) {
      const end = rest.indexOf(NEWLINE);
      this.#take(end < 0 ? rest : rest.subarray(0, end));
      if (end < 0) return lines;
      const text = decoder.decode(joinBytes(this.#parts)).trimEnd();
      if (text) lines.push({ text, delimited: this.#delimited });
      this.#parts = [];
      this.#delimited = false;
      rest = rest.subarray(end + 1);
    }
  }

  #take(part: Uint8Array): void {
    const mark = part.lastIndexOf(DELIMITER);
    if (mark >= 0) {
      this.#parts = [];
      this.#delimited = true;
    }
    // A copy: the reader may reuse its buffer.
    const kept = part.slice(mark + 1);
    if (kept.length > 0) this.#parts.push(kept);
  }
}

const decoder = new TextDecoder();
