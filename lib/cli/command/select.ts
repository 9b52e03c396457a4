import { UsageError } from "./command.ts";

/** Selects names. */
export interface NameFilter {
  /** The text of the option. */
  text: string;
  accepts(name: string): boolean;
}

/**
 * Parses a filter of names: a text that names contain, or a regular expression between slashes that they
 * match: `/^nat-(home|cgnat)$/i`.
 *
 * @throws {UsageError} the regular expression is not valid; the message is the rule
 */
export function nameFilter(text: string): NameFilter {
  const match = /^\/(.+)\/([a-z]*)$/s.exec(text);
  if (!match) return { text, accepts: (name) => name.includes(text) };
  try {
    // With these flags the expression would remember the position of its last match.
    const expression = new RegExp(match[1], match[2].replace(/[gy]/g, ""));
    return { text, accepts: (name) => expression.test(name) };
  } catch (error) {
    throw new UsageError(
      `must be a regular expression: ${(error as Error).message.replace(/^.*: /s, "")}`,
    );
  }
}

/**
 * Returns the items whose names the filter accepts; all of them without a filter.
 *
 * @throws {UsageError} the filter accepts none; the message lists all names
 */
export function select<T extends { name: string }>(
  all: readonly T[],
  filter: NameFilter | undefined,
): T[] {
  if (!filter) return [...all];
  const selected = all.filter(({ name }) => filter.accepts(name));
  if (selected.length > 0) return selected;
  const names = all.map(({ name }) => `\n  ${name}`).join("");
  throw new UsageError(
    `no simulation matches --filter ${filter.text}; the simulations are:${names}`,
  );
}
