import { onlyInconclusive } from "../../sim/report/records.ts";
import { junitXml } from "../../sim/report/junit.ts";
import type { RunSummary } from "../../sim/types/run_types.ts";
import { UsageError } from "../command/command.ts";
import { INTERRUPTED } from "../command/interrupt.ts";
import type { Output } from "../command/output.ts";
import { checkOutputFile, writeOutputFile } from "../command/output_file.ts";
import { INCONCLUSIVE } from "./exit_codes.ts";
import { renderRun } from "./run_report.ts";

/** The options for the results of a run. */
export interface RunOutputOptions {
  workDir: string;
  json: boolean;
  junit?: string;
}

/** The outputs for the results of a run. */
export interface RunOutputs {
  stdout: Output;
  /** The output for people: the standard error if the standard output is for programs. */
  human: Output;
  colors: boolean;
}

/** Refuses, before anything is started, paths to which the results cannot be written. */
export async function checkRunOutput(
  command: string,
  { junit, workDir }: RunOutputOptions,
): Promise<void> {
  const existing = await Deno.stat(workDir).catch(() => undefined);
  if (existing && !existing.isDirectory) {
    throw new UsageError(
      `netyard ${command}: --work-dir is ${JSON.stringify(workDir)}, but that is not a directory`,
    );
  }
  if (junit !== undefined) await checkOutputFile(`netyard ${command}: --junit`, junit);
}

/**
 * Prints and writes the results of a run.
 *
 * @returns the exit code: 0 if all passed, 1 if not, 75 if that is inconclusive, 130 if it was interrupted
 */
export async function reportResults(
  summary: RunSummary,
  { workDir, json, junit }: RunOutputOptions,
  { stdout, human, colors }: RunOutputs,
): Promise<number> {
  const report = renderRun(summary, { cwd: Deno.cwd(), workDir, colors });
  human.line(report.includes("\n") ? `\n${report}` : report);
  if (json) stdout.line(JSON.stringify(summary, null, 2));
  if (junit !== undefined) await writeOutputFile(junit, junitXml(summary));
  if (summary.status === "interrupted") return INTERRUPTED;
  if (onlyInconclusive(summary)) return INCONCLUSIVE;
  return summary.status === "passed" ? 0 : 1;
}
