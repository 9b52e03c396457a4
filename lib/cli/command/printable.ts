import { stripVTControlCharacters } from "node:util";

/** Colours and other styles of terminals (ECMA-48, SGR). */
// deno-lint-ignore no-control-regex
const STYLE = /(\x1b\[[\d;:]*m)/;

/** Characters that move the cursor, ring the bell, or change the terminal; not a tab. */
// deno-lint-ignore no-control-regex
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f-\x9f]/g;

/**
 * Makes the output of a program safe for a terminal, which shows it and does nothing else.
 *
 * @param styles whether to keep its colours; they are reset at its end
 */
export function printable(text: string, styles: boolean): string {
  if (!styles) return stripVTControlCharacters(text).replace(CONTROL, "\ufffd");
  const parts = text.split(STYLE);
  if (parts.length === 1) return printable(text, false);
  return parts.map((part, i) => i % 2 === 1 ? part : printable(part, false)).join("") + "\x1b[0m";
}
