import type { LabEvent } from "./types.ts";

/** The events that the cursors of one bus read, and the cursors that wait for the next one. */
export interface EventSource {
  readonly events: LabEvent[];
  readonly waiting: Set<EventCursor>;
  closed: boolean;
}

/**
 * An iterator over the events of a bus: a position in the list that the bus keeps. The bus refers to it
 * only while it waits, so that an iterator that was dropped without `return()` is garbage collected.
 */
export class EventCursor implements AsyncIterableIterator<LabEvent> {
  readonly #source: EventSource;
  readonly #requests: ((result: IteratorResult<LabEvent, undefined>) => void)[] = [];
  #index: number;
  #returned = false;

  constructor(source: EventSource, from: number) {
    this.#source = source;
    this.#index = from;
  }

  next(): Promise<IteratorResult<LabEvent, undefined>> {
    const { promise, resolve } = Promise.withResolvers<IteratorResult<LabEvent, undefined>>();
    this.#requests.push(resolve);
    this.wake();
    return promise;
  }

  return(): Promise<IteratorResult<LabEvent, undefined>> {
    this.#returned = true;
    this.wake();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Answers the pending `next()` calls, as far as there are events or the events have ended. */
  wake(): void {
    const { events, waiting, closed } = this.#source;
    while (this.#requests.length > 0) {
      if (!this.#returned && this.#index < events.length) {
        this.#requests.shift()!({ done: false, value: events[this.#index++] });
      } else if (this.#returned || closed) {
        this.#requests.shift()!({ done: true, value: undefined });
      } else {
        waiting.add(this);
        return;
      }
    }
    waiting.delete(this);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
