import { apply } from "./apply.ts";
import { EventCursor, type EventSource } from "./cursor.ts";
import { EventBusError, EventConflictError } from "./errors.ts";
import { copyState, initialState } from "./reduce.ts";
import type { LabState } from "./states/lab.ts";
import type { EventStamp, LabEvent, LabEventBody } from "./types.ts";
import { EVENT_VERSION } from "./version.ts";

/** Where a bus has its times from. */
export interface EventClock {
  /** The wall clock, in milliseconds since 1970. Default `Date.now`. */
  now(): number;
  /** A clock that never steps back, in milliseconds. Default `performance.now`. */
  elapsed(): number;
}

/** Which events an iterator yields. */
export interface EventsOptions {
  /** Whether to begin with the events from before the call. Default true. */
  replay?: boolean;
}

const SYSTEM_CLOCK: EventClock = { now: () => Date.now(), elapsed: () => performance.now() };

/**
 * What happens in one lab: takes events, stamps them, keeps all of them and the state that they
 * amount to, and hands them to listeners and iterators in their order. The lab starts, as
 * `elapsedMs` counts, when the bus is made.
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

  /** A bus without events, whose lab starts now. */
  constructor(clock: EventClock = SYSTEM_CLOCK) {
    this.#clock = clock;
    this.#start = clock.elapsed();
  }

  /**
   * Stamps an event, keeps it, and hands it to every listener before it returns. An event that a
   * listener emits in turn goes out after the present one.
   *
   * The body becomes the event's: do not change it, nor the states in it, afterwards. Only the
   * `data` of a `custom` event is copied, as JSON. Costs the same in labs of any size.
   *
   * @returns the stamped event
   * @throws {EventConflictError} the event does not fit the lab, such as a node that is not
   * there, or the `data` of a `custom` event is not JSON; nothing happened then
   * @throws {EventBusError} the bus is closed
   * @throws what a listener threw, once all have had the event; it is kept all the same
   */
  emit(body: LabEventBody): LabEvent {
    if (this.#source.closed) {
      throw new EventBusError(
        `cannot emit "${body.kind}": the lab is closed, and its events have ended`,
      );
    }
    const stamp: EventStamp = {
      version: EVENT_VERSION,
      seq: this.#source.events.length,
      at: new Date(this.#clock.now()).toISOString(),
      elapsedMs: Math.round((this.#clock.elapsed() - this.#start) * 1000) / 1000,
    };
    // First for whoever reads the log, and last for a body that is an event of another bus.
    const event: LabEvent = { ...stamp, ...asJson(body), ...stamp };
    apply(this.#draft, event);
    this.#snapshot = undefined;
    this.#source.events.push(event);
    for (const cursor of this.#source.waiting) cursor.wake();
    this.#deliver();
    return event;
  }

  /** The state after the last event. What was read does not change with later events. */
  get state(): LabState {
    return this.#snapshot ??= copyState(this.#draft);
  }

  /** All events so far, the first at index 0; a view that grows with the bus. */
  get history(): readonly LabEvent[] {
    return this.#source.events;
  }

  /** Whether {@linkcode EventBus.close} was called. */
  get closed(): boolean {
    return this.#source.closed;
  }

  /**
   * Calls `listener` with each event from now on, while it is emitted. It should be quick, and
   * should not throw: its error would surface in whoever emits.
   *
   * @returns what detaches it again
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
    // An event that is being handed out now was kept before this call.
    const own = (event: LabEvent) => {
      if (event.seq >= from) listener(event);
    };
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /**
   * The events, as they come: first those from before this call, unless `replay` is false, then
   * every later one, none missing. Ends when the bus closes, after the last event. Leaving a loop
   * detaches it. A slow reader costs no memory of its own.
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

  /** Ends every iterator once it has had all events. Calling it again does nothing. */
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

/** The body with nothing in it that JSON would lose, where a caller could have put such a thing. */
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
