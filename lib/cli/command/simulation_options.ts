import { type Argument, UsageError } from "./command.ts";
import { nameFilter } from "./select.ts";

/** Simulations, as several commands take them. */
export const SIMULATION_FILES = {
  name: "FILE|DIRECTORY",
  what: "simulations in TOML; of a directory, all that are in it",
  many: true,
  kind: "path",
} as const satisfies Argument;

/** The same, or those of the project. */
export const PROJECT_SIMULATIONS = {
  ...SIMULATION_FILES,
  what: `${SIMULATION_FILES.what}. Default: "simulations" of the nearest netyard.toml`,
  optional: true,
} as const satisfies Argument;

/** Another program in place of one that a file names. */
export const BINARY = {
  long: "binary",
  value: "NAME:MODE:VALUE",
  many: true,
  what: "use this program for a [[binary]] of the files, such as relay:path:target/release/relay",
} as const;

/** Only what is there. */
export const NO_BUILD = {
  long: "no-build",
  what: "build nothing: what a build would make must be there",
} as const;

/** Where run directories are. */
export const WORK_DIR = {
  long: "work-dir",
  value: "DIRECTORY",
  kind: "directory",
  default: ".netyard-work",
  what: "where the directory with the results is made",
} as const;

/** Some of them. */
export const FILTER = {
  long: "filter",
  value: "TEXT",
  read: nameFilter,
  what: "only simulations whose name contains this, or fits it if it is a /regular expression/",
} as const;

/** The results for programs. */
export const JSON_SUMMARY = {
  long: "json",
  what: "print the results as JSON at the end; all else goes to the standard error",
} as const;

/** The results for CI. */
export const JUNIT = {
  long: "junit",
  value: "FILE",
  kind: "file",
  what: "write the results as JUnit XML too, for CI",
} as const;

/** Colours, where the command cannot know. */
export const COLOR = [
  { long: "color", what: "colour the output, also where it is no terminal" },
  { long: "no-color", what: "do not colour the output; NO_COLOR=1 does the same" },
] as const;

/** A whole number; with it, options read their value. */
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
