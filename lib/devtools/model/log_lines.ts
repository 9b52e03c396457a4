import { levelOf, type LogLevel } from "./log_level.ts";
import { type LogRecord, recordOf } from "./log_record.ts";
import type { Line } from "./lines.ts";

/** A line of a program's output. */
export interface LogLine {
  /** Its place among the lines that were read, from 0. */
  index: number;
  /** The byte at which it begins. */
  offset: number;
  /** Without control sequences. */
  text: string;
  /** Bytes that were left out at its end. */
  cut: number;
  level: LogLevel | undefined;
  /** The entry, if the line is one of a JSON format. */
  record: LogRecord | undefined;
  /** When it was written, in milliseconds since 1970; undefined where the line does not say. */
  at: number | undefined;
}

/** Control sequences of terminals: CSI, OSC with its text, and two-character ones (ECMA-48). */
const SEQUENCES =
  // deno-lint-ignore no-control-regex -- these are what it removes
  /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[PX^_][^\x1b]*(?:\x1b\\)?|[ -/]*[0-~])|\x9b[0-?]*[ -/]*[@-~]/g;

// deno-lint-ignore no-control-regex -- these are what it replaces
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Removes the control sequences of terminals from a text; other control characters, also those that change
 * the direction of writing, become visible.
 */
export function plainText(text: string): string {
  if (!/[^\t\x20-\x7e]/.test(text)) return text;
  return text.replace(SEQUENCES, "").replace(CONTROL, "\ufffd");
}

/** Reads a line: plain text, or an entry of Rust's tracing, pino, bunyan or slog. */
export function readLogLine({ offset, text: written, cut }: Line, index: number): LogLine {
  const text = plainText(written);
  const record = cut > 0 ? undefined : recordOf(text);
  const time = record?.time ?? leadingTime(text);
  const at = time === undefined ? NaN : Date.parse(time);
  return {
    index,
    offset,
    text,
    cut,
    level: record?.level ?? leadingLevel(text),
    record,
    at: Number.isNaN(at) ? undefined : at,
  };
}

/** The time that many plain logs begin with, in ISO 8601 with a zone. */
function leadingTime(text: string): string | undefined {
  return /^\W{0,2}(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d))/.exec(text)?.[1];
}

/** The level that a plain line names near its begin, in capitals. */
function leadingLevel(text: string): LogLevel | undefined {
  const word = /^.{0,40}?\b(TRACE|DEBUG|INFO|WARN(?:ING)?|ERROR|FATAL)\b/.exec(text)?.[1];
  return word === undefined ? undefined : levelOf(word);
}

/** What a line says, in the order in which it is shown. */
export interface LogParts {
  /** The enclosing spans, from the outermost on, with their fields. */
  spans: { name: string; fields: [string, string][] }[];
  target: string | undefined;
  message: string;
  fields: [string, string][];
}

/** Splits an entry into what is shown. */
export function logParts({ record, text }: LogLine): LogParts {
  if (!record) return { spans: [], target: undefined, message: text, fields: [] };
  const pairs = (fields: [string, unknown][]): [string, string][] =>
    fields.map(([name, value]) => [
      plainText(name),
      plainText(typeof value === "string" ? value : JSON.stringify(value) ?? ""),
    ]);
  return {
    spans: record.spans.map(({ name, fields }) => ({
      name: plainText(name),
      fields: pairs(fields),
    })),
    target: record.target === undefined ? undefined : plainText(record.target),
    message: plainText(record.message),
    fields: pairs(record.fields),
  };
}

/** How far a line may be from the moment of the event that it is about. */
const NEAR_MS = 2_000;

/**
 * Finds the line that belongs to a moment: the nearest one that has a text in it, else the last one before
 * the moment.
 *
 * @param at the moment, in milliseconds since 1970
 * @param text the name of the event, if the line should name it
 * @param nth which of the lines with the text it is, from 0, where lines have no time
 */
export function lineAt(
  lines: readonly LogLine[],
  at: number,
  text?: string,
  nth = 0,
): LogLine | undefined {
  if (text) {
    const named = lines.filter((line) => line.text.includes(text));
    const timed = named.filter((line) => line.at !== undefined);
    const nearest = timed.reduce<LogLine | undefined>(
      (best, line) => !best || Math.abs(line.at! - at) < Math.abs(best.at! - at) ? line : best,
      undefined,
    );
    if (nearest && Math.abs(nearest.at! - at) < NEAR_MS) return nearest;
    if (timed.length === 0 && named.length > 0) return named[Math.min(nth, named.length - 1)];
  }
  return lines.findLast((line) => line.at !== undefined && line.at <= at);
}
