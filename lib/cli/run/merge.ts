import { mergeRuns } from "../../sim/report/merge.ts";
import { wantsColors } from "../command/colors.ts";
import type { Invocation } from "../command/command.ts";
import type { MERGE_OPTIONS } from "./merge_command.ts";
import { checkRunOutput, reportResults } from "./results.ts";

/**
 * The command `netyard merge`: joins the results of runs into a new run.
 *
 * @returns the exit code of the new run
 */
export async function merge(
  { options, arguments: directories, line, stdout, stderr }: Invocation<typeof MERGE_OPTIONS>,
): Promise<number> {
  const human = options.json ? stderr : stdout;
  const colors = wantsColors(human, options);
  await checkRunOutput("merge", options);
  const summary = await mergeRuns(directories, {
    workDir: options.workDir,
    command: ["netyard", ...line],
  });
  for (const warning of summary.warnings) human.line(`warning: ${warning}`);
  return await reportResults(summary, options, { stdout, human, colors });
}
