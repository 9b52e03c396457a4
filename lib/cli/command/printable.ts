import { stripVTControlCharacters } from "node:util";

/** Colours and the like, as terminals know them (ECMA-48, SGR). */
// deno-lint-ignore no-control-regex
const STYLE = /(\x1b\[[\d;:]*m)/;

/** What moves the cursor, rings, or changes the terminal; a tab does not. */
// deno-lint-ignore no-control-regex
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f-\x9f]/g;

/**
 * What a program printed, so that a terminal shows it and does nothing else.
 *
 * @param styles Whether its colours are kept; they end with it.
 */
export function printable(text: string, styles: boolean): string {
  if (!styles) return stripVTControlCharacters(text).replace(CONTROL, "\ufffd");
  const parts = text.split(STYLE);
  if (parts.length === 1) return printable(text, false);
  return parts.map((part, i) => i % 2 === 1 ? part : printable(part, false)).join("") + "\x1b[0m";
}
