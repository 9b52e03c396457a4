import { styleText } from "node:util";
import { valueText } from "../../events/text.ts";
import { atLeast, type LogLevel } from "../../devtools/model/log_level.ts";
import { type LogRecord, recordOf } from "../../devtools/model/log_record.ts";

/** How a log is printed. */
export interface LogFormatOptions {
  /** Whether to colour it. Default false. */
  color?: boolean;
  /** Leaves out entries below this level. Lines that are not entries have no level, and stay. */
  level?: LogLevel;
  /** Leaves out entries whose target does not contain this text, and lines that are not entries. */
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
 * Formats a line of a log for people: the time, the level, spans, the target, the message, and the fields.
 * Returns a line that is not a log entry unchanged.
 *
 * @returns the text, with several lines if there is a stack; undefined if the line is left out
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
    all.map(([name, value]) => `${paint("italic", clean(name))}=${clean(valueText(value))}`);
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

/** The stack of an error, in the format of pino and bunyan. */
function stackOf(value: unknown): string | undefined {
  const stack = (value as { stack?: unknown } | null)?.stack;
  return typeof stack === "string" ? stack : undefined;
}

function indented(text: string, first = false): string {
  return text.trimEnd().replaceAll(first ? /^/gm : /(?<=\n)/g, "    ");
}

/** `\t` and `\n` are text. */
// deno-lint-ignore no-control-regex -- it finds control characters
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

/** Replaces control characters, which could move the cursor or change the colours, by visible text. */
function clean(text: string): string {
  return text.replace(CONTROL, (character) => {
    const code = character.charCodeAt(0).toString(16).padStart(2, "0");
    return character === "\r" ? "" : `\\x${code}`;
  });
}
