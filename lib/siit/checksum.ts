import { get16 } from "./bytes.ts";

/**
 * The Internet checksum (RFC 1071): the complement of the one's complement sum of 16-bit words. When some
 * words of a packet change, its checksum changes by their difference (RFC 1624), so it is correct
 * afterwards if, and only if, it was correct before.
 */

/**
 * The sum of the words from an offset to an end, not folded. An odd last byte is the upper half of a
 * word. The sum of any IP packet fits into 32 bits.
 */
export function sum(bytes: Uint8Array, from: number, end: number): number {
  let total = 0;
  const even = end - ((end - from) & 1);
  for (let at = from; at < even; at += 2) total += bytes[at] << 8 | bytes[at + 1];
  if (even < end) total += bytes[even] << 8;
  return total;
}

/** Folds a sum of up to 48 bits into 16 bits by adding the carries; the result is 0 only for 0. */
export function fold(total: number): number {
  if (total > 0xffffffff) total = total % 0x10000 + Math.floor(total / 0x10000);
  total = (total & 0xffff) + (total >>> 16);
  return (total & 0xffff) + (total >>> 16);
}

/** The change of a folded sum when words with the sum `before` become words with the sum `after`. */
export function difference(before: number, after: number): number {
  return fold(fold(after) + (~fold(before) & 0xffff));
}

/** The checksum after a change of its words by a {@link difference}. */
export function adjusted(checksum: number, change: number): number {
  return ~fold((~checksum & 0xffff) + change) & 0xffff;
}

/** The sum of the two addresses of an IPv4 header, for a pseudo header. */
export function addressSum4(source: number, destination: number): number {
  return (source >>> 16) + (source & 0xffff) + (destination >>> 16) + (destination & 0xffff);
}

/** The sum of the two addresses of the IPv6 header at an offset, for a pseudo header. */
export function addressSum6(bytes: Uint8Array, header: number): number {
  let total = 0;
  for (let at = header + 8; at < header + 40; at += 2) total += get16(bytes, at);
  return total;
}
