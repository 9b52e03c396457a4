/** A run of numbers that have not been handed out yet. */
interface Run {
  next: bigint;
  last: bigint;
}

/**
 * The free numbers of a range. Fresh numbers are handed out in order, then released ones, the one
 * released first before the others.
 *
 * Each call takes constant time (amortised), whatever the size of the range.
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
  /** A queue of released numbers with their places; a number that was claimed since has lost its place. */
  #returned: { number: bigint; place: number }[] = [];
  #returnedHead = 0;
  #places = new Map<bigint, number>();
  #nextPlace = 0;

  /**
   * Makes the list of the numbers from `first` to `last`. `blockedUntil` can block some: it returns the
   * last number of the blocked run that a number is in, or undefined.
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
   * Undoes the latest take: the number is the next to be handed out, as before. Returns false if it was
   * not taken.
   */
  untake(number: bigint): boolean {
    if (!this.#taken.delete(number)) return false;
    // A number that was claimed may be among the fresh ones still.
    const ahead = this.#fresh.some(({ next, last }) => number >= next && number <= last);
    if (!ahead) this.#fresh.unshift({ next: number, last: number });
    return true;
  }

  /** Makes a run fresh again that was blocked and is not any more; it comes after the other fresh numbers. */
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

  /** Keeps the queue below twice the numbers with a place in it; 64 saves short queues the work. */
  #dropStale(): void {
    if (this.#returned.length <= 2 * this.#places.size + 64) return;
    this.#returned = this.#returned.slice(this.#returnedHead).filter(
      ({ number, place }) => this.#places.get(number) === place,
    );
    this.#returnedHead = 0;
  }
}
