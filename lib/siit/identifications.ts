/** Counts the identifications of IPv4 packets, which may be fragmented on their path. */
export class Identifications {
  #next: number;

  /** Begins with a 16-bit number. */
  constructor(first: number) {
    this.#next = first;
  }

  /** Takes `count` identifications and returns the first. */
  take(count: number): number {
    const first = this.#next;
    this.#next = first + count & 0xffff;
    return first;
  }
}
