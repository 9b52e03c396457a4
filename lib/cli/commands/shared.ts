import { type Argument, UsageError } from "../command.ts";

/** Simulations, as several commands take them. */
export const SIMULATION_FILES = {
  name: "FILE|DIRECTORY",
  what: "simulations in TOML; of a directory, all that are in it",
  many: true,
  kind: "path",
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

/** A whole number; with it, options read their value. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(number) && number >= least) return number;
    throw new UsageError(`must be a whole number, at least ${least}`);
  };
}
