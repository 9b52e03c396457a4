import type { AddressMap } from "./address_map.ts";
import { get32, put32 } from "./bytes.ts";
import { NAT64_PREFIX, nat64PrefixBytes, v4Number, v6Bytes } from "./embed.ts";

/**
 * The addresses of a CLAT (RFC 6877), with which IPv4 programs work in an IPv6-only network: one IPv6
 * address represents its only IPv4 address, and the prefix of the network's NAT64 the IPv4 internet.
 */
export class ClatMap implements AddressMap {
  readonly #v4: number;
  readonly #v6: Uint8Array;
  readonly #prefix: Uint8Array;

  /**
   * Makes the map of a CLAT.
   *
   * @param v4 The address of programs that use IPv4; RFC 7335 reserves 192.0.0.0/29 for this.
   * @param v6 The IPv6 address that represents it, which must not have another use.
   * @param prefix The /96 of the NAT64.
   *
   * @throws {InvalidAddressError} If an address is not of its family.
   * @throws {InvalidCidrError} If the prefix is not a block of addresses.
   * @throws {Nat64PrefixError} As {@linkcode embedV4InNat64} throws it.
   */
  constructor(v4: string, v6: string, prefix: string = NAT64_PREFIX) {
    this.#v4 = v4Number(v4);
    this.#v6 = v6Bytes(v6);
    this.#prefix = nat64PrefixBytes(prefix);
  }

  /** Extracts the address that the prefix embeds. */
  v4OfSource(bytes: Uint8Array, at: number): number {
    for (let index = 0; index < 12; index++) {
      if (bytes[at + index] !== this.#prefix[index]) return -1;
    }
    return get32(bytes, at + 12);
  }

  /** Maps only the CLAT's own address. */
  v4OfDestination(bytes: Uint8Array, at: number): number {
    for (let index = 0; index < 16; index++) {
      if (bytes[at + index] !== this.#v6[index]) return -1;
    }
    return this.#v4;
  }

  /** Maps only the CLAT's own address. */
  v6OfSource(v4: number, out: Uint8Array, at: number): boolean {
    if (v4 !== this.#v4) return false;
    out.set(this.#v6, at);
    return true;
  }

  /** Embeds any address in the prefix. */
  v6OfDestination(v4: number, out: Uint8Array, at: number): boolean {
    out.set(this.#prefix, at);
    put32(out, at + 12, v4);
    return true;
  }
}
