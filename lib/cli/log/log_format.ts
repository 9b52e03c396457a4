import { styleText } from "node:util";
import { atLeast, type LogLevel } from "../command/log_level.ts";
import { type LogRecord, recordOf } from "./log_record.ts";

/** How a log is printed. */
export interface LogFormatOptions {
  /** Whether to colour it. Default false. */
  color?: boolean;
  /** Entries that matter less are left out. Lines that are no entries have no level, and stay. */
  level?: LogLevel;
  /** Only entries whose target has this text in it; lines that are no entries are left out. */
  target?: string;
}

type Style = Parameters<typeof styleText>[0];

const LEVEL_STYLES: Record<LogLevel, Style> = {
  trace: "magenta",
  debug: "blue",
  info: "green",
  warn: "yellow",
  error: "red",
  fatal: ["bold", "red"],
};

/**
 * A line of a log for people: the time, the level, spans, the target, the message, and the fields.
 * What is no entry of a log stays as it is.
 *
 * @returns the text, of several lines where there is a stack; undefined where the line is left out
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const line = '{"time":"2026-01-02T03:04:05Z","level":"WARN","msg":"slow","ms":12}';
 * assertEquals(formatLogLine(line), "2026-01-02T03:04:05Z  WARN slow ms=12");
 * assertEquals(formatLogLine("PING 198.18.0.2"), "PING 198.18.0.2");
 * ```
 */
export function formatLogLine(line: string, options: LogFormatOptions = {}): string | undefined {
  const record = recordOf(line);
  if (!record) return options.target === undefined ? line : undefined;
  if (options.level && record.level && !atLeast(record.level, options.level)) return undefined;
  if (options.target !== undefined && !record.target?.includes(options.target)) return undefined;
  return formatRecord(record, options.color ?? false);
}

const LEVEL_WIDTH = 5;

function formatRecord(record: LogRecord, color: boolean): string {
  const paint = (style: Style, text: string) =>
    color && text ? styleText(style, text, { validateStream: false }) : text;
  const { time, level, target, spans, message, fields } = record;
  const stacks = fields.flatMap(([, value]) => stackOf(value) ?? []);
  const shown = fields.filter(([, value]) => stackOf(value) === undefined);
  const pairs = (all: LogRecord["fields"]) =>
    all.map(([name, value]) => `${paint("italic", clean(name))}=${fieldText(value)}`);
  const where = spans.map(({ name, fields }) =>
    paint("bold", clean(name)) + (fields.length > 0 ? `{${pairs(fields).join(" ")}}` : "")
  ).join(":");
  const first = [
    time && paint("dim", clean(time)),
    level && paint(LEVEL_STYLES[level], level.toUpperCase().padStart(LEVEL_WIDTH)),
    where && `${where}:`,
    target && paint("dim", `${clean(target)}:`),
    indented(clean(message)),
    ...pairs(shown),
  ];
  return [first.filter(Boolean).join(" "), ...stacks.map((stack) => indented(clean(stack), true))]
    .join("\n");
}

/** The stack of an error, as pino and bunyan write it. */
function stackOf(value: unknown): string | undefined {
  const stack = (value as { stack?: unknown } | null)?.stack;
  return typeof stack === "string" ? stack : undefined;
}

function indented(text: string, first = false): string {
  return text.trimEnd().replaceAll(first ? /^/gm : /(?<=\n)/g, "    ");
}

function fieldText(value: unknown): string {
  if (typeof value === "string" && /^[^\s"={}]+$/.test(value)) return clean(value);
  return clean(JSON.stringify(value));
}

/** `\t` and `\n` are text. */
// deno-lint-ignore no-control-regex -- these are what it is about
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

/** What would move a terminal's cursor or change its colours is shown, not done. */
function clean(text: string): string {
  return text.replace(CONTROL, (character) => {
    const code = character.charCodeAt(0).toString(16).padStart(2, "0");
    return character === "\r" ? "" : `\\x${code}`;
  });
}
