/**
 * Hands out IDs from `first` on. A returned ID is reused before a new one, the latest first: the
 * memory that belongs to it is warm.
 */
export class Slots {
  readonly first: number;
  #free: Int32Array;
  #count = 0;
  /** How many different IDs were handed out so far. */
  #fresh = 0;
  #capacity: number;

  constructor(first: number, capacity: number) {
    this.first = first;
    this.#capacity = capacity;
    this.#free = new Int32Array(capacity);
  }

  /** Takes an ID; -1 if all are in use. */
  take(): number {
    if (this.#count > 0) return this.#free[--this.#count];
    return this.#fresh < this.#capacity ? this.first + this.#fresh++ : -1;
  }

  /** Returns an ID. */
  give(slot: number): void {
    this.#free[this.#count++] = slot;
  }
}
