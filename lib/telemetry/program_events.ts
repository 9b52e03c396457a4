import { EventBudget, type EventLimits } from "./budget.ts";
import { ObjectLines } from "./object_lines.ts";
import { EVENT_MARKS, programEvent } from "./program_event.ts";

/** Reports a custom event of a node, or of the whole lab. */
export type EmitEvent = (node: string | null, name: string, data: unknown) => void;

/** Reads the events from one stream of one program. */
export interface EventReader {
  /** Reads a chunk, wherever it ends. */
  push(chunk: Uint8Array): void;
  /** Reads what follows the last line break. */
  end(): void;
}

/** The name of the events that report that events were not kept. */
export const EVENTS_DROPPED = "netyard.events-dropped";

/**
 * The custom events that the programs of a lab report. What exceeds the limits is not kept, which an
 * event {@linkcode EVENTS_DROPPED} says at the first time for each node and for the lab, and
 * {@linkcode ProgramEvents.close} with the number.
 */
export class ProgramEvents {
  readonly #emit: EmitEvent;
  readonly #limits: EventLimits | undefined;
  readonly #budget: EventBudget;
  readonly #told = new Set<string | null>();

  /** `emit` must not throw. */
  constructor(emit: EmitEvent, limits?: EventLimits) {
    this.#emit = emit;
    this.#limits = limits;
    this.#budget = new EventBudget(limits);
  }

  /** Makes a reader for one stream of a program in a node. */
  reader(node: string): EventReader {
    const lines = new ObjectLines(EVENT_MARKS);
    const read = (line: string) => {
      const event = programEvent(line);
      if (event) this.report(node, event.name, event.data, line.length);
    };
    return {
      push: (chunk) => lines.push(chunk).forEach(read),
      end: () => lines.end().forEach(read),
    };
  }

  /** Reports an event of a program, unless there are too many. */
  report(node: string, name: string, data: unknown, bytes: number): void {
    const refusal = this.#budget.take(node, bytes, performance.now());
    if (refusal === undefined) return this.#emit(node, name, data);
    const about = refusal === "total" ? null : node;
    if (this.#told.has(about)) return;
    this.#told.add(about);
    this.#emit(about, EVENTS_DROPPED, { limit: refusal, ...this.#limits });
  }

  /** Reports how many events were not kept, if any. */
  close(): void {
    const { refused } = this.#budget;
    if (refused > 0) this.#emit(null, EVENTS_DROPPED, { dropped: refused });
  }
}
