import { NetyardError } from "../../native/error.ts";
import { AddressOutsideError, Cidr, InvalidCidrError, toCidr } from "./cidr.ts";
import { FreeList } from "./free_list.ts";
import { formatIp, IP_BITS, parseIp } from "./ip.ts";

/** A pool has nothing left; the message names the pool and its size. */
export class PoolExhaustedError extends NetyardError {}

/** The requested address or subnet is already in use; the message names it and its pool. */
export class AddressInUseError extends NetyardError {}

/** An address or subnet was released that had not been taken from the pool. */
export class AddressNotInUseError extends NetyardError {}

/**
 * Hands out the subnets of a block in order.
 *
 * A released subnet is handed out again only after the fresh ones.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const pool = new SubnetPool("10.0.0.0/8", 24);
 * pool.reserve("10.0.1.0/24"); // a network that the user chose
 * assertEquals(String(pool.take()), "10.0.0.0/24");
 * assertEquals(String(pool.take()), "10.0.2.0/24");
 * ```
 */
export class SubnetPool {
  /** The block that the pool divides. */
  readonly cidr: Cidr;
  /** The prefix length of each subnet. */
  readonly prefix: number;
  /** The number of subnets. */
  readonly size: bigint;
  readonly #subnetBits: bigint;
  readonly #free: FreeList;
  /** How often each block is reserved, by its text. */
  readonly #reservations = new Map<string, number>();
  /**
   * How many reserved blocks cover a subnet. Level 0 has the numbers of single subnets, level n those of
   * aligned runs of 2^n: to find whether a subnet is covered takes one look-up for each level in use.
   */
  readonly #covered = new Map<bigint, Map<bigint, number>>();

  /**
   * Makes a pool of the subnets of a prefix length in a block.
   *
   * @throws {InvalidCidrError} If the block has no such subnets, or is not a CIDR.
   */
  constructor(cidr: string | Cidr, prefix: number) {
    this.cidr = toCidr(cidr);
    this.prefix = prefix;
    const bits = IP_BITS[this.cidr.family];
    if (!Number.isInteger(prefix) || prefix < this.cidr.prefix || prefix > bits) {
      throw new InvalidCidrError(
        `${this.cidr} has no subnets of prefix length ${prefix}: ` +
          `it must be a whole number from ${this.cidr.prefix} to ${bits}`,
      );
    }
    this.size = 1n << BigInt(prefix - this.cidr.prefix);
    this.#subnetBits = BigInt(bits - prefix);
    this.#free = new FreeList(0n, this.size - 1n, (number) => this.#reservedUntil(number));
  }

  /**
   * Takes the next free subnet.
   *
   * @throws {PoolExhaustedError} If all are taken or reserved.
   */
  take(): Cidr {
    const number = this.#free.take();
    if (number === undefined) {
      throw new PoolExhaustedError(
        `the pool ${this.cidr} is used up: all of its ${this.size} /${this.prefix} subnets are ` +
          `taken or reserved; release one, or use a larger pool`,
      );
    }
    return this.#subnet(number);
  }

  /**
   * Keeps all subnets that overlap a block from being handed out, until the block is released.
   *
   * Reservations may overlap each other. A block outside the pool has no effect.
   *
   * @throws {AddressInUseError} If a subnet that overlaps the block was handed out.
   */
  reserve(cidr: string | Cidr): void {
    const block = toCidr(cidr);
    const place = this.#place(block);
    if (!place) return;
    const taken = this.#takenWithin(place.first, place.last);
    if (taken !== undefined) {
      throw new AddressInUseError(
        `cannot reserve ${block}: the pool ${this.cidr} has handed out ${this.#subnet(taken)}, ` +
          `which it overlaps; choose another block, or reserve it before the pool is used`,
      );
    }
    add(this.#reservations, String(block), 1);
    const level = this.#covered.get(place.level) ?? new Map<bigint, number>();
    this.#covered.set(place.level, level);
    add(level, place.number, 1);
  }

  /**
   * Releases a subnet that was taken, or a block that was reserved. A block outside the pool has no
   * effect.
   *
   * @throws {AddressNotInUseError} If it is neither taken nor reserved.
   */
  release(cidr: string | Cidr): void {
    const block = toCidr(cidr);
    const place = this.#place(block);
    if (!place) return;
    if (block.prefix === this.prefix && this.#free.release(place.number)) return;
    const level = this.#covered.get(place.level);
    if (!level || !this.#reservations.has(String(block))) {
      throw new AddressNotInUseError(
        `cannot release ${block}: the pool ${this.cidr} neither handed it out nor reserved it`,
      );
    }
    add(this.#reservations, String(block), -1);
    if (add(level, place.number, -1) > 0) return;
    if (level.size === 0) this.#covered.delete(place.level);
    this.#free.reopen(place.first, place.last);
  }

  /**
   * Undoes the latest take or reservation: the subnet is the next that is handed out, as before.
   *
   * @throws {AddressNotInUseError} If it is neither taken nor reserved.
   */
  untake(cidr: string | Cidr): void {
    const block = toCidr(cidr);
    const place = this.#place(block);
    if (place && block.prefix === this.prefix && this.#free.untake(place.number)) return;
    this.release(block);
  }

  #subnet(number: bigint): Cidr {
    const first = this.cidr.first + (number << this.#subnetBits);
    return new Cidr(this.cidr.family, first, this.prefix);
  }

  /** The numbers of the subnets that a block covers; undefined if it is outside the pool. */
  #place(block: Cidr) {
    if (!block.overlaps(this.cidr)) return;
    const start = block.first > this.cidr.first ? block.first - this.cidr.first : 0n;
    const longest = Math.max(block.prefix, this.cidr.prefix);
    const level = BigInt(Math.max(this.prefix - longest, 0));
    const number = start >> this.#subnetBits >> level;
    return { level, number, first: number << level, last: (number + 1n << level) - 1n };
  }

  #reservedUntil(number: bigint): bigint | undefined {
    for (const [level, blocks] of this.#covered) {
      const block = number >> level;
      if (blocks.has(block)) return (block + 1n << level) - 1n;
    }
  }

  #takenWithin(first: bigint, last: bigint): bigint | undefined {
    const { taken } = this.#free;
    if (first === last) return taken.has(first) ? first : undefined;
    for (const number of taken) if (number >= first && number <= last) return number;
  }
}

/**
 * Hands out the host addresses of a subnet in order.
 *
 * Without the network and broadcast addresses of IPv4, except for a /31
 * ({@link https://www.rfc-editor.org/rfc/rfc3021 | RFC 3021}) and a /32, and without the first address
 * of IPv6, the subnet-router anycast address
 * ({@link https://www.rfc-editor.org/rfc/rfc4291#section-2.6.1 | RFC 4291 2.6.1}), except for a /127
 * ({@link https://www.rfc-editor.org/rfc/rfc6164 | RFC 6164}) and a /128.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const pool = new HostPool("10.0.0.0/24", { reserved: ["10.0.0.1"] });
 * assertEquals(pool.take(), "10.0.0.2");
 * pool.release("10.0.0.2");
 * assertEquals(pool.take(), "10.0.0.3"); // a released address comes after the fresh ones
 * assertEquals(pool.take("10.0.0.2"), "10.0.0.2");
 * ```
 */
export class HostPool {
  /** The subnet. */
  readonly cidr: Cidr;
  readonly #first: bigint;
  readonly #last: bigint;
  readonly #reserved = new Set<bigint>();
  readonly #free: FreeList;

  /**
   * Makes a pool of the hosts of a subnet, without the `reserved` addresses such as that of its gateway.
   *
   * @throws {InvalidCidrError} If the subnet is not a CIDR.
   * @throws {AddressOutsideError} If a reserved address is not in the subnet.
   */
  constructor(cidr: string | Cidr, options: { reserved?: readonly string[] } = {}) {
    this.cidr = toCidr(cidr);
    const whole = this.cidr.size <= 2n;
    this.#first = this.cidr.first + (whole ? 0n : 1n);
    this.#last = this.cidr.last - (whole || this.cidr.family === 6 ? 0n : 1n);
    for (const ip of options.reserved ?? []) {
      const address = parseIp(ip);
      if (!this.cidr.contains(address)) {
        throw new AddressOutsideError(`cannot reserve ${address}: it is not in ${this.cidr}`);
      }
      this.#reserved.add(address.value);
    }
    this.#free = new FreeList(
      this.#first,
      this.#last,
      (value) => this.#reserved.has(value) ? value : undefined,
    );
  }

  /**
   * Takes the requested address, or the next free one.
   *
   * @throws {PoolExhaustedError} If all are taken or reserved.
   * @throws {AddressInUseError} If the requested one is taken or reserved.
   * @throws {AddressOutsideError} If the requested one is not a host address of the subnet.
   * @throws {InvalidAddressError} If the requested one is not an address.
   */
  take(requested?: string): string {
    if (requested !== undefined) return this.#takeRequested(requested);
    const value = this.#free.take();
    if (value === undefined) {
      throw new PoolExhaustedError(
        `the subnet ${this.cidr} is used up: all of its ${this.#last - this.#first + 1n} host ` +
          `addresses are taken or reserved; release one, or use a larger subnet`,
      );
    }
    return this.#text(value);
  }

  /**
   * Releases an address.
   *
   * @throws {AddressNotInUseError} If it was not taken.
   * @throws {InvalidAddressError} If it is not an address.
   */
  release(ip: string): void {
    const address = parseIp(ip);
    if (this.cidr.contains(address) && this.#free.release(address.value)) return;
    throw new AddressNotInUseError(
      `cannot release ${address}: it was not taken from the subnet ${this.cidr}`,
    );
  }

  /**
   * Undoes the latest take: the address is the next that is handed out, as before.
   *
   * @throws {AddressNotInUseError} If it was not taken.
   * @throws {InvalidAddressError} If it is not an address.
   */
  untake(ip: string): void {
    const address = parseIp(ip);
    if (this.cidr.contains(address) && this.#free.untake(address.value)) return;
    throw new AddressNotInUseError(
      `cannot take back ${address}: it was not taken from the subnet ${this.cidr}`,
    );
  }

  #takeRequested(requested: string): string {
    const address = parseIp(requested);
    const { family, value } = address;
    if (family !== this.cidr.family || value < this.#first || value > this.#last) {
      throw new AddressOutsideError(
        `cannot take ${address}: the host addresses of ${this.cidr} are ` +
          `${this.#text(this.#first)} to ${this.#text(this.#last)}`,
      );
    }
    const use = this.#reserved.has(value)
      ? "reserved"
      : this.#free.taken.has(value)
      ? "taken"
      : undefined;
    if (use) {
      throw new AddressInUseError(
        `cannot take ${address}: it is already ${use} in the subnet ${this.cidr}`,
      );
    }
    this.#free.claim(value);
    return this.#text(value);
  }

  #text(value: bigint): string {
    return formatIp({ family: this.cidr.family, value });
  }
}

/** Changes a count; a count of zero is deleted. */
function add<K>(counts: Map<K, number>, key: K, change: number): number {
  const count = (counts.get(key) ?? 0) + change;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
  return count;
}
