import { copy } from "./bytes.ts";

/**
 * ICMP extensions (RFC 4884): structures behind the quoted packet of some errors. The error then says
 * how long the quoted packet is, padded to 128 bytes at least: ICMPv4 in its sixth byte, in units of
 * 4; ICMPv6 in its fifth, in units of 8.
 */
const MIN_QUOTED_BYTES = 128;
const MAX_UNITS = 255;

/** Where the quoted packet of an error ends at most: before its extensions, or with the error. */
export function quotedEnd(family: 4 | 6, quoted: number, units: number, end: number): number {
  const bytes = units * (family === 6 ? 8 : 4);
  return bytes >= MIN_QUOTED_BYTES && quoted + bytes < end ? quoted + bytes : end;
}

/** How much of the translated quoted packet there may be before extensions, for its length to fit. */
export function maxQuotedBytes(family: 4 | 6, room: number): number {
  const unit = family === 6 ? 8 : 4;
  return Math.min(room - room % unit, MAX_UNITS * unit);
}

/**
 * Puts extensions behind the translated quoted packet, which it pads, and returns where they end.
 *
 * @param message Where the translated error begins, in which the length is written.
 * @param quoted Where its quoted packet begins, and `quotedEnd` where that ends.
 */
export function appendExtension(
  source: Uint8Array,
  from: number,
  end: number,
  out: Uint8Array,
  family: 4 | 6,
  message: number,
  quoted: number,
  quotedEnd: number,
): number {
  const unit = family === 6 ? 8 : 4;
  const bytes = Math.max(MIN_QUOTED_BYTES, Math.ceil((quotedEnd - quoted) / unit) * unit);
  out.fill(0, quotedEnd, quoted + bytes);
  copy(source, from, end, out, quoted + bytes);
  out[message + (family === 6 ? 4 : 5)] = bytes / unit;
  return quoted + bytes + end - from;
}
