import { NetyardError } from "../../native/error.ts";
import { InvalidAddressError, ipBytes, ipFromBytes, toCidr } from "../address/mod.ts";
import { get32, put32 } from "./bytes.ts";

/** The prefix that is reserved for NAT64 (RFC 6052, 2.1). */
export const NAT64_PREFIX = "64:ff9b::/96";

/** A prefix in which IPv4 addresses cannot be embedded here; the message says which can. */
export class Nat64PrefixError extends NetyardError {}

/**
 * The IPv6 address by which an IPv4 one is reached through a NAT64, in the form of RFC 5952.
 *
 * RFC 6052, 3.1, keeps addresses that are not global out of the well-known prefix. Here they are
 * allowed in it, for the servers of a lab often have private ones.
 *
 * @param prefix A /96 of IPv6. Of the prefix lengths of RFC 6052 it is the one in which an address
 * stands unbroken in the last four bytes.
 *
 * @throws {InvalidAddressError} If `ip` is no IPv4 address.
 * @throws {InvalidCidrError} If the prefix is no block of addresses.
 * @throws {Nat64PrefixError} If it is one, but no /96 of IPv6, or its bits 64 to 71 are not zero.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(embedV4InNat64("198.51.100.1"), "64:ff9b::c633:6401");
 * assertEquals(embedV4InNat64("10.0.0.1", "2001:db8:64::/96"), "2001:db8:64::a00:1");
 * ```
 */
export function embedV4InNat64(ip: string, prefix: string = NAT64_PREFIX): string {
  const v4 = v4Number(ip);
  const bytes = nat64PrefixBytes(prefix);
  put32(bytes, 12, v4);
  return ipFromBytes(bytes);
}

/**
 * The IPv4 address that an IPv6 one embeds; undefined if it is not in the prefix.
 *
 * @throws {InvalidAddressError} If `ip6` is no IPv6 address.
 * @throws {InvalidCidrError} If the prefix is no block of addresses.
 * @throws {Nat64PrefixError} As {@linkcode embedV4InNat64} throws it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(extractV4FromNat64("64:ff9b::198.51.100.1"), "198.51.100.1");
 * assertEquals(extractV4FromNat64("2001:db8::1"), undefined);
 * ```
 */
export function extractV4FromNat64(
  ip6: string,
  prefix: string = NAT64_PREFIX,
): string | undefined {
  const bytes = v6Bytes(ip6);
  const wanted = nat64PrefixBytes(prefix);
  for (let at = 0; at < 12; at++) if (bytes[at] !== wanted[at]) return undefined;
  return ipFromBytes(bytes.subarray(12));
}

/** The 16 bytes of a prefix, whose last four are zero; throws as {@linkcode embedV4InNat64} does. */
export function nat64PrefixBytes(prefix: string): Uint8Array<ArrayBuffer> {
  const cidr = toCidr(prefix);
  if (cidr.family !== 6 || cidr.prefix !== 96) {
    throw new Nat64PrefixError(
      `${cidr} is not the prefix of a NAT64: it must be a /96 of IPv6, like ${NAT64_PREFIX}`,
    );
  }
  const bytes = ipBytes(cidr.network);
  if (bytes[8] !== 0) {
    throw new Nat64PrefixError(
      `${cidr} is not the prefix of a NAT64: bits 64 to 71 must be zero (RFC 6052, 2.2), ` +
        `so the fifth group must be 00ff or less`,
    );
  }
  return bytes;
}

/** An IPv4 address as a number; throws {@linkcode InvalidAddressError}. */
export function v4Number(ip: string): number {
  const bytes = ipBytes(ip);
  if (bytes.length !== 4) {
    throw new InvalidAddressError(
      `${ip} is an IPv6 address, and one of IPv4 is wanted, like 192.0.2.1`,
    );
  }
  return get32(bytes, 0);
}

/** The 16 bytes of an IPv6 address; throws {@linkcode InvalidAddressError}. */
export function v6Bytes(ip: string): Uint8Array<ArrayBuffer> {
  const bytes = ipBytes(ip);
  if (bytes.length !== 16) {
    throw new InvalidAddressError(
      `${ip} is an IPv4 address, and one of IPv6 is wanted, like 2001:db8::1`,
    );
  }
  return bytes;
}
