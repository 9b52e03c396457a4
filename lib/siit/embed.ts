import { NetyardError } from "../../native/error.ts";
import { InvalidAddressError, ipBytes, ipFromBytes, toCidr } from "../address/mod.ts";
import { get32, put32 } from "./bytes.ts";

/** The well-known prefix of NAT64 (RFC 6052, 2.1). */
export const NAT64_PREFIX = "64:ff9b::/96";

/** A prefix cannot embed IPv4 addresses; the message says which prefixes can. */
export class Nat64PrefixError extends NetyardError {}

/**
 * The IPv6 address that reaches an IPv4 address through a NAT64, in the form of RFC 5952.
 *
 * RFC 6052, 3.1, does not allow addresses that are not global in the well-known prefix. This function
 * does, because servers of a lab often have private addresses.
 *
 * @param prefix An IPv6 /96: the prefix length of RFC 6052 with which the last four bytes are the
 * IPv4 address.
 *
 * @throws {InvalidAddressError} If `ip` is not an IPv4 address.
 * @throws {InvalidCidrError} If the prefix is not a block of addresses.
 * @throws {Nat64PrefixError} If it is not an IPv6 /96, or its bits 64 to 71 are not zero.
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
 * The IPv4 address that an IPv6 address embeds; undefined if it is not in the prefix.
 *
 * @throws {InvalidAddressError} If `ip6` is not an IPv6 address.
 * @throws {InvalidCidrError} If the prefix is not a block of addresses.
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
  const expected = nat64PrefixBytes(prefix);
  for (let at = 0; at < 12; at++) if (bytes[at] !== expected[at]) return undefined;
  return ipFromBytes(bytes.subarray(12));
}

/** The 16 bytes of a prefix, the last four zero; throws as {@linkcode embedV4InNat64} does. */
export function nat64PrefixBytes(prefix: string): Uint8Array<ArrayBuffer> {
  const cidr = toCidr(prefix);
  if (cidr.family !== 6 || cidr.prefix !== 96) {
    throw new Nat64PrefixError(
      `${cidr} is not a NAT64 prefix: it must be an IPv6 /96, like ${NAT64_PREFIX}`,
    );
  }
  const bytes = ipBytes(cidr.network);
  if (bytes[8] !== 0) {
    throw new Nat64PrefixError(
      `${cidr} is not a NAT64 prefix: bits 64 to 71 must be zero (RFC 6052, 2.2), ` +
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
      `${ip} is an IPv6 address, but an IPv4 address is required, like 192.0.2.1`,
    );
  }
  return get32(bytes, 0);
}

/** The 16 bytes of an IPv6 address; throws {@linkcode InvalidAddressError}. */
export function v6Bytes(ip: string): Uint8Array<ArrayBuffer> {
  const bytes = ipBytes(ip);
  if (bytes.length !== 16) {
    throw new InvalidAddressError(
      `${ip} is an IPv4 address, but an IPv6 address is required, like 2001:db8::1`,
    );
  }
  return bytes;
}
