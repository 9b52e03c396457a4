import { NetyardError } from "../../../native/error.ts";

/** A filter is no filter: the message says where, and what was expected. */
export class FilterError extends NetyardError {
  /** The offset of what is wrong in the text, from 0. */
  readonly position: number;
  /** How many characters are wrong; 0 at the end of the text. */
  readonly length: number;
  /** What was expected there. */
  readonly expected: string;

  /** `found` is what stands there in place of what was expected. */
  constructor(position: number, length: number, expected: string, found: string) {
    super(`at character ${position + 1} of the filter: expected ${expected}, found ${found}`);
    this.position = position;
    this.length = length;
    this.expected = expected;
  }
}

/** A word, a text in quotes, or a sign. */
export interface Token {
  readonly kind: "word" | "text" | "(" | ")" | "and" | "or" | "not" | "end";
  /** The word as it was written, or the text without its quotes. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** Characters of a filter: longer ones are refused. */
const MOST = 4096;

const SIGNS: Readonly<Record<string, Token["kind"]>> = {
  "(": "(",
  ")": ")",
  "!": "not",
  "&&": "and",
  "||": "or",
};

const WORDS: Readonly<Record<string, Token["kind"]>> = { and: "and", or: "or", not: "not" };

/** Blanks, a text in quotes, a sign, or a word; in one pass, without looking back. */
const TOKEN = /\s+|"((?:[^"\\]|\\.)*)"|&&|\|\||[()!]|[^\s"()!&|]+/y;

/**
 * Splits a filter into its tokens; the last is the end.
 *
 * @throws {FilterError} If a quote is not closed, or a sign is none.
 */
export function tokensOf(text: string): Token[] {
  if (text.length > MOST) {
    throw new FilterError(MOST, text.length - MOST, `at most ${MOST} characters`, "more");
  }
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  for (let start = 0; start < text.length; start = TOKEN.lastIndex) {
    const match = TOKEN.exec(text);
    if (!match) {
      const isQuote = text[start] === '"';
      throw new FilterError(
        start,
        isQuote ? text.length - start : 1,
        isQuote ? 'a closing "' : "a term, && or ||",
        isQuote ? "the end" : JSON.stringify(text[start]),
      );
    }
    const [found, quoted] = match;
    const end = TOKEN.lastIndex;
    if (quoted !== undefined) {
      tokens.push({ kind: "text", text: quoted.replaceAll(/\\(.)/g, "$1"), start, end });
    } else if (found.trim() !== "") {
      const kind = SIGNS[found] ?? WORDS[found.toLowerCase()] ?? "word";
      tokens.push({ kind, text: found, start, end });
    }
  }
  tokens.push({ kind: "end", text: "", start: text.length, end: text.length });
  return tokens;
}
