/** Numbers the IPv4 packets that may be fragmented on their way. */
export class Identifications {
  #next: number;

  /** Counts up from a number of 16 bits. */
  constructor(first: number) {
    this.#next = first;
  }

  /** The number of the first of so many packets. */
  take(count: number): number {
    const first = this.#next;
    this.#next = first + count & 0xffff;
    return first;
  }
}
