import type { Failed } from "./bundle_info.ts";
import { BundleError } from "./errors.ts";

/** Options of `deno test` whose value may be the next word. */
const WITH_VALUE = new Set([
  "-c",
  "--config",
  "--import-map",
  "--lock",
  "--cert",
  "--ext",
  "--location",
  "--reporter",
  "--junit-path",
  "--seed",
  "--preload",
  "--require",
  "--conditions",
  "--allow-scripts",
]);

/** Options that a replay leaves out, since it runs one test, once. */
const LEFT_OUT = /^--(filter|watch|shuffle|no-run|doc|junit-path|coverage|ignore)(=|$)/;
/** Of these, those whose value may be the next word. */
const LEFT_OUT_WITH_VALUE = new Set(["--filter", "--ignore", "--junit-path"]);

/** What has a meaning in a regular expression; `RegExp.escape()` writes spaces so that nobody can read them. */
const SPECIAL = /[\\^$.*+?()[\]{}|/]/g;

/**
 * Returns the arguments of Deno that run a failed test alone: those of the command line of the bundle, with
 * its file and name in place of all others. What is after `--` stays.
 *
 * @throws {BundleError} The command line is not that of a `deno test` whose file is known.
 */
export function replayLine(
  { kind, name, file }: Failed,
  command: readonly string[],
): string[] {
  const [, subcommand, ...words] = command;
  if (kind !== "test" || subcommand !== "test" || file === null) {
    throw new BundleError(
      `only a test of \`deno test\` can be replayed, and this is a ${kind} of: ` +
        (command.join(" ") || "a command that is not known"),
    );
  }
  const end = words.indexOf("--");
  const own = end < 0 ? words : words.slice(0, end);
  const options: string[] = [];
  for (let i = 0; i < own.length; i++) {
    const word = own[i];
    if (LEFT_OUT.test(word)) {
      if (LEFT_OUT_WITH_VALUE.has(word)) i++;
      continue;
    }
    if (!word.startsWith("-")) continue; // a file, or a folder of them
    options.push(word);
    if (WITH_VALUE.has(word) && i + 1 < own.length) options.push(own[++i]);
  }
  const pattern = `--filter=/^${name.replace(SPECIAL, "\\$&")}$/`;
  return ["test", ...options, pattern, file, ...end < 0 ? [] : words.slice(end)];
}
