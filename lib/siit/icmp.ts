import { get16, put16 } from "./bytes.ts";
import { adjusted, difference, fold, sum } from "./checksum.ts";
import { Icmp4, Icmp6, IcmpKind } from "./icmp_types.ts";
import { ICMP6 } from "./protocols.ts";
import { Refusal } from "./refusal.ts";

/** What each ICMP message, Echo and error alike, begins with. */
export const ICMP_BYTES = 8;

/** Why a message cannot be translated by its type: 0 for an Echo or an error. */
export function icmpRefusal(kind: number): number {
  if (kind === IcmpKind.discovery) return Refusal.discovery;
  return kind === IcmpKind.other ? Refusal.icmpType : 0;
}

/** Why a message that an ICMP error quotes cannot be translated: 0 for an Echo. */
export function quotedIcmpRefusal(kind: number): number {
  return kind === IcmpKind.error ? Refusal.nestedError : icmpRefusal(kind);
}

/** What an ICMPv6 checksum covers beside the message and the addresses (RFC 8200, 8.1). */
export function icmp6Sum(messageBytes: number): number {
  return (messageBytes & 0xffff) + ICMP6;
}

/**
 * Makes the ICMPv4 Echo at an offset one of ICMPv6, as far as `end` leaves it whole.
 *
 * @param pseudoSum Of the whole pseudo header, which ICMPv4 does not have.
 */
export function echo4to6(out: Uint8Array, at: number, end: number, pseudoSum: number): void {
  const type = out[at] === Icmp4.echoRequest ? Icmp6.echoRequest : Icmp6.echoReply;
  const before = out[at] << 8;
  out[at] = type;
  if (at + 4 > end) return;
  put16(out, at + 2, adjusted(get16(out, at + 2), difference(before, (type << 8) + pseudoSum)));
}

/** Makes the ICMPv6 Echo at an offset one of ICMPv4; as {@link echo4to6}. */
export function echo6to4(out: Uint8Array, at: number, end: number, pseudoSum: number): void {
  const type = out[at] === Icmp6.echoRequest ? Icmp4.echoRequest : Icmp4.echoReply;
  const before = (out[at] << 8) + pseudoSum;
  out[at] = type;
  if (at + 4 > end) return;
  put16(out, at + 2, adjusted(get16(out, at + 2), difference(before, type << 8)));
}

/** Computes the checksum of a whole ICMP message; ICMPv4 has no pseudo header. */
export function writeIcmpChecksum(
  out: Uint8Array,
  at: number,
  end: number,
  pseudoSum: number,
): void {
  put16(out, at + 2, 0);
  put16(out, at + 2, ~fold(sum(out, at, end) + pseudoSum));
}
