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

/** Options of `netyard run` that a replay keeps, and whether they have a value. */
const KEPT: Readonly<Record<string, boolean>> = {
  "--binary": true,
  "--timeout": true,
  "--no-build": false,
};

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
      `only simulations, and tests of \`deno test\`, can be run again, and this is a ${kind} of: ` +
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

/** How a simulation is run again. */
export interface SimulationLine {
  failed: Failed;
  seed: number;
  /** The command line of `netyard` then; null if a script ran it. */
  line: readonly string[] | null;
  /** The work directory now. */
  workDir: string;
}

/**
 * Returns the arguments of `netyard` that run a failed simulation alone, with its seed: with the programs
 * and the time limit of the command line then.
 *
 * @throws {BundleError} Its file is not known.
 */
export function simulationLine({ failed, seed, line, workDir }: SimulationLine): string[] {
  const { kind, name, file } = failed;
  if (kind !== "simulation" || file === null) {
    throw new BundleError(`this is no simulation of a file, but a ${kind}: ${name}`);
  }
  const kept: string[] = [];
  const words = line ?? [];
  for (let i = 0; i < words.length; i++) {
    const [option] = words[i].split("=", 1);
    if (!Object.hasOwn(KEPT, option)) continue;
    kept.push(words[i]);
    if (KEPT[option] && option === words[i] && i + 1 < words.length) kept.push(words[++i]);
  }
  const filter = `--filter=/^${name.replace(SPECIAL, "\\$&")}$/`;
  const seeded = ["--seed", `${seed}`, "--record", "on-failure", "--work-dir", workDir];
  return ["run", file, filter, ...kept, ...seeded];
}

/** The work directory of a command line of `netyard run`; undefined for the default. */
export function workDirOf(line: readonly string[] | null): string | undefined {
  const at = line?.findLastIndex((word) => /^--work-dir(=|$)/.test(word)) ?? -1;
  if (at < 0) return undefined;
  const [, value] = /^--work-dir=(.*)$/.exec(line![at]) ?? [];
  return value ?? line![at + 1];
}
