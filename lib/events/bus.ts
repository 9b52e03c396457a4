import { apply, copyState } from "./apply.ts";
import { EventCursor } from "./cursor.ts";
import { EventBusError, EventConflictError } from "./errors.ts";
import { initialState } from "./state.ts";
import { EVENT_VERSION, type LabEvent, type LabEventBody, type LabState } from "./types.ts";

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
  readonly #history: LabEvent[] = [];
  readonly #draft: LabState = initialState();
  readonly #listeners = new Set<(event: LabEvent) => void>();
  readonly #cursors = new Set<EventCursor>();
  #snapshot: LabState | undefined;
  #delivering = false;
  #closed = false;

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
    if (this.#closed) {
      throw new EventBusError(
        `cannot emit "${body.kind}": the lab is closed, and its events have ended`,
      );
    }
    const event: LabEvent = {
      version: EVENT_VERSION,
      seq: this.#history.length,
      at: new Date(this.#clock.now()).toISOString(),
      elapsedMs: Math.round((this.#clock.elapsed() - this.#start) * 1000) / 1000,
      ...asJson(body),
    };
    apply(this.#draft, event);
    this.#snapshot = undefined;
    this.#history.push(event);
    for (const cursor of this.#cursors) cursor.wake();
    this.#deliver(event);
    return event;
  }

  /** The state after the last event. What was read does not change with later events. */
  get state(): LabState {
    return this.#snapshot ??= copyState(this.#draft);
  }

  /** All events so far, the first at index 0; a view that grows with the bus. */
  get history(): readonly LabEvent[] {
    return this.#history;
  }

  /** Whether {@linkcode EventBus.close} was called. */
  get closed(): boolean {
    return this.#closed;
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
    const own = (event: LabEvent) => listener(event);
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
    const from = options.replay === false ? this.#history.length : 0;
    return {
      [Symbol.asyncIterator]: () => {
        const cursor = new EventCursor(
          this.#history,
          from,
          (waits) => waits ? this.#cursors.add(cursor) : this.#cursors.delete(cursor),
        );
        if (this.#closed) cursor.end();
        else this.#cursors.add(cursor);
        return cursor;
      },
    };
  }

  /** Ends every iterator once it has had all events. Calling it again does nothing. */
  close(): void {
    this.#closed = true;
    for (const cursor of this.#cursors) cursor.end();
    this.#cursors.clear();
    this.#listeners.clear();
  }

  /** {@linkcode EventBus.close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }
}
