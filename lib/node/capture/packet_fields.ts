import { ipFromBytes } from "../../address/mod.ts";

/** A protocol above IP by its name, or by its number if it has none here; or `arp`. */
export type PacketProtocol = "tcp" | "udp" | "icmp" | "icmp6" | "arp" | number;

/** What the headers of a packet say. */
export interface PacketFields {
  sourceMac?: string;
  destinationMac?: string;
  etherType?: number;
  sourceIp?: string;
  destinationIp?: string;
  protocol?: PacketProtocol;
  sourcePort?: number;
  destinationPort?: number;
  payload?: Uint8Array;
}

/** Source: https://www.tcpdump.org/linktypes.html; 12 is what Linux calls raw IP, too. */
const LINK = { ethernet: 1, raw: [12, 101, 228, 229], sll: 113, sll2: 276 } as const;

const ETHER = { ipv4: 0x0800, arp: 0x0806, ipv6: 0x86dd } as const;
/** 802.1Q, 802.1ad, and what was before that. */
const VLAN_TAGS: readonly number[] = [0x8100, 0x88a8, 0x9100];

const PROTOCOLS: Readonly<Record<number, PacketProtocol>> = {
  1: "icmp",
  6: "tcp",
  17: "udp",
  58: "icmp6",
};

const NEXT = { fragment: 44, authentication: 51, none: 59 } as const;
/** IPv6 headers that say how long they are, in units of 8 bytes after the first. */
const EXTENSIONS: readonly number[] = [0, 43, 60, 135, 139, 140];

/** Bytes, which end where a read would be beyond them. */
class Cursor {
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get length(): number {
    return this.bytes.length;
  }

  u8(at: number): number {
    return at < this.length ? this.#view.getUint8(at) : -1;
  }

  u16(at: number): number {
    return at + 2 <= this.length ? this.#view.getUint16(at) : -1;
  }

  mac(at: number): string | undefined {
    if (at + 6 > this.length) return undefined;
    return [...this.bytes.subarray(at, at + 6)].map((b) => b.toString(16).padStart(2, "0")).join(
      ":",
    );
  }

  ip(at: number, bytes: 4 | 16): string | undefined {
    return at + bytes <= this.length ? ipFromBytes(this.bytes.subarray(at, at + bytes)) : undefined;
  }

  /** What is from here on, at most so many bytes. */
  from(at: number, bytes = Infinity): Cursor {
    return new Cursor(this.bytes.subarray(at, Math.min(this.length, at + Math.max(0, bytes))));
  }
}

/**
 * Reads the headers of a packet. It never throws: what is damaged, cut off or unknown, and all behind
 * it, is left out.
 *
 * Source: IEEE 802.3, RFC 826, RFC 791, RFC 8200, RFC 9293, RFC 768.
 *
 * @param bytes What was captured, from the link header on.
 * @param linkType What kind of link header that is.
 */
export function readPacket(bytes: Uint8Array, linkType: number): PacketFields {
  const fields: PacketFields = {};
  const packet = new Cursor(bytes);
  if (linkType === LINK.ethernet) {
    fields.destinationMac = packet.mac(0);
    fields.sourceMac = packet.mac(6);
    readTyped(packet, 12, fields);
  } else if (linkType === LINK.sll) {
    if (packet.u16(4) === 6) fields.sourceMac = packet.mac(6);
    readTyped(packet, 14, fields);
  } else if (linkType === LINK.sll2) {
    if (packet.u8(11) === 6) fields.sourceMac = packet.mac(12);
    fields.etherType = known(packet.u16(0));
    readNetwork(packet.from(20), fields);
  } else if ((LINK.raw as readonly number[]).includes(linkType)) {
    const version = packet.u8(0) >> 4;
    fields.etherType = version === 4 ? ETHER.ipv4 : version === 6 ? ETHER.ipv6 : undefined;
    readNetwork(packet, fields);
  }
  return fields;
}

const known = (value: number) => value < 0 ? undefined : value;

/** What follows an EtherType, behind VLAN tags. */
function readTyped(packet: Cursor, at: number, fields: PacketFields): void {
  while (VLAN_TAGS.includes(packet.u16(at))) at += 4;
  fields.etherType = known(packet.u16(at));
  readNetwork(packet.from(at + 2), fields);
}

function readNetwork(packet: Cursor, fields: PacketFields): void {
  // Of SLL2, the tags stand before what they tag.
  while (VLAN_TAGS.includes(fields.etherType ?? -1)) {
    fields.etherType = known(packet.u16(2));
    packet = packet.from(4);
  }
  if (fields.etherType === ETHER.ipv4) readIpv4(packet, fields);
  if (fields.etherType === ETHER.ipv6) readIpv6(packet, fields);
  if (fields.etherType === ETHER.arp) readArp(packet, fields);
}

function readArp(packet: Cursor, fields: PacketFields): void {
  fields.protocol = "arp";
  // Only of Ethernet and IPv4 are the addresses where they are looked for.
  if (packet.u16(2) !== ETHER.ipv4 || packet.u16(4) !== 0x0604) return;
  fields.sourceIp = packet.ip(14, 4);
  fields.destinationIp = packet.ip(24, 4);
}

function readIpv4(packet: Cursor, fields: PacketFields): void {
  const headerBytes = (packet.u8(0) & 15) * 4;
  if (packet.u8(0) >> 4 !== 4 || headerBytes < 20 || packet.length < headerBytes) return;
  fields.sourceIp = packet.ip(12, 4);
  fields.destinationIp = packet.ip(16, 4);
  // Zero is a large packet that the network card was to cut; else Ethernet may have padded it.
  const total = packet.u16(2) || packet.length;
  const fragmentOffset = packet.u16(6) & 0x1fff;
  const body = packet.from(headerBytes, total - headerBytes);
  readTransport(packet.u8(9), body, fragmentOffset === 0, fields);
}

function readIpv6(packet: Cursor, fields: PacketFields): void {
  if (packet.u8(0) >> 4 !== 6 || packet.length < 40) return;
  fields.sourceIp = packet.ip(8, 16);
  fields.destinationIp = packet.ip(24, 16);
  let next = packet.u8(6);
  let body = packet.from(40, packet.u16(4) || Infinity);
  let first = true;
  // Each header takes some bytes, so this ends.
  while (first) {
    let bytes = (body.u8(1) + 1) * 8;
    if (next === NEXT.authentication) bytes = (body.u8(1) + 2) * 4;
    else if (next === NEXT.fragment) bytes = 8;
    else if (!EXTENSIONS.includes(next)) break;
    if (body.length < 8 || body.length < bytes) return;
    if (next === NEXT.fragment) first = body.u16(2) >> 3 === 0;
    next = body.u8(0);
    body = body.from(bytes);
  }
  readTransport(next, body, first, fields);
}

function readTransport(number: number, body: Cursor, first: boolean, fields: PacketFields): void {
  fields.protocol = PROTOCOLS[number] ?? number;
  if (number === NEXT.none) return;
  if (!first || (fields.protocol !== "tcp" && fields.protocol !== "udp")) {
    fields.payload = body.bytes;
    return;
  }
  fields.sourcePort = known(body.u16(0));
  fields.destinationPort = known(body.u16(2));
  if (fields.protocol === "udp") {
    const bytes = body.u16(4) || body.length;
    if (body.length >= 8 && bytes >= 8) fields.payload = body.from(8, bytes - 8).bytes;
  } else {
    const headerBytes = (body.u8(12) >> 4) * 4;
    if (body.length >= headerBytes && headerBytes >= 20) {
      fields.payload = body.from(headerBytes).bytes;
    }
  }
}
