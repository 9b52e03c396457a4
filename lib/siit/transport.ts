import { get16, put16 } from "./bytes.ts";
import { adjusted, fold, sum } from "./checksum.ts";
import { HEADER4_BYTES, MAX_TOTAL4 } from "./header4.ts";
import { DCCP, TCP, UDP, UDP_LITE } from "./protocols.ts";

/**
 * The offset in its header of a checksum that covers the addresses; -1 for protocols that pass unchanged:
 * SCTP, ESP, and unknown ones (RFC 7915, 4.5).
 */
export function checksumOffset(protocol: number): number {
  if (protocol === TCP) return 16;
  return protocol === UDP || protocol === UDP_LITE || protocol === DCCP ? 6 : -1;
}

/** Whether a transport header is complete up to the checksum that must be adjusted. */
export function hasChecksum(transport: number, end: number, protocol: number): boolean {
  const offset = checksumOffset(protocol);
  return offset < 0 || transport + offset + 2 <= end && (protocol !== UDP || transport + 8 <= end);
}

/** Whether a fragment can be part of a datagram of at most 64 KiB (RFC 8200, 4.5). */
export function fits(fragmentOffset: number, more: boolean, bytes: number): boolean {
  return (!more || bytes % 8 === 0) && fragmentOffset * 8 + bytes <= MAX_TOTAL4 - HEADER4_BYTES;
}

/**
 * Adjusts the checksum of the transport header at an offset to new addresses. Does nothing if the
 * checksum is cut off by `end`, or is a UDP checksum of 0, which means none.
 *
 * @param change The {@link difference} of the sums of the addresses.
 * @param partial Whether the field has only the folded sum of the pseudo header; the kernel or a NIC
 * adds the rest and complements it.
 */
export function adjustChecksum(
  out: Uint8Array,
  transport: number,
  end: number,
  protocol: number,
  change: number,
  partial: boolean,
): void {
  const offset = checksumOffset(protocol);
  const at = transport + offset;
  if (offset < 0 || at + 2 > end) return;
  const before = get16(out, at);
  if (partial) put16(out, at, fold(before + change));
  else if (protocol !== UDP || before !== 0) {
    put16(out, at, neverZero(protocol, adjusted(before, change)));
  }
}

/** Computes the checksum of a complete UDP datagram, or one that is {@link adjustChecksum | partial}. */
export function completeChecksum(
  out: Uint8Array,
  transport: number,
  end: number,
  protocol: number,
  pseudoHeaderSum: number,
): void {
  const at = transport + checksumOffset(protocol);
  const total = sum(out, transport, end) + pseudoHeaderSum;
  put16(out, at, neverZero(protocol, ~fold(total) & 0xffff));
}

/** Replaces a UDP checksum of 0 by 0xffff, because 0 means that there is none (RFC 768). */
function neverZero(protocol: number, checksum: number): number {
  return checksum === 0 && (protocol === UDP || protocol === UDP_LITE) ? 0xffff : checksum;
}
