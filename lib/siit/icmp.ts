import { get16, put16 } from "./bytes.ts";
import { adjusted, difference, fold, sum } from "./checksum.ts";
import { Icmp4, Icmp6, IcmpKind } from "./icmp_types.ts";
import { ICMP6 } from "./protocols.ts";
import { Refusal } from "./refusal.ts";

/** The length of the fixed part of an ICMP message, Echo or error. */
export const ICMP_BYTES = 8;

/** The refusal for the kind of a message; 0 for an Echo or an error. */
export function icmpRefusal(kind: number): number {
  if (kind === IcmpKind.discovery) return Refusal.discovery;
  return kind === IcmpKind.other ? Refusal.icmpType : 0;
}

/** The refusal for the kind of a message that an ICMP error quotes; 0 for an Echo. */
export function quotedIcmpRefusal(kind: number): number {
  return kind === IcmpKind.error ? Refusal.nestedError : icmpRefusal(kind);
}

/** The part of the pseudo header of ICMPv6 without the addresses, as a sum (RFC 8200, 8.1). */
export function icmp6Sum(messageBytes: number): number {
  return (messageBytes & 0xffff) + ICMP6;
}

/**
 * Translates the ICMPv4 Echo at an offset to ICMPv6, as far as it is complete before `end`.
 *
 * @param pseudoSum The sum of the pseudo header, which ICMPv4 does not have.
 */
export function echo4to6(out: Uint8Array, at: number, end: number, pseudoSum: number): void {
  const type = out[at] === Icmp4.echoRequest ? Icmp6.echoRequest : Icmp6.echoReply;
  const before = out[at] << 8;
  out[at] = type;
  if (at + 4 > end) return;
  put16(out, at + 2, adjusted(get16(out, at + 2), difference(before, (type << 8) + pseudoSum)));
}

/** Translates the ICMPv6 Echo at an offset to ICMPv4, as {@link echo4to6} does. */
export function echo6to4(out: Uint8Array, at: number, end: number, pseudoSum: number): void {
  const type = out[at] === Icmp6.echoRequest ? Icmp4.echoRequest : Icmp4.echoReply;
  const before = (out[at] << 8) + pseudoSum;
  out[at] = type;
  if (at + 4 > end) return;
  put16(out, at + 2, adjusted(get16(out, at + 2), difference(before, type << 8)));
}

/** Computes the checksum of a complete ICMP message; `pseudoSum` is 0 for ICMPv4. */
export function writeIcmpChecksum(
  out: Uint8Array,
  at: number,
  end: number,
  pseudoSum: number,
): void {
  put16(out, at + 2, 0);
  put16(out, at + 2, ~fold(sum(out, at, end) + pseudoSum));
}
