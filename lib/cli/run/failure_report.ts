import { join, relative, resolve } from "node:path";
import { isInconclusive } from "../../sim/report/inconclusive.ts";
import { stepText } from "../../sim/report/report.ts";
import { showTime } from "../../sim/values/numbers.ts";
import type { Failure, SimulationOutcome } from "../../sim/types/types.ts";
import { commandText } from "../../events/text.ts";
import { painter } from "../command/colors.ts";
import { printable } from "../command/printable.ts";
import { SIGNS } from "./progress.ts";

/** Where a failure is printed. */
export interface FailurePlace {
  /** The directory of the simulation's outputs. */
  directory: string;
  /** The current directory of the reader. */
  cwd: string;
  colors: boolean;
}

/** Describes a simulation that did not pass: the step, the cause, the command and the logs. */
export function renderFailure(outcome: SimulationOutcome, place: FailurePlace): string {
  const { name, status, durationMs, failure, verdict } = outcome;
  const paint = painter(place.colors);
  const { sign, style, word } = SIGNS[status];
  const head = `${paint(style, `${sign} ${name}`)} ${word} after ${showTime(durationMs)}`;
  if (!failure) return head;
  const vague = isInconclusive(outcome)
    ? ["inconclusive: this host was too slow to tell why:", ...verdict!.reasons.map(dashed)]
    : [];
  const { message, command, stderr, logs } = failure;
  const lines = [
    whereText(failure, outcome.steps.length),
    ...message.trimEnd().split("\n").map((line) => paint("bold", printable(line, false))),
    command && `${commandWhere(failure)}: ${commandText(command)}${endText(failure)}`,
    stderr.length > 0 && "its last lines on the standard error:",
    ...stderr.map((line) => `  ${paint("dim", "|")} ${printable(line, false)}`),
    ...logsText(failure, logs, place),
    ...recordText(failure, place),
    ...vague,
  ];
  return [head, ...lines.filter((line) => line !== false && line !== undefined).map(indented)]
    .join("\n");
}

/** Such as `step 2 of 4: run ping-check in sender (sims/ping.toml:24)`. */
function whereText(failure: Failure, steps: number): string | undefined {
  const { where } = failure;
  const step = stepText(failure, steps);
  return step === undefined ? where : `${step}${where ? ` (${where})` : ""}`;
}

function commandWhere({ commandNode }: Failure): string {
  return commandNode === undefined ? "command" : `command in ${commandNode}`;
}

function endText({ exitCode, signal }: Failure): string {
  if (signal !== undefined) return ` (killed by ${signal})`;
  return exitCode === undefined ? "" : ` (exit code ${exitCode})`;
}

/** What opens the record of the failure, and what runs it again. */
function recordText({ bundle }: Failure, { cwd }: FailurePlace): string[] {
  if (bundle === undefined) return [];
  const path = commandText([shown(bundle, cwd)]);
  return [
    `record: ${shown(bundle, cwd)} (and .zip)`,
    `to see it: netyard show ${path}`,
    `to run it again: netyard replay ${path}`,
  ];
}

/** A path that the reader can use: relative below the current directory, or else absolute. */
function shown(path: string, cwd: string): string {
  const short = relative(cwd, resolve(cwd, path)) || ".";
  return short.startsWith("../") ? resolve(cwd, path) : short;
}

/** One file per line, so that a terminal can make links of them. */
function logsText(
  { step }: Failure,
  logs: readonly string[],
  { directory, cwd }: FailurePlace,
): string[] {
  const paths = logs.map((log) => shown(join(directory, log), cwd));
  if (paths.length === 1) return [`log: ${paths[0]}`];
  if (paths.length > 1) return ["logs:", ...paths.map((path) => `  ${path}`)];
  return step === undefined ? [] : [`outputs: ${shown(directory, cwd)}`];
}

function dashed(reason: string): string {
  return `  - ${reason}`;
}

function indented(line: string): string {
  return line.trim() === "" ? "" : `    ${line}`;
}
