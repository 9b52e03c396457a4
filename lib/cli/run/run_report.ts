import { join } from "node:path";
import { showTime } from "../../sim/values/numbers.ts";
import { reportEntries } from "../../sim/report/records.ts";
import { countsText, resultsText, summaryText } from "../../sim/report/report.ts";
import type { RunSummary } from "../../sim/types/run_types.ts";
import type { Simulation } from "../../sim/types/types.ts";
import { painter } from "../command/colors.ts";
import { renderFailure } from "./failure_report.ts";

/** How the report of a run is printed. */
export interface ReportOptions {
  /** The current directory of the reader. */
  cwd: string;
  /** The work directory, as on the command line. */
  workDir: string;
  colors: boolean;
}

/**
 * The report at the end of a run: the failures, the warnings, a table of the results if there are any, and
 * one line with the totals.
 */
export function renderRun(summary: RunSummary, { cwd, workDir, colors }: ReportOptions): string {
  const { outcomes, simulations, directory, durationMs } = summary;
  const paint = painter(colors);
  const directories = new Map(
    simulations.map((each) => [each.name, join(directory, each.directory)]),
  );
  const failures = outcomes.filter(({ status }) => status !== "passed").map((outcome) =>
    renderFailure(outcome, { directory: directories.get(outcome.name)!, cwd, colors })
  );
  const warnings = outcomes.flatMap(({ name, warnings }) =>
    warnings.map((text) => `${paint("yellow", "warning")}: ${name}: ${text}`)
  );
  const faults = summary.errors.map((text) => `${paint("red", "error")}: ${text}`);
  const style = summary.status === "passed" ? "green" : "red";
  const counts = paint(style, countsText(simulations));
  return [
    ...failures,
    [...warnings, ...faults].join("\n"),
    results(summary).trimEnd(),
    `${counts} in ${showTime(durationMs)}; results in ${join(workDir, "latest")}`,
  ].filter((part) => part !== "").join("\n\n");
}

function results({ simulations, outcomes }: RunSummary): string {
  if (outcomes.every((outcome) => outcome.results.length === 0)) return "";
  return outcomes.length === 1
    ? resultsText(outcomes[0])
    : summaryText(reportEntries(simulations, outcomes));
}

/** The output of `--dry-run`: a line for each simulation, with its programs. */
export function renderPlan(simulations: readonly Simulation[]): string {
  const lines = simulations.map(({ name, file, steps, binaries }) => {
    const count = steps.length === 1 ? "1 step" : `${steps.length} steps`;
    const programs = binaries.map((binary) => `${binary.name} (${binary.mode})`).join(", ");
    return `${name}: ${count} of ${file}${programs && `, with ${programs}`}`;
  });
  const count = simulations.length === 1 ? "1 simulation" : `${simulations.length} simulations`;
  return [...lines, `${count} would run`].join("\n");
}
