/**
 * The text of a TOML file with quotes around each `${matrix.KEY}` that stands outside of strings and
 * comments, as some write it for numbers: `latency_ms = ${matrix.latency}`. No line moves.
 *
 * @example
 * ```ts
 * import { quotePlaceholders } from "./placeholders.ts";
 *
 * console.assert(quotePlaceholders('a = ${matrix.x} # ${matrix.y}') === 'a = "${matrix.x}" # ${matrix.y}');
 * ```
 */
export function quotePlaceholders(text: string): string {
  return text.replace(PIECES, (piece) => piece.startsWith("${") ? `"${piece}"` : piece);
}

// What may have a placeholder in it comes first: strings of several lines, of one, and comments.
const PIECES = new RegExp(
  [
    String.raw`"""(?:\\[^]|[^\\])*?"""+`,
    String.raw`'''[^]*?'''+`,
    String.raw`"(?:\\.|[^"\\\n])*"`,
    String.raw`'[^'\n]*'`,
    String.raw`#[^\n]*`,
    String.raw`\$\{matrix\.[A-Za-z0-9_-]+\}`,
  ].join("|"),
  "g",
);
