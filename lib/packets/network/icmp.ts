import { type FieldReader, hexed, named } from "./reader.ts";

/** Reads the packet that an error quotes. */
export type Quoted = (reader: FieldReader) => void;

const TYPES: Readonly<Record<number, string>> = {
  0: "Echo (ping) reply",
  3: "Destination unreachable",
  4: "Source quench",
  5: "Redirect",
  8: "Echo (ping) request",
  9: "Router advertisement",
  10: "Router solicitation",
  11: "Time-to-live exceeded",
  12: "Parameter problem",
  13: "Timestamp request",
  14: "Timestamp reply",
};

const CODES: Readonly<Record<number, Readonly<Record<number, string>>>> = {
  3: {
    0: "Network unreachable",
    1: "Host unreachable",
    2: "Protocol unreachable",
    3: "Port unreachable",
    4: "Fragmentation needed",
    5: "Source route failed",
    9: "Network administratively prohibited",
    10: "Host administratively prohibited",
    13: "Communication administratively filtered",
  },
  5: { 0: "Redirect for network", 1: "Redirect for host" },
  11: {
    0: "Time to live exceeded in transit",
    1: "Fragment reassembly time exceeded",
  },
};

const QUOTING: readonly number[] = [3, 4, 5, 11, 12];

/**
 * Reads ICMP, and returns one line about it.
 *
 * @param ttl The TTL of the packet, which pings show.
 *
 * Source: RFC 792, RFC 1191.
 */
export function decodeIcmp(part: FieldReader, ttl: number, quoted: Quoted): string {
  const type = part.u8("Type", named(TYPES));
  const codes = CODES[type] ?? {};
  const code = part.u8("Code", named(codes));
  part.u16("Checksum", hexed(4));
  let info = TYPES[type] ?? `Type ${type}`;
  if (type === 0 || type === 8) {
    const id = part.u16("Identifier", hexed(4));
    const seq = part.u16("Sequence number");
    if (!part.isCut) info += ` id=${hexed(4)(id)}, seq=${seq}, ttl=${ttl}`;
    part.rest("Data");
    return info;
  }
  if (codes[code]) info += ` (${codes[code]})`;
  if (!QUOTING.includes(type)) {
    part.rest("Data");
    return info;
  }
  if (type === 3 && code === 4) {
    part.hex("Unused", 2);
    info += `, MTU ${part.u16("MTU of next hop")}`;
  } else if (type === 5) info += ` to ${part.ip4("Gateway")}`;
  else part.hex("Unused", 4);
  if (part.more) part.group("Quoted packet", part.left, quoted);
  return info;
}
