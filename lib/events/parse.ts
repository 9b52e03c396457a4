import defer * as z from "zod";
import { EventFormatError } from "./errors.ts";
import { EVENTS } from "./kinds/mod.ts";
import defer * as part from "./schema_parts.ts";
import { type LabState, labStateSchema } from "./states/lab.ts";
import type { EventKind, LabEvent } from "./types.ts";
import { EVENT_VERSION } from "./version.ts";
import type { Schema } from "../options/schema.ts";

/**
 * Checks that a value, such as a parsed line of `events.jsonl`, is an event.
 *
 * @param value the parsed JSON
 * @param where its name in error messages, such as a file and line; default `"this event"`
 * @throws {EventFormatError} another version, an unknown kind, or fields that do not fit
 *
 * @example
 * ```ts
 * import { parseEvent } from "@netyard/netyard";
 *
 * const event = parseEvent(JSON.parse(
 *   '{"version":1,"seq":0,"at":"2026-01-02T03:04:05.678Z","elapsedMs":0,"kind":"lab-created","label":"a"}',
 * ));
 * if (event.kind === "lab-created") console.log(event.label);
 * ```
 */
export function parseEvent(value: unknown, where = "this event"): LabEvent {
  const { kind } = requireVersion(value, where);
  if (typeof kind !== "string" || !Object.hasOwn(EVENTS, kind)) {
    throw new EventFormatError(
      `${where}: unknown kind ${JSON.stringify(kind)}; an event of version ${EVENT_VERSION} ` +
        `is one of ${Object.keys(EVENTS).join(", ")}`,
    );
  }
  return parseWith(eventSchema(kind as EventKind), value, where);
}

/**
 * Checks that a value, such as the parsed `state.json`, is a lab's state.
 *
 * @param value the parsed JSON
 * @param where its name in error messages; default `"this state"`
 * @throws {EventFormatError} another version, or fields that do not fit
 *
 * @example
 * ```ts
 * import { initialState, parseState } from "@netyard/netyard";
 *
 * const text = JSON.stringify(initialState());
 * console.log(Object.keys(parseState(JSON.parse(text), "state.json").routers));
 * ```
 */
export function parseState(value: unknown, where = "this state"): LabState {
  requireVersion(value, where);
  return parseWith(labStateSchema(), value, where);
}

const eventSchemas = new Map<EventKind, Schema<LabEvent>>();

/** The schema of one kind of event, built at its first use. */
function eventSchema(kind: EventKind): Schema<LabEvent> {
  let schema = eventSchemas.get(kind);
  if (!schema) {
    schema = z.strictObject({
      version: z.literal(EVENT_VERSION),
      seq: part.count,
      at: z.iso.datetime(),
      elapsedMs: part.amount,
      kind: z.literal(kind),
      ...EVENTS[kind].schema(),
    }) as Schema<LabEvent>;
    eventSchemas.set(kind, schema);
  }
  return schema;
}

/** Checks that the value is an object of this version, and returns it. */
function requireVersion(value: unknown, where: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new EventFormatError(`${where}: not a JSON object`);
  }
  const { version } = value as Record<string, unknown>;
  if (version !== EVENT_VERSION) {
    const found = version === undefined ? "no version" : `version ${JSON.stringify(version)}`;
    throw new EventFormatError(
      `${where}: ${found}, but this Netyard reads version ${EVENT_VERSION}; ` +
        "read it with the Netyard that wrote it, or a later one",
    );
  }
  return value as Record<string, unknown>;
}

function parseWith<T>(schema: Schema<T>, value: unknown, where: string): T {
  const result = z.safeParse(schema, value);
  if (result.success) return result.data;
  const faults = result.error.issues.map(({ path, message }) =>
    `${path.length > 0 ? path.join(".") + ": " : ""}${message}`
  );
  throw new EventFormatError(`${where}: ${faults.join("; ")}`, { cause: result.error });
}
