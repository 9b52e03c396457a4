import { junitXml } from "../../sim/report/junit.ts";
import type { RunSummary } from "../../sim/types/run_types.ts";
import { UsageError } from "../command/command.ts";
import { INTERRUPTED } from "../command/interrupt.ts";
import type { Output } from "../command/output.ts";
import { checkOutputFile, writeOutputFile } from "../command/output_file.ts";
import { renderRun } from "./run_report.ts";

/** How the results of a run are wanted. */
export interface RunOutputOptions {
  workDir: string;
  json: boolean;
  junit?: string;
}

/** Where they are told. */
export interface RunOutputs {
  stdout: Output;
  /** What people read: the standard error where the standard output is for programs. */
  human: Output;
  colors: boolean;
}

/** Refuses, before anything is started, what the results could not be written into. */
export async function checkRunOutput(
  command: string,
  { junit, workDir }: RunOutputOptions,
): Promise<void> {
  const there = await Deno.stat(workDir).catch(() => undefined);
  if (there && !there.isDirectory) {
    throw new UsageError(
      `netyard ${command}: --work-dir is ${JSON.stringify(workDir)}, but that is no directory`,
    );
  }
  if (junit !== undefined) await checkOutputFile(`netyard ${command}: --junit`, junit);
}

/**
 * Tells how a run went.
 *
 * @returns the exit code: 0 when all passed, 1 when not, 130 when it was interrupted.
 */
export async function tellRun(
  summary: RunSummary,
  { workDir, json, junit }: RunOutputOptions,
  { stdout, human, colors }: RunOutputs,
): Promise<number> {
  const report = renderRun(summary, { cwd: Deno.cwd(), workDir, colors });
  human.line(report.includes("\n") ? `\n${report}` : report);
  if (json) stdout.line(JSON.stringify(summary, null, 2));
  if (junit !== undefined) await writeOutputFile(junit, junitXml(summary));
  if (summary.status === "interrupted") return INTERRUPTED;
  return summary.status === "passed" ? 0 : 1;
}
