import { etherTypeName } from "../headers/numbers.ts";
import { LINK } from "../headers/headers.ts";
import { type FieldReader, named } from "./reader.ts";

const PACKET_TYPES: Readonly<Record<number, string>> = {
  0: "to this host",
  1: "broadcast",
  2: "multicast",
  3: "to another host",
  4: "sent by this host",
};

/** Types of hardware, of ARP and of Linux's cooked captures. */
export const HARDWARE: Readonly<Record<number, string>> = {
  1: "Ethernet",
  512: "PPP",
  768: "IP in IP",
  772: "loopback",
  776: "6in4",
  778: "GRE",
  65534: "none",
};

function showType(type: number): string {
  const hex = `0x${type.toString(16).padStart(4, "0")}`;
  const name = etherTypeName(type);
  return name === undefined ? hex : `${name} (${hex})`;
}

/** Of Ethernet, a number below 1536 is a length (IEEE 802.3 3.2.6). */
function showTypeOrLength(type: number): string {
  return type < 0x600 ? `length ${type}` : showType(type);
}

/**
 * Reads a link header, without VLAN tags, up to and with its EtherType.
 *
 * Source: IEEE 802.3; https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL2.html.
 */
export function decodeLink(reader: FieldReader, linkType: number): void {
  if (linkType === LINK.ethernet) {
    reader.open("Ethernet", (part) => {
      const to = part.mac("Destination");
      const from = part.mac("Source");
      part.u16("Type", showTypeOrLength);
      return from ? `${from} → ${to}` : undefined;
    });
  } else if (linkType === LINK.sll) {
    reader.open("Linux cooked capture", (part) => {
      part.u16("Packet type", named(PACKET_TYPES));
      part.u16("Hardware type", named(HARDWARE));
      address(part, part.u16("Address length"));
      part.u16("Type", showType);
      return "v1";
    });
  } else if (linkType === LINK.sll2) {
    reader.open("Linux cooked capture", (part) => {
      part.u16("Type", showType);
      part.u16("Reserved");
      const index = part.u32("Interface index");
      part.u16("Hardware type", named(HARDWARE));
      const type = part.u8("Packet type", named(PACKET_TYPES));
      address(part, part.u8("Address length"));
      return `v2, interface ${index}, ${PACKET_TYPES[type] ?? type}`;
    });
  }
}

/** An address of up to 8 bytes, and what fills the rest of them. */
function address(part: FieldReader, length: number): void {
  if (length === 6) part.mac("Source");
  else if (length > 0) part.hex("Source", Math.min(8, length));
  if (length < 8) part.hex("Unused", 8 - length);
}

/** Reads a VLAN tag and the EtherType after it (IEEE 802.1Q 9.6). */
export function decodeVlan(reader: FieldReader): void {
  reader.open("802.1Q", (part) => {
    const tag = part.u16(
      "Tag",
      (value) => `priority ${value >> 13}, VLAN ${value & 0xfff}${value & 0x1000 ? ", DEI" : ""}`,
    );
    part.u16("Type", showTypeOrLength);
    return `VLAN ${tag & 0xfff}`;
  });
}
