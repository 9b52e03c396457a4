import { UsageError } from "./command.ts";

/** What picks names. */
export interface NameFilter {
  /** As it was written. */
  text: string;
  accepts(name: string): boolean;
}

/**
 * What picks names: those that contain a text, or those that fit a regular expression, which is
 * written between slashes: `/^nat-(home|cgnat)$/i`.
 *
 * @throws {UsageError} the rule, for a regular expression that is none.
 */
export function nameFilter(text: string): NameFilter {
  const match = /^\/(.+)\/([a-z]*)$/s.exec(text);
  if (!match) return { text, accepts: (name) => name.includes(text) };
  try {
    // These would make it remember where it was.
    const expression = new RegExp(match[1], match[2].replace(/[gy]/g, ""));
    return { text, accepts: (name) => expression.test(name) };
  } catch (error) {
    throw new UsageError(
      `must be a regular expression: ${(error as Error).message.replace(/^.*: /s, "")}`,
    );
  }
}

/**
 * Those whose name the filter picks.
 *
 * @throws {UsageError} It picks none; the message lists the names that there are.
 */
export function select<T extends { name: string }>(
  all: readonly T[],
  filter: NameFilter | undefined,
): T[] {
  if (!filter) return [...all];
  const left = all.filter(({ name }) => filter.accepts(name));
  if (left.length > 0) return left;
  const names = all.map(({ name }) => `\n  ${name}`).join("");
  throw new UsageError(`no simulation fits --filter ${filter.text}; there are:${names}`);
}
