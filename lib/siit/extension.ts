import { copy } from "./bytes.ts";

/**
 * ICMP extensions (RFC 4884): structures after the quoted packet of some errors. The error then has the
 * length of the quoted packet, which is padded to at least 128 bytes: ICMPv4 in its sixth byte, in units
 * of 4; ICMPv6 in its fifth byte, in units of 8.
 */
const MIN_QUOTED_BYTES = 128;
const MAX_UNITS = 255;

/** The end of the quoted packet of an error: before its extensions, or the end of the error. */
export function quotedEnd(family: 4 | 6, quoted: number, units: number, end: number): number {
  const bytes = units * (family === 6 ? 8 : 4);
  return bytes >= MIN_QUOTED_BYTES && quoted + bytes < end ? quoted + bytes : end;
}

/** The most bytes of a translated quoted packet before extensions, so that its length fits. */
export function maxQuotedBytes(family: 4 | 6, room: number): number {
  const unit = family === 6 ? 8 : 4;
  return Math.min(room - room % unit, MAX_UNITS * unit);
}

/**
 * Pads the translated quoted packet and appends extensions. Returns their end.
 *
 * @param message The offset of the translated error, whose length field is set.
 * @param quoted The offset of its quoted packet, which ends at `quotedEnd`.
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
