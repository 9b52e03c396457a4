import { FRAGMENT_BYTES, HEADER6_BYTES, writeFragmentHeader } from "./header6.ts";
import { put16 } from "./bytes.ts";
import { FRAGMENT } from "./protocols.ts";

const FRAGMENT_HEADERS = HEADER6_BYTES + FRAGMENT_BYTES;

/** The payload of each fragment except the last: the most that fits, a multiple of 8. */
export function pieceBytes(fragmentBytes: number): number {
  return (fragmentBytes - FRAGMENT_HEADERS) & ~7;
}

/** The length of all fragments, with `gap` bytes before each except the first. */
export function splitBytes(payloadBytes: number, piece: number, gap: number): number {
  const pieces = Math.ceil(payloadBytes / piece);
  return (pieces - 1) * (gap + FRAGMENT_HEADERS) + FRAGMENT_HEADERS + payloadBytes;
}

/**
 * Splits the IPv6 packet at an offset into fragments, in place: each begins `gap` plus
 * {@link FRAGMENT_HEADERS} plus `piece` bytes after the one before. The gaps become zeros.
 *
 * @param payload The offset of the packet's payload, after a fragment header if it has one.
 * @param fragmentOffset The offset of the payload if the packet is a fragment itself, in units of 8 bytes.
 * @param more Whether more fragments follow the packet.
 */
export function split(
  out: Uint8Array,
  at: number,
  payload: number,
  payloadBytes: number,
  piece: number,
  gap: number,
  protocol: number,
  fragmentOffset: number,
  more: boolean,
  identification: number,
): void {
  const stride = gap + FRAGMENT_HEADERS + piece;
  const last = Math.ceil(payloadBytes / piece) - 1;
  // Begins with the last piece: no piece then overwrites an earlier one.
  for (let index = last; index >= 0; index--) {
    const header = at + index * stride;
    const from = payload + index * piece;
    const bytes = index === last ? payloadBytes - index * piece : piece;
    out.copyWithin(header + FRAGMENT_HEADERS, from, from + bytes);
    if (index > 0) {
      out.fill(0, header - gap, header);
      out.copyWithin(header, at, at + HEADER6_BYTES);
    }
    put16(out, header + 4, FRAGMENT_BYTES + bytes);
    out[header + 6] = FRAGMENT;
    writeFragmentHeader(
      out,
      header + HEADER6_BYTES,
      protocol,
      fragmentOffset + index * piece / 8,
      index < last || more,
      identification,
    );
  }
}
