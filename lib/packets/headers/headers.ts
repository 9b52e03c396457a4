/** How a frame begins: https://www.tcpdump.org/linktypes.html; 12 is what Linux calls raw IP, too. */
export const LINK = { ethernet: 1, raw: [12, 101, 228, 229], sll: 113, sll2: 276 } as const;

/** What a frame carries. */
export const ETHER = { ipv4: 0x0800, arp: 0x0806, ipv6: 0x86dd } as const;

/** Protocols above IP. */
export const IP = { icmp: 1, tcp: 6, udp: 17, fragment: 44, ah: 51, icmp6: 58, none: 59 } as const;

/** Whether an EtherType says that a VLAN tag follows: 802.1Q, 802.1ad, and what was before that. */
export function isVlanTag(etherType: number): boolean {
  return etherType === 0x8100 || etherType === 0x88a8 || etherType === 0x9100;
}

/** IPv6 headers that say how long they are, in units of 8 bytes after the first. */
const EXTENSIONS: readonly number[] = [0, 43, 60, 135, 139, 140];

/**
 * Where the headers of a frame are, and the numbers that a summary needs. Offsets count from the
 * start of the frame; what is missing, damaged or cut off is -1.
 */
export class Headers {
  /** The whole frame. */
  readonly bytes: Uint8Array;
  /** Where what may be read ends. */
  readonly end: number;
  /** What the frame carries, without its VLAN tags. */
  etherType = -1;
  /** Where the MAC addresses are. */
  sourceMacAt = -1;
  destinationMacAt = -1;
  /** Where the control information of the first VLAN tag is, and how many tags there are. */
  vlanAt = -1;
  vlanTags = 0;
  /** Where the link header ends. */
  networkAt = -1;
  /** 4 or 6 if there is a whole IP header, else 0. */
  ipVersion: 0 | 4 | 6 = 0;
  /** Where the IP packet ends, without the padding of Ethernet. */
  networkEnd = -1;
  /** Where the addresses are: of IP, or of ARP for IPv4. */
  sourceIpAt = -1;
  destinationIpAt = -1;
  /** The TTL or hop limit. */
  ttl = -1;
  /** What says which fragments belong together; of IPv6, only fragments have it. */
  identification = -1;
  /** Where a fragment belongs, in bytes; 0 if it is the first, or all. */
  fragmentOffset = 0;
  /** Whether fragments follow. */
  moreFragments = false;
  /** The protocol above IP. */
  protocol = -1;
  /** Where its header begins; of later fragments, where their part of it does. */
  transportAt = -1;
  sourcePort = -1;
  destinationPort = -1;
  /** Where the payload is: of TCP and UDP, of later fragments, or of any other protocol. */
  payloadAt = -1;
  payloadEnd = -1;

  /** Made by {@link readHeaders}. */
  constructor(bytes: Uint8Array, end: number) {
    this.bytes = bytes;
    this.end = end;
  }

  /** Whether this is an IP fragment. */
  get isFragment(): boolean {
    return this.moreFragments || this.fragmentOffset > 0;
  }

  /** The VLAN of the outer tag; -1 without one. */
  get vlan(): number {
    const tag = this.vlanAt < 0 ? -1 : this.u16(this.vlanAt);
    return tag < 0 ? -1 : tag & 0xfff;
  }

  /** The byte at an offset; -1 beyond the end. */
  u8(at: number): number {
    return at < this.end ? this.bytes[at] : -1;
  }

  /** Two bytes at an offset; -1 beyond the end. */
  u16(at: number): number {
    return at + 2 <= this.end ? this.bytes[at] << 8 | this.bytes[at + 1] : -1;
  }

  /** Four bytes at an offset; -1 beyond the end. */
  u32(at: number): number {
    if (at + 4 > this.end) return -1;
    const { bytes } = this;
    return (bytes[at] << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3]) >>> 0;
  }
}

/**
 * Reads the headers of a frame. It never throws: what is damaged, cut off or unknown, and all after it,
 * is left out.
 *
 * Source: IEEE 802.3, RFC 826, RFC 791, RFC 8200, RFC 9293, RFC 768.
 *
 * @param bytes What was captured, from the link header on.
 * @param linkType What kind of link header that is.
 */
export function readHeaders(bytes: Uint8Array, linkType: number): Headers {
  const headers = new Headers(bytes, bytes.length);
  if (linkType === LINK.ethernet) {
    if (bytes.length >= 6) headers.destinationMacAt = 0;
    if (bytes.length >= 12) headers.sourceMacAt = 6;
    readTyped(headers, 12, 14);
  } else if (linkType === LINK.sll) {
    if (headers.u16(4) === 6 && bytes.length >= 12) headers.sourceMacAt = 6;
    readTyped(headers, 14, 16);
  } else if (linkType === LINK.sll2) {
    if (headers.u8(11) === 6 && bytes.length >= 18) headers.sourceMacAt = 12;
    readTyped(headers, 0, 20);
  } else if ((LINK.raw as readonly number[]).includes(linkType)) {
    readIp(headers, 0);
  }
  return headers;
}

/** Reads the headers of an IP packet that stands in a frame, as ICMP errors quote it. */
export function readQuoted(bytes: Uint8Array, at: number, end: number): Headers {
  const headers = new Headers(bytes, end);
  readIp(headers, at);
  return headers;
}

function readIp(headers: Headers, at: number): void {
  const version = headers.u8(at) >> 4;
  headers.etherType = version === 4 ? ETHER.ipv4 : version === 6 ? ETHER.ipv6 : -1;
  readNetwork(headers, at);
}

/** What follows an EtherType, behind VLAN tags. */
function readTyped(headers: Headers, typeAt: number, at: number): void {
  let type = headers.u16(typeAt);
  while (isVlanTag(type)) {
    if (headers.vlanAt < 0) headers.vlanAt = at;
    headers.vlanTags++;
    type = headers.u16(at + 2);
    at += 4;
  }
  headers.etherType = type;
  readNetwork(headers, at);
}

function readNetwork(headers: Headers, at: number): void {
  if (at > headers.end) return;
  headers.networkAt = at;
  headers.networkEnd = headers.end;
  if (headers.etherType === ETHER.ipv4) readIpv4(headers, at);
  else if (headers.etherType === ETHER.ipv6) readIpv6(headers, at);
  else if (headers.etherType === ETHER.arp) readArp(headers, at);
}

function readArp(headers: Headers, at: number): void {
  // Only of Ethernet and IPv4 are the addresses where they are looked for.
  if (headers.u16(at + 2) !== ETHER.ipv4 || headers.u16(at + 4) !== 0x0604) return;
  if (at + 18 <= headers.end) headers.sourceIpAt = at + 14;
  if (at + 28 <= headers.end) headers.destinationIpAt = at + 24;
}

function readIpv4(headers: Headers, at: number): void {
  const first = headers.u8(at);
  const headerBytes = (first & 15) * 4;
  const left = headers.end - at;
  if (first >> 4 !== 4 || headerBytes < 20 || left < headerBytes) return;
  headers.ipVersion = 4;
  headers.sourceIpAt = at + 12;
  headers.destinationIpAt = at + 16;
  headers.ttl = headers.bytes[at + 8];
  headers.identification = headers.u16(at + 4);
  const fragment = headers.u16(at + 6);
  headers.fragmentOffset = (fragment & 0x1fff) * 8;
  headers.moreFragments = (fragment & 0x2000) !== 0;
  // Zero is a large packet that the network card was to cut; else Ethernet may have padded it.
  const total = headers.u16(at + 2) || left;
  headers.networkEnd = at + Math.min(left, Math.max(total, headerBytes));
  readTransport(headers, headers.bytes[at + 9], at + headerBytes);
}

/** The length of an IPv6 extension header, or -1 if the header is another one. */
export function extensionBytes(next: number, lengthByte: number): number {
  if (next === IP.ah) return (lengthByte + 2) * 4;
  if (next === IP.fragment) return 8;
  return EXTENSIONS.includes(next) ? (lengthByte + 1) * 8 : -1;
}

function readIpv6(headers: Headers, at: number): void {
  const left = headers.end - at;
  if (headers.u8(at) >> 4 !== 6 || left < 40) return;
  const { bytes } = headers;
  headers.ipVersion = 6;
  headers.sourceIpAt = at + 8;
  headers.destinationIpAt = at + 24;
  headers.ttl = bytes[at + 7];
  const end = at + Math.min(left, 40 + (headers.u16(at + 4) || left));
  headers.networkEnd = end;
  let next = bytes[at + 6];
  at += 40;
  // Each header takes some bytes, so this ends; what is in a later fragment is no header.
  while (headers.fragmentOffset === 0) {
    const length = extensionBytes(next, at + 1 < end ? bytes[at + 1] : -1);
    if (length < 0) break;
    if (end - at < 8 || end - at < length) return;
    if (next === IP.fragment) {
      const fragment = headers.u16(at + 2);
      headers.fragmentOffset = fragment & 0xfff8;
      headers.moreFragments = (fragment & 1) !== 0;
      headers.identification = headers.u32(at + 4);
    }
    next = bytes[at];
    at += length;
  }
  readTransport(headers, next, at);
}

function readTransport(headers: Headers, protocol: number, at: number): void {
  const end = headers.networkEnd;
  headers.protocol = protocol;
  headers.transportAt = at;
  if (protocol === IP.none) return;
  if (headers.fragmentOffset > 0 || (protocol !== IP.tcp && protocol !== IP.udp)) {
    headers.payloadAt = at;
    headers.payloadEnd = end;
    return;
  }
  const { bytes } = headers;
  if (at + 2 <= end) headers.sourcePort = bytes[at] << 8 | bytes[at + 1];
  if (at + 4 <= end) headers.destinationPort = bytes[at + 2] << 8 | bytes[at + 3];
  if (protocol === IP.udp) {
    if (end - at < 8) return;
    const length = bytes[at + 4] << 8 | bytes[at + 5] || end - at;
    if (length < 8) return;
    headers.payloadAt = at + 8;
    headers.payloadEnd = Math.min(end, at + length);
  } else {
    const headerBytes = at + 12 < end ? (bytes[at + 12] >> 4) * 4 : 0;
    if (headerBytes < 20 || end - at < headerBytes) return;
    headers.payloadAt = at + headerBytes;
    headers.payloadEnd = end;
  }
}
