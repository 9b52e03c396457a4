import { apply } from "./apply.ts";
import { EventCursor, type EventSource } from "./cursor.ts";
import { EventBusError, EventConflictError } from "./errors.ts";
import { copyState, initialState } from "./reduce.ts";
import type { LabState } from "./states/lab.ts";
import type { EventStamp, LabEvent, LabEventBody } from "./types.ts";
import { EVENT_VERSION } from "./version.ts";

/** The clocks of a bus. */
export interface EventClock {
  /** The wall clock, in milliseconds since 1970. Default `Date.now`. */
  now(): number;
  /** A monotonic clock, in milliseconds. Default `performance.now`. */
  elapsed(): number;
}

/** Which events an iterator yields. */
export interface EventsOptions {
  /** Whether to begin with the events before the call. Default true. */
  replay?: boolean;
}

const SYSTEM_CLOCK: EventClock = { now: () => Date.now(), elapsed: () => performance.now() };

/**
 * The events of one lab. Stamps each event, keeps all events and the state after the last one, and
 * passes the events to listeners and iterators in their order. `elapsedMs` counts from the creation of
 * the bus.
 *
 * @example
 * ```ts
 * import { EventBus } from "@netyard/netyard";
 *
 * using bus = new EventBus();
 * bus.emit({ kind: "lab-created", label: "hello" });
 * bus.emit({ kind: "custom", node: null, name: "half-time", data: { score: [1, 0] } });
 * for await (const event of bus.events()) {
 *   console.log(event.seq, event.kind);
 *   if (event.kind === "custom") break;
 * }
 * ```
 */
export class EventBus implements Disposable {
  readonly #clock: EventClock;
  readonly #start: number;
  readonly #source: EventSource = { events: [], waiting: new Set(), closed: false };
  readonly #draft: LabState = initialState();
  readonly #listeners = new Set<(event: LabEvent) => void>();
  #snapshot: LabState | undefined;
  #delivered = 0;
  #delivering = false;

  /** Creates a bus without events, whose lab starts now. */
  constructor(clock: EventClock = SYSTEM_CLOCK) {
    this.#clock = clock;
    this.#start = clock.elapsed();
  }

  /**
   * Stamps an event, keeps it, and calls every listener with it before it returns. An event that a
   * listener emits is delivered after the current one.
   *
   * The bus keeps the body: do not change it, or the states in it, afterwards. Only the `data` of a
   * `custom` event is copied, as JSON. The time does not depend on the size of the lab.
   *
   * @returns the stamped event
   * @throws {EventConflictError} the event does not fit the lab, for example because it
   * names an unknown node, or the `data` of a `custom` event is not JSON; the bus is unchanged then
   * @throws {EventBusError} the bus is closed
   * @throws the first error of a listener, after all listeners were called; the event is kept
   */
  emit(body: LabEventBody): LabEvent {
    if (this.#source.closed) {
      throw new EventBusError(
        `cannot emit "${body.kind}": the lab is closed`,
      );
    }
    const stamp: EventStamp = {
      version: EVENT_VERSION,
      seq: this.#source.events.length,
      at: new Date(this.#clock.now()).toISOString(),
      elapsedMs: this.elapsedMs,
    };
    // First, so that a log line begins with the stamp; last, so that it replaces the stamp of a body
    // that is an event of another bus.
    const event: LabEvent = { ...stamp, ...asJson(body), ...stamp };
    apply(this.#draft, event);
    this.#snapshot = undefined;
    this.#source.events.push(event);
    for (const cursor of this.#source.waiting) cursor.wake();
    this.#deliver();
    return event;
  }

  /** The time since its creation in milliseconds, as events have it: the clock of the lab. */
  get elapsedMs(): number {
    return Math.round((this.#clock.elapsed() - this.#start) * 1000) / 1000;
  }

  /** The state after the last event. Later events do not change a returned state. */
  get state(): LabState {
    return this.#snapshot ??= copyState(this.#draft);
  }

  /** All events so far, the first at index 0; a live view that grows with the bus. */
  get history(): readonly LabEvent[] {
    return this.#source.events;
  }

  /** Whether {@linkcode EventBus.close} was called. */
  get closed(): boolean {
    return this.#source.closed;
  }

  /**
   * Calls `listener` with each later event, during its `emit()`. It should be quick, and should not
   * throw: `emit()` would throw its error.
   *
   * @returns a function that removes the listener
   *
   * @example
   * ```ts
   * import { EventBus } from "@netyard/netyard";
   *
   * using bus = new EventBus();
   * const stop = bus.listen((event) => console.log(event.kind));
   * bus.emit({ kind: "lab-created", label: "hello" });
   * stop();
   * ```
   */
  listen(listener: (event: LabEvent) => void): () => void {
    const from = this.history.length;
    // An event that is being delivered now was kept before this call.
    const fromNow = (event: LabEvent) => {
      if (event.seq >= from) listener(event);
    };
    this.#listeners.add(fromNow);
    return () => void this.#listeners.delete(fromNow);
  }

  /**
   * Iterates over the events: first those before this call, unless `replay` is false, then every later
   * one, without gaps. Ends after the last event when the bus is closed. Leaving the loop stops the
   * iterator. A slow reader needs no additional memory.
   *
   * @example
   * ```ts
   * import { EventBus } from "@netyard/netyard";
   *
   * using bus = new EventBus();
   * const fresh = bus.events({ replay: false });
   * bus.emit({ kind: "lab-created", label: "hello" });
   * for await (const event of fresh) {
   *   console.log(event.kind);
   *   break;
   * }
   * ```
   */
  events(options: EventsOptions = {}): AsyncIterable<LabEvent> {
    const from = options.replay === false ? this.history.length : 0;
    return { [Symbol.asyncIterator]: () => new EventCursor(this.#source, from) };
  }

  /** Ends every iterator after the last event. Calling it again does nothing. */
  close(): void {
    this.#source.closed = true;
    for (const cursor of this.#source.waiting) cursor.wake();
  }

  /** {@linkcode EventBus.close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  #deliver(): void {
    if (this.#delivering) return;
    this.#delivering = true;
    const errors: unknown[] = [];
    while (this.#delivered < this.history.length) {
      const event = this.history[this.#delivered++];
      for (const listener of this.#listeners) {
        try {
          listener(event);
        } catch (error) {
          errors.push(error);
        }
      }
    }
    this.#delivering = false;
    if (errors.length > 0) throw errors[0];
  }
}

/** The body, with those fields converted to JSON for which a caller may pass anything. */
function asJson(body: LabEventBody): LabEventBody {
  if (body.kind === "condition-changed") return { ...body, condition: body.condition ?? null };
  if (body.kind !== "custom") return body;
  try {
    return { ...body, data: JSON.parse(JSON.stringify(body.data) ?? "null") };
  } catch (cause) {
    throw new EventConflictError(
      `the data of the custom event "${body.name}" is not JSON: ${(cause as Error).message}`,
      { cause },
    );
  }
}
