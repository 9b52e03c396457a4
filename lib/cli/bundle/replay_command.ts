import type { Declaration } from "../command/command.ts";

/** The options of {@linkcode replayCommand}. */
export const REPLAY_OPTIONS = [
  { long: "yes", short: "y", what: "do not ask before the command of the bundle is run" },
] as const;

/** `netyard replay`. */
export const replayCommand: Declaration<typeof REPLAY_OPTIONS> = {
  name: "replay",
  summary: "run a failed test or simulation again, with the same seed, and compare what happened",
  description:
    `Runs the test of a bundle again: alone, with its options of \`deno test\`, and with the \
seed of its lab in NETYARD_SEED; or the simulation, with its programs and its values of the matrix. Then it \
says whether that failed with the same error, and for each node where its events part from those of the \
bundle. Times, and data that programs measured, are not compared. The environment variable \
NETYARD_FAULTS restricts the faults: see \`netyard help bisect-faults\`.

The command line comes from the bundle: replay only bundles that you trust.`,
  arguments: [{
    name: "BUNDLE",
    what: "the directory that the message of the failure names, or its zip file",
    kind: "path",
  }],
  options: REPLAY_OPTIONS,
  examples: [{
    command: "netyard replay .netyard-work/failures/20260102-030405-678-handoff",
    what: "see whether a test fails again, and what is different",
  }],
  exitCodes: [
    [0, "it passed"],
    [1, "it failed, or could not be run"],
    [2, "wrong options"],
  ],
};
