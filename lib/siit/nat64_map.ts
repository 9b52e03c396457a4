import { type Cidr, HostPool, ipFromBytes } from "../address/mod.ts";
import type { AddressMap } from "./address_map.ts";
import { get32, put32 } from "./bytes.ts";
import { NAT64_PREFIX, nat64PrefixBytes, v4Number, v6Bytes } from "./embed.ts";

const FIRST_SLOTS = 64;

/** When all addresses are in use, a new host gets that of a host that was idle for at least this time. */
const EVICTABLE_SECS = 5 * 60;

/**
 * The addresses of a NAT64. The prefix represents the IPv4 internet. Each IPv6 host that sends gets an
 * IPv4 address of a pool with its first packet. An IPv4 NAT after it shares public addresses and ports
 * among the hosts, so this map needs no ports, and lifetimes only to reuse addresses of the pool.
 */
export class Nat64Map implements AddressMap {
  /** The time in whole seconds, which the user of the map sets. Otherwise no entry expires. */
  now = 0;
  readonly #prefix: [number, number, number];
  readonly #pool: HostPool;
  readonly #first: number;
  #left: number;
  /** The IPv6 address of each host, by the index of its IPv4 address in the pool: four words, or zeros. */
  #hosts = new Uint32Array(FIRST_SLOTS * 4);
  /** A hash table with open addressing, at most half full: indexes in the pool plus one, 0 for none. */
  #slots = new Uint32Array(FIRST_SLOTS);
  /** When each host sent or received its last packet, by the index of its IPv4 address. */
  #used = new Uint32Array(FIRST_SLOTS);
  #count = 0;

  /**
   * Makes a map without hosts.
   *
   * @param pool An IPv4 block whose host addresses represent IPv6 hosts.
   * @param options The /96 that represents the IPv4 internet, default `64:ff9b::/96`, and the addresses
   * of the pool that are not for hosts, such as the router's own.
   *
   * @throws {InvalidAddressError} If the pool is not IPv4.
   * @throws {InvalidCidrError} If the prefix or the pool is not a block of addresses.
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

  /** The number of hosts that have an address. */
  get size(): number {
    return this.#count;
  }

  /** The IPv4 address of a host; undefined if it has none. */
  v4OfHost(ip6: string): string | undefined {
    const bytes = v6Bytes(ip6);
    const index = this.#slots[this.#slotOf(bytes, 0)];
    return index > 0 ? this.#text(this.#first + index - 1) : undefined;
  }

  /** All hosts with their IPv4 addresses. */
  *hosts(): Generator<[ip6: string, ip: string]> {
    for (const index of this.#slots) {
      if (index === 0) continue;
      const bytes = new Uint8Array(16);
      this.#write(index - 1, bytes, 0);
      yield [ipFromBytes(bytes), this.#text(this.#first + index - 1)];
    }
  }

  /**
   * Assigns an address of the pool to a new host. Refuses a source in the prefix: answers would return to
   * the translator.
   */
  v4OfSource(bytes: Uint8Array, at: number, quoted: boolean): number {
    const index = this.#slots[this.#slotOf(bytes, at)];
    if (index > 0) {
      this.#used[index - 1] = this.now;
      return this.#first + index - 1;
    }
    if (quoted || this.#embeds(bytes, at)) return -1;
    if (this.#left <= 0 && !this.#evict()) return -1;
    return this.#assign(bytes, at);
  }

  /** Extracts the address that the prefix embeds. */
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

  /** Finds the host that has the address. */
  v6OfDestination(v4: number, out: Uint8Array, at: number): boolean {
    const index = v4 - this.#first;
    if (index < 0 || index >= this.#used.length || !this.#isHost(index)) return false;
    this.#used[index] = this.now;
    this.#write(index, out, at);
    return true;
  }

  /** Removes hosts without traffic for `idleSecs` seconds, and returns how many. */
  forget(idleSecs: number): number {
    let forgotten = 0;
    for (let index = 0; index < this.#used.length; index++) {
      if (!this.#isHost(index) || this.now - this.#used[index] < idleSecs) continue;
      this.#drop(index);
      forgotten++;
    }
    return forgotten;
  }

  /** Removes the host with the longest idle time, if that is long enough. */
  #evict(): boolean {
    let oldest = -1;
    for (let index = 0; index < this.#used.length; index++) {
      if (!this.#isHost(index)) continue;
      if (oldest < 0 || this.#used[index] < this.#used[oldest]) oldest = index;
    }
    if (oldest < 0 || this.now - this.#used[oldest] < EVICTABLE_SECS) return false;
    this.#drop(oldest);
    return true;
  }

  #drop(index: number): void {
    const bytes = new Uint8Array(16);
    this.#write(index, bytes, 0);
    this.#emptySlot(this.#slotOf(bytes, 0));
    this.#hosts.fill(0, 4 * index, 4 * index + 4);
    this.#pool.release(this.#text(this.#first + index));
    this.#left++;
    this.#count--;
  }

  /** Empties a slot, and moves the entries that came after it only because it was full. */
  #emptySlot(slot: number): void {
    const mask = this.#slots.length - 1;
    const bytes = new Uint8Array(16);
    this.#slots[slot] = 0;
    for (let next = slot + 1 & mask; this.#slots[next] !== 0; next = next + 1 & mask) {
      const index = this.#slots[next];
      this.#slots[next] = 0;
      this.#write(index - 1, bytes, 0);
      this.#slots[this.#slotOf(bytes, 0)] = index;
    }
  }

  /** Whether an index has a host: no host has the address `::`. */
  #isHost(index: number): boolean {
    const [word, hosts] = [index * 4, this.#hosts];
    return (hosts[word] | hosts[word + 1] | hosts[word + 2] | hosts[word + 3]) !== 0;
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
    while (index >= this.#used.length) {
      this.#hosts = doubled(this.#hosts);
      this.#used = doubled(this.#used);
    }
    this.#used[index] = this.now;
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

  /** The slot that has an address, or where it would be inserted. */
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

function doubled(words: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const grown = new Uint32Array(words.length * 2);
  grown.set(words);
  return grown;
}
