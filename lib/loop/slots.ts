/** Numbers from `first` on that are lent out, the last that came back first: its memory is warm. */
export class Slots {
  readonly first: number;
  #free: Int32Array;
  #count = 0;
  /** Those from here on were never lent out. */
  #fresh = 0;
  #capacity: number;

  constructor(first: number, capacity: number) {
    this.first = first;
    this.#capacity = capacity;
    this.#free = new Int32Array(capacity);
  }

  /** A number; -1 if all are out. */
  take(): number {
    if (this.#count > 0) return this.#free[--this.#count];
    return this.#fresh < this.#capacity ? this.first + this.#fresh++ : -1;
  }

  give(slot: number): void {
    this.#free[this.#count++] = slot;
  }
}
