import type { Declaration } from "../command/command.ts";
import { wholeNumber } from "../command/simulation_options.ts";

/** The options of {@linkcode bisectCommand}. */
export const BISECT_OPTIONS = [
  {
    long: "max-runs",
    value: "N",
    default: "50",
    read: wholeNumber(1),
    what: "end the search after so many runs",
  },
  {
    long: "timeout",
    value: "TIME",
    default: "10m",
    what: "end the search after this time, such as 90s or 30m",
  },
  { long: "verbose", short: "v", what: "show the output of each run" },
  { long: "yes", short: "y", what: "do not ask before the command of the bundle is run" },
] as const;

/** `netyard bisect-faults`. */
export const bisectCommand: Declaration<typeof BISECT_OPTIONS> = {
  name: "bisect-faults",
  summary: "find the smallest set of faults with which a test or simulation still fails",
  description:
    `Runs the test or simulation of a bundle again and again, each time with other faults of its schedule and \
with the same seed, until it has a set that fails with the same error and fails no more without any one of its \
faults. Numbers in the text of the error may differ. Prints each run on a line, and at the end the faults: as \
a schedule for a script, or as steps for the file of a simulation.

Faults are those of \`lab.inject()\` and \`lab.schedule()\`, and the steps set-link-condition, link-down, \
flush-nat, break-family, break-region and partition. The environment variable NETYARD_FAULTS says which of them \
a run injects, by their IDs: f1 is the first of inject(), s1.0 the first step of the first schedule(); of a \
simulation, the id of the step. The others have no effect. \`netyard replay\` takes it, too.

The command line comes from the bundle: use only bundles that you trust.`,
  arguments: [{
    name: "BUNDLE",
    what: "the directory that the message of the failure names, or its zip file",
    kind: "path",
  }],
  options: BISECT_OPTIONS,
  examples: [{
    command:
      "netyard bisect-faults .netyard-work/failures/20260102-030405-678-handoff --max-runs 20",
    what: "find out which faults make the test fail",
  }],
  exitCodes: [
    [0, "the smallest set was found"],
    [1, "the failure did not come again, needs no fault, or the search was ended before"],
    [2, "wrong options"],
  ],
};
