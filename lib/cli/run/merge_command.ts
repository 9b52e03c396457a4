import { INCONCLUSIVE } from "./exit_codes.ts";
import type { Declaration } from "../command/command.ts";
import { COLOR, JSON_SUMMARY, JUNIT, WORK_DIR } from "../command/simulation_options.ts";

/** The options of {@linkcode mergeCommand}. */
export const MERGE_OPTIONS = [WORK_DIR, JSON_SUMMARY, JUNIT, ...COLOR] as const;

/** `netyard merge`. */
export const mergeCommand: Declaration<typeof MERGE_OPTIONS> = {
  name: "merge",
  summary: "join the results of runs on several machines",
  description:
    `Joins the results of runs, such as those of \`netyard run --shard K/N\`, into one new \
run in the work directory. The joined runs are not changed. A missing part makes the new run fail.`,
  arguments: [{
    name: "DIRECTORY",
    what: "a run, or a work directory, for its newest run",
    many: true,
    kind: "directory",
  }],
  options: MERGE_OPTIONS,
  examples: [
    {
      command: "netyard merge artifacts/netyard-*",
      what: "join the artifacts of all jobs of a CI run",
    },
    {
      command: "netyard merge part-1 part-2 --work-dir all --junit results.xml",
      what: "join two runs into the directory all, and write JUnit XML",
    },
  ],
  exitCodes: [
    [0, "all passed"],
    [1, "some failed, or a part is missing"],
    [2, "wrong options, or directories that are not runs or do not belong together"],
    [INCONCLUSIVE, "all that failed did so on a host that was too slow: run them again"],
    [130, "a part was interrupted"],
  ],
};
