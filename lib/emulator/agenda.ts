/**
 * Items ordered by the time at which they are due: a binary heap in memory of a fixed size. Items that
 * are due at the same time have no order.
 */
export class Agenda {
  #times: Float64Array;
  #items: Int32Array;
  #length = 0;

  constructor(capacity: number) {
    this.#times = new Float64Array(capacity);
    this.#items = new Int32Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  /** When the next item is due; Infinity if there is none. */
  get next(): number {
    return this.#length > 0 ? this.#times[0] : Infinity;
  }

  push(time: number, item: number): void {
    const times = this.#times;
    const items = this.#items;
    let at = this.#length++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (times[parent] <= time) break;
      times[at] = times[parent];
      items[at] = items[parent];
      at = parent;
    }
    times[at] = time;
    items[at] = item;
  }

  /** Removes and returns the next item; the agenda must not be empty. */
  pop(): number {
    const times = this.#times;
    const items = this.#items;
    const first = items[0];
    const length = --this.#length;
    const time = times[length];
    const item = items[length];
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (child + 1 < length && times[child + 1] < times[child]) child++;
      if (times[child] >= time) break;
      times[at] = times[child];
      items[at] = items[child];
      at = child;
    }
    times[at] = time;
    items[at] = item;
    return first;
  }

  /** Removes and returns all items that pass a test, in the order in which they are due. */
  takeOut(test: (item: number) => boolean): number[] {
    const taken: { time: number; item: number }[] = [];
    const length = this.#length;
    this.#length = 0;
    for (let n = 0; n < length; n++) {
      const time = this.#times[n];
      const item = this.#items[n];
      // Pushes what stays again, at most to where it was: the rest is not read yet.
      if (test(item)) taken.push({ time, item });
      else this.push(time, item);
    }
    return taken.sort((a, b) => a.time - b.time).map(({ item }) => item);
  }
}
