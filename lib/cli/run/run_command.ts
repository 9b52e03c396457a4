import type { Declaration } from "../command/command.ts";
import {
  BINARY,
  COLOR,
  FILTER,
  JSON_SUMMARY,
  JUNIT,
  NO_BUILD,
  PROJECT_SIMULATIONS,
  wholeNumber,
  WORK_DIR,
} from "../command/simulation_options.ts";

/** The options of {@linkcode runCommand}. */
export const RUN_OPTIONS = [
  {
    long: "jobs",
    short: "j",
    value: "N",
    default: "1",
    read: wholeNumber(1),
    what: "how many simulations run at a time, each in a lab of its own",
  },
  FILTER,
  {
    long: "timeout",
    value: "TIME",
    what: "how long a simulation may take, such as 90s or 5m, in place of its own limit",
  },
  {
    long: "seed",
    value: "N",
    read: wholeNumber(0, 0xffffffff),
    what: "decide what is drawn at random, in place of the seeds of the files",
  },
  {
    long: "shard",
    value: "K/N",
    what: "run the K-th of N parts only; `netyard merge` joins their results",
  },
  BINARY,
  NO_BUILD,
  { long: "dry-run", what: "say what would run, and start nothing" },
  { long: "verbose", short: "v", what: "show each line that programs print" },
  WORK_DIR,
  JSON_SUMMARY,
  JUNIT,
  ...COLOR,
] as const;

/** `netyard run`. */
export const runCommand: Declaration<typeof RUN_OPTIONS> = {
  name: "run",
  summary: "run simulations",
  description:
    `Runs simulations, each in a lab of its own, and keeps what they print and measure in a directory.

All files are checked before anything is started. Ctrl-C ends what runs, and leaves the results \
complete; a second one ends at once.`,
  arguments: [PROJECT_SIMULATIONS],
  options: RUN_OPTIONS,
  examples: [
    { command: "netyard run sims/ping.toml", what: "run one simulation, or all of its matrix" },
    { command: "netyard run -j 4 sims", what: "run all of a directory, four at a time" },
    { command: "netyard run sims --filter '/nat-(home|cgnat)/' -v", what: "run some, and see all" },
    {
      command: "netyard run sims --binary relay:path:target/debug/relay",
      what: "run them with a program of your own",
    },
    {
      command: "netyard run sims --shard 2/4 --junit results.xml",
      what: "run the second quarter, in CI",
    },
  ],
  exitCodes: [
    [0, "all passed"],
    [1, "some failed or took too long, or no lab can be built here"],
    [2, "wrong options or files: nothing was started"],
    [130, "interrupted"],
  ],
};
