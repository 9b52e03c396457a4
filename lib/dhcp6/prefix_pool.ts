import { Cidr, PoolExhaustedError, SubnetPool } from "../address/mod.ts";

/**
 * Hands out parts of a network, of any lengths side by side. A part that comes back is handed out again
 * only when there is no fresh one of its length.
 */
export class PrefixPool {
  /** The network that is divided. */
  readonly cidr: Cidr;
  #taken = new Map<string, Cidr>();
  #byLength = new Map<number, SubnetPool>();

  constructor(cidr: Cidr) {
    this.cidr = cidr;
  }

  /**
   * Takes the next part of a length that is free.
   *
   * @throws {PoolExhaustedError} If there is none.
   */
  take(length: number): Cidr {
    if (length < this.cidr.prefix) {
      throw new PoolExhaustedError(
        `the pool ${this.cidr} has no /${length}: it is smaller than that; use a larger pool`,
      );
    }
    const part = this.#of(length).take();
    this.#taken.set(String(part), part);
    for (const [other, pool] of this.#byLength) if (other !== length) pool.reserve(part);
    return part;
  }

  /** Gives back what was taken. */
  release(part: Cidr): void {
    if (!this.#taken.delete(String(part))) return;
    for (const pool of this.#byLength.values()) pool.release(part);
  }

  #of(length: number): SubnetPool {
    let pool = this.#byLength.get(length);
    if (!pool) {
      pool = new SubnetPool(this.cidr, length);
      for (const part of this.#taken.values()) pool.reserve(part);
      this.#byLength.set(length, pool);
    }
    return pool;
  }
}
