/** An event that a program reports by a line of its output. */
export interface ProgramEvent {
  /** Its name, at most 200 characters, without control characters. */
  name: string;
  /** All that the program says about it. */
  data: Record<string, unknown>;
}

/** In characters. */
const LONGEST_NAME = 200;

/** A line with values that are nested deeper is no event: a reader may not be prepared for it. */
const DEEPEST = 32;

/** What tracing-subscriber adds to the fields of an event; see its `fmt::format::Json`. */
const ADDED_BY_TRACING = [
  "timestamp",
  "level",
  "target",
  "filename",
  "line_number",
  "threadName",
  "threadId",
  "span",
  "spans",
];

/** Each event has one of these texts in its line. */
export const EVENT_MARKS: readonly string[] = ['"event"', "_events::"];

/**
 * Reads an event from a line of a program's output: a JSON object with a string member `event`, whose
 * other members are the data; or an event of Rust's tracing, as its `Json` format prints it, with a
 * target that ends in `::_events::Name`.
 *
 * @returns undefined for any other line
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(programEvent('{"event": "PeerConnected", "addr": "198.18.1.2"}'), {
 *   name: "PeerConnected",
 *   data: { addr: "198.18.1.2" },
 * });
 * ```
 */
export function programEvent(line: string): ProgramEvent | undefined {
  // Most lines of JSON are no events; this is cheaper than parsing them.
  if (!EVENT_MARKS.some((mark) => line.includes(mark))) return undefined;
  const value = jsonObject(line);
  if (value === undefined) return undefined;
  const found = tracingEvent(value) ?? plainEvent(value);
  const name = found && eventName(found.name);
  return found && name && isShallow(found.data) ? { name, data: found.data } : undefined;
}

/** A name that may be printed: cut, and with each control character replaced. */
export function eventName(name: string): string {
  return name.slice(0, LONGEST_NAME).replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, "\ufffd")
    .trim();
}

function jsonObject(line: string): Record<string, unknown> | undefined {
  try {
    // An own member "__proto__" would become the prototype wherever an object is copied by assignment.
    const value = JSON.parse(line, (key, value) => key === "__proto__" ? undefined : value);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined; // No JSON; or nested so deeply that it cannot be read.
  }
}

function plainEvent({ event, ...data }: Record<string, unknown>): ProgramEvent | undefined {
  return typeof event === "string" ? { name: event, data } : undefined;
}

function tracingEvent(value: Record<string, unknown>): ProgramEvent | undefined {
  const { target, fields } = value;
  if (typeof target !== "string") return undefined;
  const name = /(?:^|::)_events::([^:]+)$/.exec(target)?.[1];
  if (name === undefined) return undefined;
  if (isObject(fields)) return { name, data: fields };
  // With flatten_event(true) the fields are members of the line itself.
  const own = Object.entries(value).filter(([key]) => !ADDED_BY_TRACING.includes(key));
  return { name, data: Object.fromEntries(own) };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isShallow(value: unknown, depth = 0): boolean {
  if (typeof value !== "object" || value === null) return true;
  return depth < DEEPEST && Object.values(value).every((one) => isShallow(one, depth + 1));
}
