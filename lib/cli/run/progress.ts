import { showTime } from "../../sim/values/numbers.ts";
import { isInconclusive } from "../../sim/report/inconclusive.ts";
import type { RecordStatus } from "../../sim/types/run_types.ts";
import type { SimulationOutcome } from "../../sim/types/types.ts";
import { type Paint, painter, type Style } from "../command/colors.ts";
import { printable } from "../command/printable.ts";
import type { ProgressState, Running } from "./progress_state.ts";

/** The terminal for which the progress is drawn. */
export interface Display {
  columns: number;
  /** The most lines that the progress may take. Default: no limit. */
  rows?: number;
  /** The current time on the clock of the state, in milliseconds. */
  now: number;
  colors: boolean;
}

const SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";
const FRAME_MS = 100;
const LONGEST_NAME = 40;
const BAR_COLUMNS = 30;

/** The look of each status. */
export const SIGNS: Record<RecordStatus, { sign: string; style: Style; word: string }> = {
  passed: { sign: "✓", style: "green", word: "passed" },
  failed: { sign: "✗", style: "red", word: "failed" },
  "timed-out": { sign: "✗", style: "red", word: "timed out" },
  interrupted: { sign: "!", style: "yellow", word: "interrupted" },
  "not-run": { sign: "-", style: "yellow", word: "not run" },
};

/**
 * Draws the progress of a run: a line for each running simulation, and a bar if there is more than one
 * simulation.
 */
export function renderProgress(state: ProgressState, display: Display): string {
  const paint = painter(display.colors);
  const running = [...state.running.values()];
  const total = state.total > 1 || state.ending ? [totalLine(state, display, paint)] : [];
  const room = (display.rows ?? Infinity) - total.length;
  // One line says how many are not shown.
  const shown = running.length <= room ? running : running.slice(0, Math.max(0, room - 1));
  const width = Math.min(LONGEST_NAME, Math.max(0, ...shown.map(({ name }) => name.length)));
  const spinner = SPINNER[Math.floor(display.now / FRAME_MS) % SPINNER.length];
  return [
    ...shown.map((each) => runningLine(each, width, spinner, display, paint)),
    ...shown.length < running.length ? [`  and ${running.length - shown.length} more`] : [],
    ...total,
  ].join("\n");
}

function runningLine(
  { name, startedAt, step, steps, doing }: Running,
  width: number,
  spinner: string,
  { now, columns }: Display,
  paint: Paint,
): string {
  const elapsed = showTime(now - startedAt).padStart(8);
  const count = `${step}/${steps}`.padStart(`${steps}/${steps}`.length);
  const head = `${cut(name, width).padEnd(width)}  ${elapsed}  ${count}`;
  const what = step === 0 && doing === "" ? "building its lab" : oneLine(doing);
  const text = cut(`${head}  ${what}`, columns - 2);
  return `${paint("cyan", spinner)} ${text.slice(0, width)}${paint("dim", text.slice(width))}`;
}

function totalLine(state: ProgressState, { now, columns }: Display, paint: Paint): string {
  const { total, ended, running } = state;
  const done = Object.values(ended).reduce((sum, count) => sum + count, 0);
  const counts = (Object.keys(SIGNS) as RecordStatus[]).flatMap((status) => {
    const { style, word } = SIGNS[status];
    const count = ended[status] ?? 0;
    return count > 0 ? [{ style, text: `${count} ${word}` }] : [];
  });
  const parts: { style?: Style; text: string }[] = [
    { text: `${done}/${total}` },
    ...counts,
    { text: state.ending ? `${running.size} ending` : `${running.size} running` },
    { text: showTime(now - state.startedAt) },
  ];
  const length = parts.reduce((sum, { text }) => sum + text.length + 2, 0);
  const width = Math.max(0, Math.min(BAR_COLUMNS, columns - length));
  const filled = total === 0 ? 0 : Math.floor(width * done / total);
  const failed = (ended.failed ?? 0) + (ended["timed-out"] ?? 0) > 0;
  const bar = paint(failed ? "red" : "green", "━".repeat(filled)) +
    paint("dim", "─".repeat(width - filled));
  const words = parts.map(({ style, text }) => style ? paint(style, text) : text).join("  ");
  // A terminal that is too narrow for the words gets them cut, without colours.
  if (length - 2 > columns) return cut(parts.map(({ text }) => text).join("  "), columns);
  return width > 0 ? `${bar}  ${words}` : words;
}

/** The line that stays of a simulation after its end. */
export function renderEnded(outcome: SimulationOutcome, colors: boolean): string {
  const { name, status, durationMs, failure } = outcome;
  const paint = painter(colors);
  const { sign, style, word } = SIGNS[status];
  const vague = isInconclusive(outcome) ? " inconclusive" : "";
  const how = vague || (status === "passed" || status === "failed" ? "" : ` ${word}`);
  const line = `${paint(style, sign)} ${name}${how}  ${paint("dim", showTime(durationMs))}`;
  return failure ? `${line}  ${summaryOf(failure.message)}` : line;
}

/** As {@linkcode renderEnded}, for logs, where it follows the line of the start. */
export function renderEndedPlain(outcome: SimulationOutcome, done: number, total: number): string {
  const { name, status, durationMs, failure } = outcome;
  const why = failure ? `: ${summaryOf(failure.message)}` : "";
  const vague = isInconclusive(outcome) ? " (inconclusive)" : "";
  const time = showTime(durationMs);
  return `${SIGNS[status].word}${vague} ${name} after ${time} (${done}/${total})${why}`;
}

/** The line that stays of an attempt that is repeated. */
export function renderRepeated(
  { name, durationMs, verdict }: SimulationOutcome,
  attempt: number,
): string {
  const why = verdict ? `: ${verdict.reasons[0]}` : "";
  return `${name} was inconclusive after ${
    showTime(durationMs)
  }, in attempt ${attempt}, and runs ` +
    `again${why}`;
}

/** The line that a log gets from time to time, to show that the run continues. */
export function renderStillRunning(state: ProgressState, now: number): string {
  const each = [...state.running.values()].map(({ name, step, steps, doing }) =>
    `${name} (${step}/${steps}${doing ? ` ${oneLine(doing)}` : ""})`
  );
  return `still running after ${showTime(now - state.startedAt)}: ${each.join(", ")}`;
}

/** A line of output of a program, with its node. */
export function renderPrinted(
  name: string | undefined,
  line: { node: string; stream: "stdout" | "stderr"; text: string },
  colors: boolean,
): string {
  const where = name === undefined ? line.node : `${name} ${line.node}`;
  const text = printable(line.text, colors);
  const sign = line.stream === "stderr" ? "!" : "|";
  return `${painter(colors)(nodeStyle(line.node), `${where} ${sign}`)} ${text}`;
}

const NODE_STYLES: readonly Style[] = ["cyan", "magenta", "blue", "green", "yellow"];

/** The colour of a node, always the same. */
function nodeStyle(node: string): Style {
  let sum = 0;
  for (const character of node) sum = (sum * 31 + character.codePointAt(0)!) >>> 0;
  return NODE_STYLES[sum % NODE_STYLES.length];
}

/** The first line of a message, without a clause that only introduces the next lines. */
function summaryOf(message: string): string {
  const first = oneLine(message);
  return message.trimEnd().includes("\n") ? first.replace(/; [^;]*:$/, "") : first;
}

/** The first line of a text, without control characters. */
function oneLine(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.split("\n", 1)[0].replace(/[\x00-\x1f\x7f]/g, " ").trimEnd();
}

function cut(text: string, columns: number): string {
  if (text.length <= columns) return text;
  return columns < 1 ? "" : `${text.slice(0, columns - 1)}…`;
}
