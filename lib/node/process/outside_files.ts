import { CommandError } from "./errors.ts";
import type { Host } from "./host.ts";

/** Redirections are dax's own, too. The quoted text that is no redirection's file is passed over. */
const OUTSIDE_FILE =
  /(?<!\\)("(\\.|[^"\\])*"|'[^']*')|(?<bad>[<>]\s*["']?\/(proc\/|sys\/(class|devices\/virtual)\/net\/|etc\/(hosts|resolv\.conf|nsswitch\.conf)\b))/g;

/** Refuses a shell command that redirects to or from a file of which the node has its own. */
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
    `${host.name}: "${text}" redirects to or from a file of which the node has its own, and the ` +
      "shell would open the host's; use sysctl, or let a program open it, " +
      'as in $`sh -c ${"echo 1 > /proc/..."}`',
  );
}
