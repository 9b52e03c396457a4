import type { Headers } from "../headers/headers.ts";
import { countText, type FieldReader, hexed, named } from "./reader.ts";

const FLAGS = [
  [0x100, "AE"],
  [0x80, "CWR"],
  [0x40, "ECE"],
  [0x20, "URG"],
  [0x10, "ACK"],
  [0x08, "PSH"],
  [0x04, "RST"],
  [0x02, "SYN"],
  [0x01, "FIN"],
] as const;

const OPTIONS: Readonly<Record<number, string>> = {
  0: "End of options",
  1: "No operation",
  2: "Maximum segment size",
  3: "Window scale",
  4: "SACK permitted",
  5: "SACK",
  8: "Timestamps",
  19: "MD5 signature",
  28: "User timeout",
  29: "TCP-AO",
  30: "Multipath TCP",
  34: "Fast open cookie",
};

/** The lists of flags that were made, by their bits: there are few. */
const flagTexts = new Map<number, string>();

/** The flags that are set, as Wireshark lists them: `SYN, ACK`. */
export function tcpFlagsText(flags: number): string {
  let text = flagTexts.get(flags);
  if (text === undefined) {
    text = FLAGS.filter(([mask]) => flags & mask).map(([, name]) => name).reverse().join(", ") ||
      "none";
    flagTexts.set(flags, text);
  }
  return text;
}

/**
 * Reads a TCP header.
 *
 * Source: RFC 9293 3.1, RFC 7323, RFC 2018.
 */
export function decodeTcp(reader: FieldReader): void {
  reader.open("TCP", (part) => {
    const start = part.at;
    const from = part.u16("Source port");
    const to = part.u16("Destination port");
    part.u32("Sequence number");
    part.u32("Acknowledgment number");
    const headerBytes = (part.peek() >> 4) * 4;
    const flags = part.u16(
      "Header length, flags",
      (value) => `${countText((value >> 12) * 4)}, ${tcpFlagsText(value & 0x1ff)}`,
    );
    part.flags(2, FLAGS, flags);
    part.u16("Window");
    part.u16("Checksum", hexed(4));
    part.u16("Urgent pointer");
    if (part.isCut) return;
    if (headerBytes < 20) part.stop("Damaged", `a header of ${countText(headerBytes)}`);
    else if (headerBytes > 20) part.group("Options", start + headerBytes - part.at, decodeOptions);
    return `${from} → ${to} [${tcpFlagsText(flags & 0x1ff)}]`;
  });
}

function decodeOptions(part: FieldReader): void {
  const show = named(OPTIONS);
  while (part.more) {
    const kind = part.peek();
    if (kind < 2) {
      part.u8("Option", show);
      if (kind === 0) return part.rest("Padding");
      continue;
    }
    const length = part.peek(1);
    if (length < 2) return part.stop("Damaged option", show(kind));
    part.group(OPTIONS[kind] ?? "Option", length, (option) => {
      option.u8("Kind", show);
      option.u8("Length");
      return decodeOption(option, kind);
    });
  }
}

function decodeOption(option: FieldReader, kind: number): string | undefined {
  if (kind === 2) return String(option.u16("MSS"));
  if (kind === 3) return String(option.u8("Shift", (value) => `${value}, times ${2 ** value}`));
  if (kind === 8) return `${option.u32("Value")}, echo ${option.u32("Echo reply")}`;
  if (kind === 5) {
    const blocks: string[] = [];
    while (option.left >= 8) blocks.push(`${option.u32("Left edge")}–${option.u32("Right edge")}`);
    return blocks.join(", ");
  }
  if (option.more) option.hex("Value", option.left);
  return undefined;
}

/** Calls a function for each option of a segment whose header is whole, save those of one byte. */
function eachOption(
  { bytes, transportAt, payloadAt: end }: Headers,
  found: (kind: number, at: number, length: number) => void,
): void {
  for (let at = transportAt + 20; at < end;) {
    const kind = bytes[at];
    if (kind === 0) return;
    if (kind === 1) {
      at++;
      continue;
    }
    const length = at + 1 < end ? bytes[at + 1] : 0;
    if (length < 2 || at + length > end) return;
    found(kind, at, length);
    at += length;
  }
}

/** The shift of windows that a SYN offers; -1 if it offers none. */
export function tcpShift(headers: Headers): number {
  let shift = -1;
  eachOption(headers, (kind, at, length) => {
    if (kind === 3 && length === 3) shift = Math.min(14, headers.bytes[at + 2]);
  });
  return shift;
}

/** The value of the timestamps option, which no router changes; -1 without it. */
export function tcpTime(headers: Headers): number {
  let time = -1;
  eachOption(headers, (kind, at, length) => {
    if (kind === 8 && length === 10) time = headers.u32(at + 2);
  });
  return time;
}

/**
 * The options of a segment, as Wireshark lists them; each with a blank before it.
 *
 * @param base What the numbers of the other direction count from.
 */
export function tcpOptionsText(headers: Headers, base: number): string {
  let text = "";
  eachOption(headers, (kind, at, length) => {
    if (kind === 8 && length === 10) {
      text += ` TSval=${headers.u32(at + 2)} TSecr=${headers.u32(at + 6)}`;
    } else if (kind === 2 && length === 4) text += ` MSS=${headers.u16(at + 2)}`;
    else if (kind === 3 && length === 3) text += ` WS=${2 ** Math.min(14, headers.bytes[at + 2])}`;
    else if (kind === 4) text += " SACK_PERM";
    else if (kind === 5) {
      for (let block = at + 2; block + 8 <= at + length; block += 8) {
        const left = headers.u32(block) - base >>> 0;
        text += ` SLE=${left} SRE=${headers.u32(block + 4) - base >>> 0}`;
      }
    }
  });
  return text;
}
