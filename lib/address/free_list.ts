/** A run of numbers that were not handed out yet. */
interface Run {
  next: bigint;
  last: bigint;
}

/**
 * The numbers of a range that are free: fresh ones are handed out in order, and those that came
 * back only after them, the longest free one first.
 *
 * Each call costs constant time, amortised, whatever the size of the range.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const free = new FreeList(1n, 2n);
 * assertEquals([free.take(), free.take(), free.take()], [1n, 2n, undefined]);
 * free.release(1n);
 * assertEquals(free.take(), 1n);
 * ```
 */
export class FreeList {
  readonly #fresh: Run[];
  readonly #taken = new Set<bigint>();
  readonly #blockedUntil: (number: bigint) => bigint | undefined;
  /** What came back, with the place in line of each; a number claimed since has lost its place. */
  #returned: { number: bigint; place: number }[] = [];
  #returnedHead = 0;
  #places = new Map<bigint, number>();
  #nextPlace = 0;

  /**
   * The list of the numbers from `first` to `last`. `blockedUntil` may hold some back: it returns
   * the last number of the blocked run that a number is in, or undefined.
   */
  constructor(
    first: bigint,
    last: bigint,
    blockedUntil: (number: bigint) => bigint | undefined = () => undefined,
  ) {
    this.#fresh = [{ next: first, last }];
    this.#blockedUntil = blockedUntil;
  }

  /** The numbers that are taken. */
  get taken(): ReadonlySet<bigint> {
    return this.#taken;
  }

  /** Takes the next free number; undefined when there is none. */
  take(): bigint | undefined {
    const number = this.#takeFresh() ?? this.#takeReturned();
    if (number !== undefined) this.#taken.add(number);
    return number;
  }

  /** Takes a particular number, which must be neither taken nor blocked. */
  claim(number: bigint): void {
    this.#taken.add(number);
    this.#places.delete(number);
  }

  /** Gives a number back; returns false if it was not taken. */
  release(number: bigint): boolean {
    if (!this.#taken.delete(number)) return false;
    const place = this.#nextPlace++;
    this.#places.set(number, place);
    this.#returned.push({ number, place });
    this.#dropStale();
    return true;
  }

  /**
   * Undoes a take, before any later one was kept: the number is the next to be handed out, as if it
   * had not been. Returns false if it was not taken.
   */
  untake(number: bigint): boolean {
    if (!this.#taken.delete(number)) return false;
    // One that was claimed may be yet to come in its turn.
    const ahead = this.#fresh.some(({ next, last }) => number >= next && number <= last);
    if (!ahead) this.#fresh.unshift({ next: number, last: number });
    return true;
  }

  /** Looks again, when the fresh numbers ran out, at a run that was blocked and is not any more. */
  reopen(first: bigint, last: bigint): void {
    this.#fresh.push({ next: first, last });
  }

  #takeFresh(): bigint | undefined {
    for (let run = this.#fresh.at(0); run; run = this.#fresh.at(0)) {
      while (run.next <= run.last) {
        const number = run.next;
        const end = this.#blockedUntil(number);
        run.next = (end ?? number) + 1n;
        if (end === undefined && !this.#taken.has(number) && !this.#places.has(number)) {
          return number;
        }
      }
      this.#fresh.shift();
    }
  }

  #takeReturned(): bigint | undefined {
    while (this.#returnedHead < this.#returned.length) {
      const { number, place } = this.#returned[this.#returnedHead++];
      if (this.#places.get(number) !== place) continue;
      this.#places.delete(number);
      // A blocked number is forgotten here; reopen() brings it back.
      if (this.#blockedUntil(number) === undefined) return number;
    }
  }

  /** Keeps the line within twice the numbers that stand in it; 64 spares short lines the work. */
  #dropStale(): void {
    if (this.#returned.length <= 2 * this.#places.size + 64) return;
    this.#returned = this.#returned.slice(this.#returnedHead).filter(
      ({ number, place }) => this.#places.get(number) === place,
    );
    this.#returnedHead = 0;
  }
}
