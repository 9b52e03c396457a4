import type { Quoted } from "./icmp.ts";
import { decodeMld } from "./mld.ts";
import { decodeNd } from "./nd.ts";
import { type FieldReader, hexed, named } from "./reader.ts";

const TYPES: Readonly<Record<number, string>> = {
  1: "Destination Unreachable",
  2: "Packet Too Big",
  3: "Time Exceeded",
  4: "Parameter Problem",
  128: "Echo (ping) request",
  129: "Echo (ping) reply",
  130: "Multicast Listener Query",
  131: "Multicast Listener Report",
  132: "Multicast Listener Done",
  133: "Router Solicitation",
  134: "Router Advertisement",
  135: "Neighbor Solicitation",
  136: "Neighbor Advertisement",
  137: "Redirect",
  143: "Multicast Listener Report v2",
};

const CODES: Readonly<Record<number, Readonly<Record<number, string>>>> = {
  1: {
    0: "no route to destination",
    1: "administratively prohibited",
    2: "beyond scope of source address",
    3: "address unreachable",
    4: "port unreachable",
    5: "failed ingress/egress policy",
    6: "reject route",
  },
  3: { 0: "hop limit exceeded in transit", 1: "fragment reassembly time exceeded" },
  4: {
    0: "erroneous header field",
    1: "unrecognized next header",
    2: "unrecognized IPv6 option",
  },
};

/**
 * Reads ICMPv6, and returns one line about it.
 *
 * @param hopLimit The hop limit of the packet, which pings show.
 *
 * Source: RFC 4443, RFC 4861, RFC 3810.
 */
export function decodeIcmp6(part: FieldReader, hopLimit: number, quoted: Quoted): string {
  const type = part.u8("Type", named(TYPES));
  const codes = CODES[type] ?? {};
  const code = part.u8("Code", named(codes));
  part.u16("Checksum", hexed(4));
  const name = TYPES[type] ?? `Type ${type}`;
  if (type === 128 || type === 129) {
    const id = part.u16("Identifier", hexed(4));
    const seq = part.u16("Sequence number");
    const info = `${name} id=${hexed(4)(id)}, seq=${seq}, hop limit=${hopLimit}`;
    const isWhole = !part.isCut;
    part.rest("Data");
    return isWhole ? info : name;
  }
  if (type >= 1 && type <= 4) {
    const why = codes[code] ? `${name} (${codes[code]})` : name;
    let more = "";
    if (type === 2) more = `, MTU ${part.u32("MTU")}`;
    else if (type === 4) more = `, at byte ${part.u32("Pointer")}`;
    else part.hex("Unused", 4);
    if (part.more) part.group("Quoted packet", part.left, quoted);
    return why + more;
  }
  const more = type >= 133 && type <= 137
    ? decodeNd(part, type)
    : type === 143 || type >= 130 && type <= 132
    ? decodeMld(part, type)
    : "";
  part.rest("Data");
  return more ? `${name} ${more}` : name;
}
