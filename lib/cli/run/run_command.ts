import { type Declaration, UsageError } from "../command/command.ts";
import { INCONCLUSIVE } from "./exit_codes.ts";
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

const RECORD_LEVELS = ["off", "events", "full", "on-failure"] as const;

/** Reads the value of `--record`. */
function recordLevel(text: string): typeof RECORD_LEVELS[number] {
  const level = RECORD_LEVELS.find((level) => level === text);
  if (level) return level;
  throw new UsageError(`must be one of ${RECORD_LEVELS.join(", ")}`);
}

/** The options of {@linkcode runCommand}. */
export const RUN_OPTIONS = [
  {
    long: "jobs",
    short: "j",
    value: "N",
    default: "1",
    read: wholeNumber(1),
    what: "run this many simulations at the same time, each in its own lab",
  },
  FILTER,
  {
    long: "timeout",
    value: "TIME",
    what: "time limit of each simulation, such as 90s or 5m, instead of its own limit",
  },
  {
    long: "seed",
    value: "N",
    read: wholeNumber(0, 0xffffffff),
    what: "seed of all random choices, instead of the seeds of the files",
  },
  {
    long: "shard",
    value: "K/N",
    what: "run only the K-th of N parts; `netyard merge` joins their results",
  },
  {
    long: "retries",
    value: "N",
    default: "0",
    read: wholeNumber(0),
    what: "run a simulation that failed on a host that was too slow again, up to N times",
  },
  {
    long: "record",
    value: "WHAT",
    read: recordLevel,
    what: `off, events, full, or on-failure: keep a record of each simulation that fails; \
default NETYARD_RECORD, or events`,
  },
  BINARY,
  NO_BUILD,
  { long: "dry-run", what: "print what would run, and start nothing" },
  { long: "verbose", short: "v", what: "show each line of output of the programs" },
  {
    long: "open",
    what: "show the simulations in the browser while they run, as `netyard serve` does",
  },
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
    `Runs simulations, each in its own lab, and keeps their output and results in a directory.

All files are checked before anything is started. Ctrl-C ends the running simulations and still \
writes the results; a second Ctrl-C exits without them.

A simulation that fails while the host is too slow (processes wait for a processor, packets are late) is \
inconclusive: the report has the numbers, and JUnit an error of that type.`,
  arguments: [PROJECT_SIMULATIONS],
  options: RUN_OPTIONS,
  examples: [
    {
      command: "netyard run sims/ping.toml",
      what: "run one simulation, or all variants of its matrix",
    },
    {
      command: "netyard run -j 4 sims",
      what: "run all simulations of a directory, four at a time",
    },
    {
      command: "netyard run sims --filter '/nat-(home|cgnat)/' -v",
      what: "run some of them, and show the output of their programs",
    },
    {
      command: "netyard run sims --binary relay:path:target/debug/relay",
      what: "run them with your own build of a program",
    },
    {
      command: "netyard run sims --record on-failure",
      what: "keep a record of each failure, which `netyard show` and `netyard replay` take",
    },
    {
      command: "netyard run sims --shard 2/4 --junit results.xml",
      what: "run the second quarter, in CI",
    },
  ],
  exitCodes: [
    [0, "all passed"],
    [1, "some failed or timed out, or no lab can be built on this host"],
    [2, "wrong options or files; nothing was started"],
    [INCONCLUSIVE, "all that failed did so on a host that was too slow: run it again"],
    [130, "interrupted"],
  ],
};
