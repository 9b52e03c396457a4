/**
 * What a line of a log says, whoever wrote it. The dialects are told apart by the names of their keys;
 * what is none of them stays as it is.
 *
 * Source: the JSON formats of Rust's tracing-subscriber, Go's log/slog, pino and bunyan.
 */
import { levelOf } from "../command/log_level.ts";
import type { LogRecord } from "./log_types.ts";
import { eventRecord } from "./event_text.ts";

type Json = Record<string, unknown>;

/** The entry that a line is; undefined where it is none, as most of what programs print. */
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

/** Rust's tracing: `{timestamp, level, target, fields: {message}, span, spans}`. */
function tracingRecord(json: Json): LogRecord | undefined {
  const { timestamp, level, target, fields, span, spans, ...rest } = json;
  // Flattened, the fields stand beside the others.
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
/** What each line of one program has alike. */
const DULL = ["pid", "hostname", "v"];

/** pino, bunyan, slog and their like: `{time, level, msg}`, the level a word or a number. */
function plainRecord(json: Json): LogRecord | undefined {
  const take = (names: string[], fits: (value: unknown) => boolean) => {
    const name = names.find((name) => Object.hasOwn(json, name) && fits(json[name]));
    if (name !== undefined) used.add(name);
    return name === undefined ? undefined : json[name];
  };
  const used = new Set(["level", ...DULL]);
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

/** Below this, a number counts seconds and not milliseconds: in milliseconds it is in 1973. */
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
