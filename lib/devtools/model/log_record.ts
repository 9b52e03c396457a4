import { EVENTS } from "../../events/kinds/mod.ts";
import { type EventText, LAB } from "../../events/kinds/row.ts";
import { fieldsText } from "../../events/text.ts";
import { levelOf, type LogLevel } from "./log_level.ts";

/** One entry of a log. */
export interface LogRecord {
  /** As it was written; a number is converted to ISO 8601. */
  time?: string;
  level?: LogLevel;
  /** The module, logger or node that it is about. */
  target?: string;
  /** The enclosing spans of work, from the outermost on. */
  spans: LogSpan[];
  message: string;
  fields: [name: string, value: unknown][];
}

/** A span of a program's work, as in Rust's tracing. */
export interface LogSpan {
  name: string;
  fields: [name: string, value: unknown][];
}

type Json = Record<string, unknown>;

/** Parses a line as a log entry; undefined where it is none, as most of what programs print. */
export function recordOf(line: string): LogRecord | undefined {
  const text = line.trim();
  if (!text.startsWith("{") || !text.endsWith("}")) return undefined;
  let json: Json;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  return eventRecord(json) ?? tracingRecord(json) ?? plainRecord(json);
}

/**
 * An event of a lab, a line of `events.jsonl`. One of a kind that this version does not know is shown with
 * all its fields.
 */
function eventRecord(json: Json): LogRecord | undefined {
  const { version, seq, at, elapsedMs: _elapsedMs, kind, ...body } = json;
  const isEvent = typeof version === "number" && typeof seq === "number" &&
    typeof at === "string" && typeof kind === "string";
  if (!isEvent) return undefined;
  const [target, message, level = "info"] = eventText(json, kind) ??
    [LAB, `${kind} ${fieldsText(body)}`.trimEnd()];
  return { time: at, level, target, spans: [], message, fields: [] };
}

function eventText(json: Json, kind: string): EventText | undefined {
  if (!Object.hasOwn(EVENTS, kind)) return undefined;
  try {
    return (EVENTS as Record<string, { text(event: unknown): EventText }>)[kind].text(json);
  } catch (error) {
    // One of another version may lack fields that this version expects.
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** Rust's tracing: `{timestamp, level, target, fields: {message}, span, spans}`. */
function tracingRecord(json: Json): LogRecord | undefined {
  const { timestamp, level, target, fields, span, spans, ...rest } = json;
  // Flattened, the fields are beside the other keys.
  const { message, ...others } = isObject(fields) ? fields : rest;
  const known = levelOf(level);
  if (known === undefined || timestamp === undefined) return undefined;
  if (!isObject(fields) && typeof message !== "string") return undefined;
  const all = Array.isArray(spans) ? spans : span === undefined ? [] : [span];
  return {
    time: timeOf(timestamp),
    level: known,
    target: typeof target === "string" ? target : undefined,
    spans: all.filter(isObject).map(({ name, ...fields }) => ({
      name: String(name ?? ""),
      fields: Object.entries(fields),
    })),
    message: textOf(message ?? ""),
    fields: [...Object.entries(others), ...isObject(fields) ? Object.entries(rest) : []],
  };
}

const TIMES = ["time", "timestamp", "ts", "datetime", "@timestamp"];
const MESSAGES = ["msg", "message"];
const TARGETS = ["logger", "name", "component"];
/** Keys with the same value in every line of a program. */
const CONSTANT = ["pid", "hostname", "v"];

/** pino, bunyan, slog and similar ones: `{time, level, msg}`, the level a word or a number. */
function plainRecord(json: Json): LogRecord | undefined {
  const take = (names: string[], fits: (value: unknown) => boolean) => {
    const name = names.find((name) => Object.hasOwn(json, name) && fits(json[name]));
    if (name !== undefined) used.add(name);
    return name === undefined ? undefined : json[name];
  };
  const used = new Set(["level", ...CONSTANT]);
  const level = levelOf(json.level);
  const isText = (value: unknown) => typeof value === "string";
  const message = take(MESSAGES, isText) as string | undefined;
  if (level === undefined || message === undefined) return undefined;
  const time = take(TIMES, (value) => timeOf(value) !== undefined);
  const target = take(TARGETS, isText) as string | undefined;
  return {
    time: timeOf(time),
    level,
    target,
    spans: [],
    message,
    fields: Object.entries(json).filter(([name]) => !used.has(name)),
  };
}

/** A smaller number counts seconds: as milliseconds it would be before March 1973. */
const SECONDS_BELOW = 1e11;

function timeOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value !== "number") return undefined;
  const date = new Date(value < SECONDS_BELOW ? value * 1000 : value);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
