import { asciiText } from "../headers/address_text.ts";
import type { FieldReader } from "../network/reader.ts";

/** Header lines that are read; the rest is shown as bytes. */
const MOST_LINES = 100;
/** Characters of a line that are shown. */
const LINE_SHOWN = 300;

/**
 * Reads the head of a message of HTTP/1, and returns its first line.
 *
 * Source: RFC 9112 2.1.
 */
export function decodeHttp(part: FieldReader): string {
  let info = "";
  for (let lines = 0; part.more && lines < MOST_LINES; lines++) {
    const { bytes, at } = part;
    const newline = bytes.subarray(at, part.end).indexOf(0x0a);
    const next = newline < 0 ? part.end : at + newline + 1;
    const end = newline > 0 && bytes[at + newline - 1] === 0x0d
      ? next - 2
      : newline < 0
      ? next
      : next - 1;
    part.at = next;
    if (end === at) {
      part.node("End of head", undefined, at, next);
      break;
    }
    if (lines === 0) {
      info = asciiText(bytes, at, end, LINE_SHOWN);
      part.node(bytes[at + 4] === 0x2f ? "Status line" : "Request line", info, at, next);
      continue;
    }
    const colon = bytes.subarray(at, end).indexOf(0x3a);
    if (colon <= 0) {
      part.node("Line", asciiText(bytes, at, end, LINE_SHOWN), at, next);
      continue;
    }
    const name = asciiText(bytes, at, at + colon, LINE_SHOWN);
    let from = at + colon + 1;
    while (from < end && bytes[from] === 0x20) from++;
    part.node(name, asciiText(bytes, from, end, LINE_SHOWN), at, next);
  }
  part.rest("Body");
  return info;
}
