import { CommandError } from "./errors.ts";
import type { Host } from "./host.ts";

/** Matches redirections, which dax performs itself, to these files; skips quoted text elsewhere. */
const OUTSIDE_FILE =
  /(?<!\\)("(\\.|[^"\\])*"|'[^']*')|(?<bad>[<>]\s*["']?\/(proc\/|sys\/(class|devices\/virtual)\/net\/|etc\/(hosts|resolv\.conf|nsswitch\.conf)\b))/g;

/** Refuses a shell command with a redirection to or from a file that each node has of its own. */
export function refuseOutsideFiles(
  host: Host,
  strings: readonly string[],
  values: unknown[],
): void {
  // A value is quoted by dax, but for the path of a redirection.
  const text = strings.reduce((text, part, i) =>
    text + (/[<>]\s*$/.test(text) ? values[i - 1] : "''") + part
  );
  if (![...text.matchAll(OUTSIDE_FILE)].some(({ groups }) => groups?.bad)) return;
  throw new CommandError(
    `${host.name}: "${text}" redirects to or from a file that each node has of its own, but the ` +
      "shell would open that of the host; use sysctl, or let a program open it, " +
      'as in $`sh -c ${"echo 1 > /proc/..."}`',
  );
}
