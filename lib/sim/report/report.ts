/**
 * What a run leaves: its directory, manifest, results and reports, and the merging of runs. Imports
 * `files` and the types of simulations; runs nothing. Begin here, with the reports; `records.ts` has the
 * JSON files.
 *
 * @module
 */
import type { Verdict } from "../../record/verdict.ts";
import { isInconclusive } from "./inconclusive.ts";
import { show, showTime } from "../values/numbers.ts";
import { largest, type ResultRow, resultRow } from "./results.ts";
import type { RecordStatus } from "../types/run_types.ts";
import { type Column, escaped, markdownTable, textTable } from "./table.ts";
import type { Failure, StepResult } from "../types/types.ts";

/** A simulation in a report: its outcome, or its record if it did not run. */
export interface ReportEntry {
  /** The simulation's name. */
  name: string;
  /** The simulation's file. */
  file: string;
  /** The values of the matrix, by axis. */
  variant: Readonly<Record<string, string>>;
  /** The result. */
  status: RecordStatus;
  /** The duration in milliseconds. */
  durationMs?: number;
  /** The rows of its results. */
  results?: readonly StepResult[];
  /** Why it did not pass. */
  failure?: Failure;
  /** Whether the host was fast enough. */
  verdict?: Verdict;
  /** Problems that did not make it fail. */
  warnings?: readonly string[];
}

/** Returns `results.md`: the status of a simulation, and its results as a table. */
export function resultsMarkdown(entry: ReportEntry): string {
  return sections(
    `# ${escaped(entry.name)}\n`,
    `${statusText(entry)}, of ${escaped(entry.file)}${variantText(entry)}\n`,
    markdownTable(detailColumns([entry])),
    entry.failure && `## Failure\n`,
    entry.failure && quoted(failureText(entry.failure)),
    listed("## The host was too slow", entry.verdict?.reasons),
    listed("## Warnings", entry.warnings),
  );
}

/** Returns `combined-results.md`: one line per simulation, one line per result, and the failures. */
export function combinedMarkdown(
  run: string,
  entries: readonly ReportEntry[],
  errors: readonly string[] = [],
): string {
  const details = markdownTable([nameColumn(entries), ...detailColumns(entries)]);
  const failed = entries.filter(({ failure }) => failure !== undefined);
  return sections(
    `# ${escaped(run)}\n`,
    `${countsText(entries)}\n`,
    markdownTable(summaryColumns(entries)),
    details && "## Results\n",
    details,
    failed.length > 0 && "## Failures\n",
    ...failed.flatMap((entry) => [
      `### ${escaped(entry.name)}\n`,
      quoted(failureText(entry.failure!)),
      isInconclusive(entry) && listed("The host was too slow to tell why:", entry.verdict!.reasons),
    ]),
    listed("## Errors", errors),
  );
}

/** Returns a simulation's results for a terminal; empty if there are none. */
export function resultsText(entry: ReportEntry): string {
  return textTable(detailColumns([entry]));
}

/** Returns a table for a terminal, with one line per simulation; empty without simulations. */
export function summaryText(entries: readonly ReportEntry[]): string {
  return textTable(summaryColumns(entries, "results"));
}

/** Returns the numbers of simulations by status: `2 passed, 2 failed (1 inconclusive)`. */
export function countsText(
  entries: readonly { status: RecordStatus; verdict?: Verdict }[],
): string {
  const counts = STATUSES.map((status) => {
    const having = entries.filter((entry) => entry.status === status);
    const vague = having.filter(isInconclusive).length;
    const which = vague === 0
      ? ""
      : vague === having.length
      ? " (inconclusive)"
      : ` (${vague} inconclusive)`;
    return having.length === 0 ? "" : `${having.length} ${WORDS[status]}${which}`;
  });
  return counts.filter(Boolean).join(", ") || "no simulations";
}

/** Returns why a simulation did not pass, in several lines, without a line break at the end. */
export function failureText(failure: Failure): string {
  const step = stepText(failure);
  return [
    failure.where === undefined ? step : `${failure.where}: ${step ?? "in the file"}`,
    failure.message,
    failure.command &&
    `command${failure.commandNode === undefined ? "" : ` in ${failure.commandNode}`}: ` +
      failure.command.map(word).join(" "),
    failure.exitCode === undefined ? undefined : `exit code: ${failure.exitCode}`,
    failure.signal && `signal: ${failure.signal}`,
    failure.stderr.length > 0 && ["standard error:", ...failure.stderr].join("\n  "),
    failure.logs.length > 0 && `logs: ${failure.logs.join(", ")}`,
    failure.bundle && `record: ${failure.bundle}; to see it: netyard show ${word(failure.bundle)}`,
  ].filter(Boolean).join("\n");
}

/**
 * The step of a failure: `step 2 of 4: run ping-check in sender`; undefined if no step failed.
 *
 * @param steps the number of steps, if it is known
 */
export function stepText(
  { step, id, action, device }: Failure,
  steps?: number,
): string | undefined {
  if (step === undefined) return undefined;
  const of = steps ? ` of ${steps}` : "";
  return `step ${step}${of}: ${action} ${id}${device === undefined ? "" : ` in ${device}`}`;
}

const WORDS: Record<RecordStatus, string> = {
  "passed": "passed",
  "failed": "failed",
  "timed-out": "timed out",
  "interrupted": "interrupted",
  "not-run": "not run",
};

const STATUSES = Object.keys(WORDS) as RecordStatus[];

function statusText(entry: ReportEntry): string {
  const { status, durationMs } = entry;
  const time = durationMs === undefined
    ? ""
    : ` ${status === "passed" ? "in" : "after"} ${showTime(durationMs)}`;
  return `${WORDS[status]}${time}${isInconclusive(entry) ? " (inconclusive)" : ""}`;
}

function statusCell(entry: ReportEntry): string {
  return `${WORDS[entry.status]}${isInconclusive(entry) ? " (inconclusive)" : ""}`;
}

function variantText({ variant }: ReportEntry): string {
  const values = Object.entries(variant).map(([axis, value]) => `${axis} = ${value}`);
  return values.length === 0 ? "" : escaped(` (${values.join(", ")})`);
}

function nameColumn(entries: readonly ReportEntry[]): Column {
  const cells = entries.flatMap(({ name, results }) => (results ?? []).map(() => name));
  return { head: "simulation", cells, isName: true };
}

/** `countHead` is the heading of the number of results; files keep the short one of the reference. */
function summaryColumns(entries: readonly ReportEntry[], countHead = "n"): Column[] {
  const rows = entries.map(({ results }) => (results ?? []).map(resultRow));
  const most = (head: string, value: (row: ResultRow) => number | undefined): Column => ({
    head,
    cells: rows.map((each) => cell(largest(each.map(value)))),
    numeric: true,
  });
  return [
    { head: "simulation", cells: entries.map(({ name }) => name) },
    { head: "status", cells: entries.map(statusCell) },
    {
      head: "time",
      cells: entries.map(({ durationMs }) =>
        durationMs === undefined ? undefined : showTime(durationMs)
      ),
      numeric: true,
    },
    {
      head: countHead,
      cells: rows.map(({ length }) => length === 0 ? undefined : String(length)),
      numeric: true,
    },
    most("max down MB/s", ({ downRate }) => downRate),
    most("max up MB/s", ({ upRate }) => upRate),
    most("max latency ms", ({ latencyMs }) => latencyMs),
  ];
}

function detailColumns(entries: readonly ReportEntry[]): Column[] {
  const results = entries.flatMap(({ results }) => results ?? []);
  const rows = results.map(resultRow);
  const numbers = (
    head: string,
    value: (row: ResultRow, result: StepResult) => string | undefined,
  ) => ({
    head,
    cells: rows.map((row, i) => value(row, results[i])),
    numeric: true,
  });
  return [
    { head: "step", cells: rows.map(({ id }) => id), isName: true },
    // A value that is not a number is shown as it was captured.
    numbers("duration s", (row, { duration }) => cell(row.seconds) ?? duration ?? undefined),
    numbers("down bytes", (_, { down_bytes }) => down_bytes ?? undefined),
    numbers("down MB/s", ({ downRate }) => cell(downRate)),
    numbers("up bytes", (_, { up_bytes }) => up_bytes ?? undefined),
    numbers("up MB/s", ({ upRate }) => cell(upRate)),
    numbers("latency ms", (row, { latency_ms }) => cell(row.latencyMs) ?? latency_ms ?? undefined),
  ];
}

function cell(value: number | undefined): string | undefined {
  return value === undefined ? undefined : show(value);
}

/** Returns an argument quoted for sh(1). */
function word(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}

function listed(head: string, lines: readonly string[] = []): string {
  return lines.length === 0
    ? ""
    : `${head}\n\n${lines.map((line) => `- ${escaped(line)}\n`).join("")}`;
}

/** Returns text as a code block of Markdown. */
function quoted(text: string): string {
  return text.split("\n").map((line) => line === "" ? "\n" : `    ${line}\n`).join("");
}

function sections(...parts: (string | false | undefined)[]): string {
  return parts.filter(Boolean).join("\n");
}
