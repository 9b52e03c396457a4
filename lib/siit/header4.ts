import { addressSum4, fold, sum } from "./checksum.ts";
import { get16, get32, put16, put32 } from "./bytes.ts";
import { Refusal } from "./refusal.ts";

/** The length of an IPv4 header without options. Translated packets have none. */
export const HEADER4_BYTES = 20;
/** The longest IPv4 packet. */
export const MAX_TOTAL4 = 65535;

const DONT_FRAGMENT = 0x4000;
const MORE_FRAGMENTS = 0x2000;
const OFFSET = 0x1fff;

// Types of options (RFC 791, 3.1).
const END_OF_OPTIONS = 0;
const NO_OPERATION = 1;
const LOOSE_SOURCE_ROUTE = 131;
const STRICT_SOURCE_ROUTE = 137;

/** The fields of an IPv4 header. One object is reused for all packets, to avoid allocations. */
export class Header4 {
  /** Type of service. */
  tos = 0;
  /** Time to live. */
  ttl = 0;
  /** Protocol of the payload. */
  protocol = 0;
  /** Identification of the fragments of one datagram. */
  identification = 0;
  /** Whether it must not be fragmented. */
  dontFragment = false;
  /** Whether more fragments follow. */
  more = false;
  /** Offset of a fragment in the payload of the datagram, in units of 8 bytes. */
  fragmentOffset = 0;
  /** The source address. */
  source = 0;
  /** The destination address. */
  destination = 0;
  /** Whether a source route is not finished. */
  sourceRouted = false;
  /** Offset of the payload in the buffer. */
  payload = 0;
  /** End of the packet in the buffer: padding may follow. */
  end = 0;
  /** Length of the payload according to the header; a quoted packet may be cut off before. */
  payloadBytes = 0;

  /** Whether it is one of several fragments. */
  get fragment(): boolean {
    return this.more || this.fragmentOffset > 0;
  }

  /**
   * Reads the header at `start`. Returns a {@linkcode Refusal} if it cannot be translated, else 0.
   *
   * @param end The end of the data in the buffer.
   * @param quoted Whether an ICMP error quotes the packet: it may be cut off, and the router that quotes
   * it may have changed the header, so the checksum is ignored.
   */
  read(bytes: Uint8Array, start: number, end: number, quoted: boolean): number {
    if (end - start < HEADER4_BYTES) return Refusal.malformed;
    const first = bytes[start];
    const headerBytes = (first & 15) * 4;
    const total = get16(bytes, start + 2);
    if (first >>> 4 !== 4 || headerBytes < HEADER4_BYTES || total < headerBytes) {
      return Refusal.malformed;
    }
    if (start + (quoted ? headerBytes : total) > end) return Refusal.malformed;
    this.payload = start + headerBytes;
    this.end = Math.min(start + total, end);
    this.payloadBytes = total - headerBytes;
    if (!quoted && fold(sum(bytes, start, this.payload)) !== 0xffff) return Refusal.checksum;
    this.tos = bytes[start + 1];
    this.identification = get16(bytes, start + 4);
    const flags = get16(bytes, start + 6);
    this.dontFragment = (flags & DONT_FRAGMENT) !== 0;
    this.more = (flags & MORE_FRAGMENTS) !== 0;
    this.fragmentOffset = flags & OFFSET;
    this.ttl = bytes[start + 8];
    this.protocol = bytes[start + 9];
    this.source = get32(bytes, start + 12);
    this.destination = get32(bytes, start + 16);
    this.sourceRouted = headerBytes > HEADER4_BYTES &&
      isSourceRouted(bytes, start + HEADER4_BYTES, this.payload);
    return 0;
  }
}

/** Whether one of the options is a source route whose pointer is not after its last address. */
function isSourceRouted(bytes: Uint8Array, at: number, end: number): boolean {
  while (at < end && bytes[at] !== END_OF_OPTIONS) {
    if (bytes[at] === NO_OPERATION) {
      at++;
      continue;
    }
    const length = at + 1 < end ? bytes[at + 1] : 0;
    if (length < 2 || at + length > end) return false;
    if (bytes[at] === LOOSE_SOURCE_ROUTE || bytes[at] === STRICT_SOURCE_ROUTE) {
      return length >= 3 && bytes[at + 2] <= length;
    }
    at += length;
  }
  return false;
}

/** The field of an IPv4 header with the flags and the fragment offset. */
export function flags4(dontFragment: boolean, more: boolean, fragmentOffset: number): number {
  return (dontFragment ? DONT_FRAGMENT : 0) | (more ? MORE_FRAGMENTS : 0) | fragmentOffset;
}

/** Writes an IPv4 header without options, with its checksum. */
export function writeHeader4(
  out: Uint8Array,
  at: number,
  tos: number,
  total: number,
  identification: number,
  flags: number,
  ttl: number,
  protocol: number,
  source: number,
  destination: number,
): void {
  out[at] = 0x45;
  out[at + 1] = tos;
  put16(out, at + 2, total);
  put16(out, at + 4, identification);
  put16(out, at + 6, flags);
  out[at + 8] = ttl;
  out[at + 9] = protocol;
  const words = (0x4500 | tos) + (total & 0xffff) + identification + flags + (ttl << 8 | protocol);
  put16(out, at + 10, ~fold(words + addressSum4(source, destination)));
  put32(out, at + 12, source);
  put32(out, at + 16, destination);
}

/** Whether routers forward no packet with this address: 0/8, loopback, multicast, 240/4. */
export function illegal4(address: number): boolean {
  const first = address >>> 24;
  return first === 0 || first === 127 || first >= 224;
}
