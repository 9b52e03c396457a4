import type { Declaration } from "../command/command.ts";
import { COLOR, JSON_SUMMARY, JUNIT, WORK_DIR } from "../command/simulation_options.ts";

/** The options of {@linkcode mergeCommand}. */
export const MERGE_OPTIONS = [WORK_DIR, JSON_SUMMARY, JUNIT, ...COLOR] as const;

/** `netyard merge`. */
export const mergeCommand: Declaration<typeof MERGE_OPTIONS> = {
  name: "merge",
  summary: "join the results of parts that ran on several machines",
  description: `Joins runs, such as those of \`netyard run --shard K/N\`, into one in the work \
directory. The runs stay as they are. A part that is missing makes the whole fail.`,
  arguments: [{
    name: "DIRECTORY",
    what: "a run, or a work directory, of which the newest run is taken",
    many: true,
    kind: "directory",
  }],
  options: MERGE_OPTIONS,
  examples: [
    { command: "netyard merge artifacts/netyard-*", what: "join what CI kept of each job" },
    {
      command: "netyard merge part-1 part-2 --work-dir all --junit results.xml",
      what: "join two into the directory all, and write JUnit XML",
    },
  ],
  exitCodes: [
    [0, "all passed"],
    [1, "some failed, or a part is missing"],
    [2, "wrong options, or directories that are no runs or do not go together"],
    [130, "some part was interrupted"],
  ],
};
