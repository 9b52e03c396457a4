/** Enough to see the cause, and little enough to read. */
const LINES = 20;
const CHARACTERS = 2000;

/** Returns the last lines of a text without trailing line breaks; `[...]` marks what is left out. */
export function tail(text: string, lines: number = LINES): string {
  const whole = text.replace(/\s+$/, "");
  const last = whole.split("\n").slice(-lines).join("\n").slice(-CHARACTERS);
  return last.length < whole.length ? `[...]\n${last}` : last;
}
