import { EVENTS } from "../../events/kinds/mod.ts";
import { type EventLevel, type EventText, LAB } from "../../events/kinds/row.ts";
import { fieldsText } from "../../events/text.ts";
import type { LabEvent } from "../../events/types.ts";
import { nodeOf, shapeFault } from "./event_shape.ts";
import { type Line, LineReader } from "./lines.ts";

/** A line of `events.jsonl`: an event, or what could not be read as one. */
export interface LogEntry {
  /** Its place in the log, from 0. */
  index: number;
  /** Milliseconds since the lab started; for a damaged line, the time of the line before it. */
  ms: number;
  /** Undefined for a line that is not an event. */
  event: LabEvent | undefined;
  /** The kind; `damaged` for a line that is not an event. */
  kind: string;
  /** The node that it is about; null for the whole lab. */
  node: string | null;
  /** Why it is not, or not fully, understood. */
  problem: string | undefined;
  /** The line as it was written, only of a damaged one. */
  line: string | undefined;
}

/** The most characters of a damaged line that are kept. */
const LONGEST_DAMAGED = 4_096;

/** Kinds that this page knows. */
export const isKnownKind = (kind: string): boolean => Object.hasOwn(EVENTS, kind);

/** The events of a run, as far as they were read. */
export class EventLog {
  readonly entries: LogEntry[] = [];
  /** The entries that have a problem. */
  readonly damaged: LogEntry[] = [];
  /** How many events there are of each kind. */
  readonly kinds = new Map<string, number>();
  /** How many events there are about each node. */
  readonly nodes = new Map<string, number>();
  readonly #reader = new LineReader();
  readonly #texts: (EventText | undefined)[] = [];
  readonly #lower: (string | undefined)[] = [];

  /** The offset of the byte that must be read next. */
  get nextByte(): number {
    return this.#reader.next;
  }

  /** The time of the last event. */
  get endMs(): number {
    return this.entries.at(-1)?.ms ?? 0;
  }

  /** Takes the next bytes of the file, and returns the number of entries that they completed. */
  push(bytes: Uint8Array): number {
    const before = this.entries.length;
    for (const line of this.#reader.push(bytes)) this.#add(line);
    return this.entries.length - before;
  }

  /** Ends the log: an incomplete last line becomes a damaged entry. */
  finish(): void {
    const rest = this.#reader.rest();
    if (rest) this.#add(rest, "the line is incomplete: the process was killed while it wrote it");
  }

  /** Describes an entry. */
  text(entry: LogEntry): EventText {
    return this.#texts[entry.index] ??= textOf(entry);
  }

  /** How much an entry matters. */
  level(entry: LogEntry): EventLevel {
    if (!entry.event) return "error";
    return this.text(entry)[2] ?? "info";
  }

  /** The text that a search looks in, in lower case. */
  searchText(entry: LogEntry): string {
    return this.#lower[entry.index] ??= `${entry.kind} ${entry.node ?? LAB} ${this.text(entry)[1]}`
      .toLowerCase();
  }

  /** The index of the last entry at or before a time; -1 before the first. */
  indexAt(ms: number): number {
    let [low, high] = [0, this.entries.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.entries[middle].ms <= ms) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #add(line: Line, incomplete?: string): void {
    if (line.text.trim() === "" && line.cut === 0) return;
    const index = this.entries.length;
    const entry = incomplete === undefined
      ? readEntry(line, index, this.endMs)
      : damaged(line, index, this.endMs, incomplete);
    this.entries.push(entry);
    if (entry.problem !== undefined) this.damaged.push(entry);
    this.kinds.set(entry.kind, (this.kinds.get(entry.kind) ?? 0) + 1);
    if (entry.node !== null) this.nodes.set(entry.node, (this.nodes.get(entry.node) ?? 0) + 1);
  }
}

function readEntry(line: Line, index: number, before: number): LogEntry {
  if (line.cut > 0) {
    return damaged(line, index, before, `the line has ${line.cut} bytes more than are read`);
  }
  let value: unknown;
  try {
    value = JSON.parse(line.text);
  } catch {
    return damaged(line, index, before, "the line is not JSON");
  }
  const fault = shapeFault(value);
  if (fault !== undefined) return damaged(line, index, before, fault);
  const event = value as LabEvent;
  return {
    index,
    // A log is in the order of its times; one that is not must not break the search for a moment.
    ms: Math.max(event.elapsedMs, before),
    event,
    kind: event.kind,
    node: nodeOf(event),
    problem: undefined,
    line: undefined,
  };
}

function damaged(line: Line, index: number, ms: number, problem: string): LogEntry {
  return {
    index,
    ms,
    event: undefined,
    kind: "damaged",
    node: null,
    problem,
    line: line.text.slice(0, LONGEST_DAMAGED),
  };
}

function textOf({ event, problem, line }: LogEntry): EventText {
  if (!event) return [LAB, `${problem}: ${line}`, "error"];
  const { version: _v, seq: _s, at: _a, elapsedMs: _e, kind, ...body } = event;
  if (isKnownKind(kind)) {
    try {
      return (EVENTS as Record<string, { text(event: unknown): EventText }>)[kind].text(event);
    } catch {
      // Fields that the text needs are missing: all that are there are shown instead.
    }
  }
  return [nodeOf(event) ?? LAB, fieldsText(body)];
}
