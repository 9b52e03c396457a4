import type { LabEvent } from "./types.ts";

/** What the cursors of one bus read, and where those that wait are found. */
export interface EventSource {
  readonly events: LabEvent[];
  readonly waiting: Set<EventCursor>;
  closed: boolean;
}

/**
 * A reader of a bus: a place in the events that the bus keeps anyway. The bus knows it only while
 * it waits, so that one that was left without a `return()` is garbage like any other.
 */
export class EventCursor implements AsyncIterableIterator<LabEvent> {
  readonly #source: EventSource;
  readonly #asked: ((result: IteratorResult<LabEvent, undefined>) => void)[] = [];
  #index: number;
  #left = false;

  constructor(source: EventSource, from: number) {
    this.#source = source;
    this.#index = from;
  }

  next(): Promise<IteratorResult<LabEvent, undefined>> {
    const { promise, resolve } = Promise.withResolvers<IteratorResult<LabEvent, undefined>>();
    this.#asked.push(resolve);
    this.wake();
    return promise;
  }

  return(): Promise<IteratorResult<LabEvent, undefined>> {
    this.#left = true;
    this.wake();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Answers whoever asked, as far as there are events, or no more to come. */
  wake(): void {
    const { events, waiting, closed } = this.#source;
    while (this.#asked.length > 0) {
      if (!this.#left && this.#index < events.length) {
        this.#asked.shift()!({ done: false, value: events[this.#index++] });
      } else if (this.#left || closed) {
        this.#asked.shift()!({ done: true, value: undefined });
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
