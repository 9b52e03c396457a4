import { type Argument, UsageError } from "./command.ts";
import { nameFilter } from "./select.ts";

/** The files of simulations, for several commands. */
export const SIMULATION_FILES = {
  name: "FILE|DIRECTORY",
  what: "simulations in TOML; of a directory, all its *.toml files",
  many: true,
  kind: "path",
} as const satisfies Argument;

/** The files of simulations; by default those of the project. */
export const PROJECT_SIMULATIONS = {
  ...SIMULATION_FILES,
  optional: true,
  default: '"simulations" of the nearest netyard.toml',
} as const satisfies Argument;

/** Replaces a program that a file names. */
export const BINARY = {
  long: "binary",
  value: "NAME:MODE:VALUE",
  many: true,
  what:
    "use another program for a [[binary]] of the files, such as relay:path:target/release/relay",
} as const;

/** Uses existing programs only. */
export const NO_BUILD = {
  long: "no-build",
  what: "do not build programs; fail if one is not built yet",
} as const;

/** The directory of all run directories. */
export const WORK_DIR = {
  long: "work-dir",
  value: "DIRECTORY",
  kind: "directory",
  default: ".netyard-work",
  what: "create the directory with the results in this one",
} as const;

/** Selects simulations. */
export const FILTER = {
  long: "filter",
  value: "TEXT",
  read: nameFilter,
  what: "only simulations whose name contains this text, or matches it as /regular expression/",
} as const;

/** Prints the results for programs. */
export const JSON_SUMMARY = {
  long: "json",
  what: "print the results as JSON; everything else goes to the standard error",
} as const;

/** Writes the results for CI. */
export const JUNIT = {
  long: "junit",
  value: "FILE",
  kind: "file",
  what: "also write the results as JUnit XML, for CI",
} as const;

/** Overrides the detection of a terminal with colours. */
export const COLOR = [
  { long: "color", what: "colour the output, even if it is not a terminal" },
  { long: "no-color", what: "do not colour the output, like NO_COLOR=1" },
] as const;

/** Reads the value of an option as a whole number. */
export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER) {
  const limits = most === Number.MAX_SAFE_INTEGER
    ? `at least ${least}`
    : `from ${least} to ${most}`;
  return (text: string): number => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= least && number <= most) return number;
    throw new UsageError(`must be a whole number, ${limits}`);
  };
}
