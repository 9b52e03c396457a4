import { type Cidr, HostPool, ipFromBytes } from "../../address/mod.ts";
import type { AddressMap } from "./address_map.ts";
import { get32, put32 } from "./bytes.ts";
import { NAT64_PREFIX, nat64PrefixBytes, v4Number, v6Bytes } from "./embed.ts";

const FIRST_SLOTS = 64;

/**
 * The addresses of a NAT64. The world of IPv4 is in the prefix; each host of IPv6 that sends has an
 * IPv4 address of a pool from its first packet on. A NAT of IPv4 behind it shares public addresses
 * and ports among those, so that here neither ports nor lifetimes matter.
 */
export class Nat64Map implements AddressMap {
  readonly #prefix: [number, number, number];
  readonly #pool: HostPool;
  readonly #first: number;
  #left: number;
  /** By the number of a host's IPv4 address in the pool, four words each: its address; or zeros. */
  #hosts = new Uint32Array(FIRST_SLOTS * 4);
  /** A hash table with open addressing, at most half full: numbers in the pool, 0 for none. */
  #slots = new Uint32Array(FIRST_SLOTS);
  #count = 0;

  /**
   * The addresses of one NAT64, of which no host has one yet.
   *
   * @param pool A block of IPv4 whose host addresses stand for the hosts of IPv6.
   * @param options The /96 of the world of IPv4, default `64:ff9b::/96`, and which addresses of the
   * pool are not for hosts, such as the router's own.
   *
   * @throws {InvalidAddressError} If the pool is not of IPv4.
   * @throws {InvalidCidrError} If the prefix or the pool is no block of addresses.
   * @throws {AddressOutsideError} If a reserved address is not in the pool.
   * @throws {Nat64PrefixError} As {@linkcode embedV4InNat64} throws it.
   */
  constructor(
    pool: string | Cidr,
    options: { prefix?: string; reserved?: readonly string[] } = {},
  ) {
    const bytes = nat64PrefixBytes(options.prefix ?? NAT64_PREFIX);
    this.#prefix = [get32(bytes, 0), get32(bytes, 4), get32(bytes, 8)];
    this.#pool = new HostPool(pool, { reserved: options.reserved });
    const { cidr } = this.#pool;
    this.#first = v4Number(cidr.network);
    const ends = cidr.size <= 2n ? 0 : 2;
    this.#left = Number(cidr.size) - ends - new Set(options.reserved?.map(v4Number)).size;
  }

  /** How many hosts have an address. */
  get size(): number {
    return this.#count;
  }

  /** The IPv4 address of a host, as text; undefined if it has sent nothing. */
  v4OfHost(ip6: string): string | undefined {
    const bytes = v6Bytes(ip6);
    const index = this.#slots[this.#slotOf(bytes, 0)];
    return index > 0 ? this.#text(this.#first + index - 1) : undefined;
  }

  /** Each host and its IPv4 address, as text. */
  *hosts(): Generator<[ip6: string, ip: string]> {
    for (const index of this.#slots) {
      if (index === 0) continue;
      const bytes = new Uint8Array(16);
      this.#write(index - 1, bytes, 0);
      yield [ipFromBytes(bytes), this.#text(this.#first + index - 1)];
    }
  }

  /** Assigns an address of the pool to a new host. One in the prefix is none: it would come back. */
  v4OfSource(bytes: Uint8Array, at: number, quoted: boolean): number {
    const index = this.#slots[this.#slotOf(bytes, at)];
    if (index > 0) return this.#first + index - 1;
    if (quoted || this.#left <= 0 || this.#embeds(bytes, at)) return -1;
    return this.#assign(bytes, at);
  }

  /** What the prefix embeds. */
  v4OfDestination(bytes: Uint8Array, at: number): number {
    return this.#embeds(bytes, at) ? get32(bytes, at + 12) : -1;
  }

  /** Embeds any address in the prefix. */
  v6OfSource(v4: number, out: Uint8Array, at: number): boolean {
    put32(out, at, this.#prefix[0]);
    put32(out, at + 4, this.#prefix[1]);
    put32(out, at + 8, this.#prefix[2]);
    put32(out, at + 12, v4);
    return true;
  }

  /** The host that was given the address. */
  v6OfDestination(v4: number, out: Uint8Array, at: number): boolean {
    const index = v4 - this.#first;
    const word = index * 4;
    if (index < 0 || word >= this.#hosts.length) return false;
    // No host has the address that is all zeros.
    const hosts = this.#hosts;
    if ((hosts[word] | hosts[word + 1] | hosts[word + 2] | hosts[word + 3]) === 0) return false;
    this.#write(index, out, at);
    return true;
  }

  #embeds(bytes: Uint8Array, at: number): boolean {
    return get32(bytes, at) === this.#prefix[0] && get32(bytes, at + 4) === this.#prefix[1] &&
      get32(bytes, at + 8) === this.#prefix[2];
  }

  #assign(bytes: Uint8Array, at: number): number {
    const v4 = v4Number(this.#pool.take());
    const index = v4 - this.#first;
    this.#left--;
    if (++this.#count * 2 > this.#slots.length) this.#growSlots();
    while (index * 4 >= this.#hosts.length) {
      const grown = new Uint32Array(this.#hosts.length * 2);
      grown.set(this.#hosts);
      this.#hosts = grown;
    }
    for (let word = 0; word < 4; word++) {
      this.#hosts[index * 4 + word] = get32(bytes, at + 4 * word);
    }
    this.#slots[this.#slotOf(bytes, at)] = index + 1;
    return v4;
  }

  #growSlots(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(old.length * 2);
    const bytes = new Uint8Array(16);
    for (const index of old) {
      if (index === 0) continue;
      this.#write(index - 1, bytes, 0);
      this.#slots[this.#slotOf(bytes, 0)] = index;
    }
  }

  /** The slot of an address: where it is, or where it would be. */
  #slotOf(bytes: Uint8Array, at: number): number {
    const a = get32(bytes, at);
    const b = get32(bytes, at + 4);
    const c = get32(bytes, at + 8);
    const d = get32(bytes, at + 12);
    const mask = this.#slots.length - 1;
    let hash = Math.imul(Math.imul(a ^ b, 0x9e3779b1) ^ c, 0x85ebca6b) ^ d;
    hash = Math.imul(hash ^ hash >>> 15, 0xc2b2ae35);
    for (let slot = (hash ^ hash >>> 13) & mask;; slot = slot + 1 & mask) {
      const index = this.#slots[slot];
      if (index === 0) return slot;
      const word = (index - 1) * 4;
      const hosts = this.#hosts;
      if (
        hosts[word] === a && hosts[word + 1] === b && hosts[word + 2] === c && hosts[word + 3] === d
      ) return slot;
    }
  }

  #write(index: number, out: Uint8Array, at: number): void {
    for (let word = 0; word < 4; word++) put32(out, at + 4 * word, this.#hosts[index * 4 + word]);
  }

  #text(v4: number): string {
    const bytes = new Uint8Array(4);
    put32(bytes, 0, v4);
    return ipFromBytes(bytes);
  }
}
