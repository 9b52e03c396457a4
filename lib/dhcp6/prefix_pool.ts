import { Cidr, PoolExhaustedError, SubnetPool } from "../address/mod.ts";

/**
 * Hands out prefixes of a network, of different lengths side by side. A released prefix is handed out
 * again only when no unused one of its length is left.
 */
export class PrefixPool {
  /** The network of the pool. */
  readonly cidr: Cidr;
  #taken = new Map<string, Cidr>();
  #byLength = new Map<number, SubnetPool>();

  constructor(cidr: Cidr) {
    this.cidr = cidr;
  }

  /**
   * Takes the next free prefix of a length.
   *
   * @throws {PoolExhaustedError} If none is left.
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

  /** Returns a prefix to the pool. */
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
