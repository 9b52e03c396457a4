import type { FieldReader } from "./reader.ts";

/** A name has at most 255 bytes (RFC 1035 3.1). */
const MOST_BYTES = 255;
const MOST_LABEL = 63;

/** A name in a DNS message, and where it ends in the place where it began. */
export interface DnsName {
  /** With dots between the labels, `.` for the root; what is not printable is `.`, too, or `\.`. */
  name: string;
  end: number;
  /** What is wrong with it. */
  fault?: string;
}

/**
 * Reads a name, with compression. A pointer must lead to what stands before the part of the name that
 * it ends, so that there is no loop.
 *
 * Source: RFC 1035 4.1.4.
 *
 * @param message Where the message begins.
 * @param end Where it ends.
 */
export function readName(bytes: Uint8Array, message: number, at: number, end: number): DnsName {
  let name = "";
  let size = 0;
  let after = -1;
  let first = at;
  while (at < end) {
    const length = bytes[at];
    if (length === 0) return { name: name || ".", end: after < 0 ? at + 1 : after };
    if (length >= 0xc0) {
      if (at + 2 > end) break;
      const to = message + ((length & 0x3f) << 8 | bytes[at + 1]);
      if (after < 0) after = at + 2;
      if (to >= first) return { name: name || "?", end: after, fault: "a pointer not backward" };
      first = at = to;
      continue;
    }
    if (length > MOST_LABEL) break;
    size += length + 1;
    if (size > MOST_BYTES || at + 1 + length > end) break;
    name += (name ? "." : "") + labelText(bytes, at + 1, at + 1 + length);
    at += 1 + length;
  }
  return { name: name || "?", end: after < 0 ? end : after, fault: "not a whole name" };
}

/** A label: a dot in it would look like two labels, so it is written as `\.`. */
function labelText(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let at = start; at < end; at++) {
    const byte = bytes[at];
    if (byte === 0x2e || byte === 0x5c) text += `\\${String.fromCharCode(byte)}`;
    else text += byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".";
  }
  return text;
}

/** Reads a name as a field; returns it without a fault's words. */
export function decodeName(
  part: FieldReader,
  label: string,
  message: number,
  end: number,
): string {
  if (!part.has(1)) return "";
  const start = part.at;
  const read = readName(part.bytes, message, start, end);
  part.at = Math.min(read.end, part.end);
  part.node(label, read.fault ? `${read.name} (${read.fault})` : read.name, start, part.at);
  if (read.fault && read.end > part.end) part.stop("Cut off");
  return read.name;
}
