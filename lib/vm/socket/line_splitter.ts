import { joinBytes } from "./bytes.ts";

const NEWLINE = 0x0a;
/** No byte of UTF-8: the guest agent marks with it where its answers begin anew. */
const DELIMITER = 0xff;

/** One line of a protocol, without its end. */
export interface Line {
  text: string;
  /** Whether the delimiter 0xFF stood right before it. */
  delimited: boolean;
}

/**
 * Makes lines of chunks, wherever those were cut. All that stands between the last line break and a
 * delimiter is dropped: it is the rest of something that nobody waits for.
 */
export class LineSplitter {
  #parts: Uint8Array[] = [];
  #delimited = false;

  /** The lines that this chunk completes; empty ones are left out. */
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
    // A copy: whoever reads may use one buffer again and again.
    const kept = part.slice(mark + 1);
    if (kept.length > 0) this.#parts.push(kept);
  }
}

const decoder = new TextDecoder();
