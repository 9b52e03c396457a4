import { stripVTControlCharacters } from "node:util";

/** Of a line, what is kept: enough to read. */
const LONGEST = 2000;

/** The last lines of a text that has no end. */
export class LastLines {
  #lines: string[] = [];
  #count: number;

  /** `count` is how many are kept. */
  constructor(count: number) {
    this.#count = count;
  }

  /** Adds lines, and lets go of as many. */
  push(lines: readonly string[]): void {
    const added = lines.slice(-this.#count).map((line) =>
      line.length > LONGEST ? `${line.slice(0, LONGEST)}[...]` : line
    );
    this.#lines = [...this.#lines, ...added].slice(-this.#count);
  }

  /** Those that are kept, the last one last, without what colours them on a terminal. */
  get lines(): string[] {
    return this.#lines.map(stripVTControlCharacters);
  }
}
