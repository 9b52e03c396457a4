/** Enough of an end to see the cause in, and little enough to read. */
const LINES = 20;
const CHARACTERS = 2000;

/** The last lines of a text, without its last line breaks, and a mark if it is cut. */
export function tail(text: string, lines: number = LINES): string {
  const whole = text.replace(/\s+$/, "");
  const last = whole.split("\n").slice(-lines).join("\n").slice(-CHARACTERS);
  return last.length < whole.length ? `[...]\n${last}` : last;
}
