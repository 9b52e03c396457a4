import { get16 } from "./bytes.ts";

/**
 * The checksum of the Internet (RFC 1071): the complement of a sum of 16-bit words, of which a
 * carry is added back in. Where some words of a packet change, its checksum changes by their
 * difference (RFC 1624), and so is right after exactly where it was right before.
 */

/**
 * The sum of the words from an offset to an end, not folded. An odd last byte is the upper half of
 * a word. It fits 32 bits for whatever an IP packet can hold.
 */
export function sum(bytes: Uint8Array, from: number, end: number): number {
  let total = 0;
  const even = end - ((end - from) & 1);
  for (let at = from; at < even; at += 2) total += bytes[at] << 8 | bytes[at + 1];
  if (even < end) total += bytes[even] << 8;
  return total;
}

/** A sum of up to 48 bits with its carries added back: 16 bits, and 0 only of 0. */
export function fold(total: number): number {
  if (total > 0xffffffff) total = total % 0x10000 + Math.floor(total / 0x10000);
  total = (total & 0xffff) + (total >>> 16);
  return (total & 0xffff) + (total >>> 16);
}

/** By how much a folded sum changes where words that sum to `before` are replaced by others. */
export function difference(before: number, after: number): number {
  return fold(fold(after) + (~fold(before) & 0xffff));
}

/** A checksum after the words that it covers changed by a {@link difference}. */
export function adjusted(checksum: number, change: number): number {
  return ~fold((~checksum & 0xffff) + change) & 0xffff;
}

/** What the two addresses of an IPv4 header add to a pseudo header's sum. */
export function addressSum4(source: number, destination: number): number {
  return (source >>> 16) + (source & 0xffff) + (destination >>> 16) + (destination & 0xffff);
}

/** What the two addresses of the IPv6 header at an offset add to a pseudo header's sum. */
export function addressSum6(bytes: Uint8Array, header: number): number {
  let total = 0;
  for (let at = header + 8; at < header + 40; at += 2) total += get16(bytes, at);
  return total;
}
