import { get16, get32, put16, put32 } from "./bytes.ts";
import { AUTHENTICATION, DESTINATION_OPTIONS, FRAGMENT, HOP_BY_HOP, ROUTING } from "./protocols.ts";
import { Refusal } from "./refusal.ts";

/** The length of an IPv6 header without extension headers. */
export const HEADER6_BYTES = 40;
/** The length of a fragment header. */
export const FRAGMENT_BYTES = 8;

/** The fields of an IPv6 header. One object is reused for all packets, to avoid allocations. */
export class Header6 {
  /** Traffic class. */
  trafficClass = 0;
  /** Hop limit. */
  hopLimit = 0;
  /** Protocol of the payload after the extension headers, which are not translated. */
  protocol = 0;
  /** Whether there is a fragment header, possibly of a packet that is not fragmented (RFC 6946). */
  fragmentHeader = false;
  /** Identification of the fragments of one packet. */
  identification = 0;
  /** Whether more fragments follow. */
  more = false;
  /** Offset of a fragment in the payload of the packet, in units of 8 bytes. */
  fragmentOffset = 0;
  /** Offset in the packet of a Segments Left field that is not 0; -1 if there is none. */
  segmentsLeftAt: number = -1;
  /** Offset of the header in the buffer. */
  start = 0;
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
   * @param quoted Whether an ICMP error quotes the packet, which may be cut off.
   */
  read(bytes: Uint8Array, start: number, end: number, quoted: boolean): number {
    if (end - start < HEADER6_BYTES || bytes[start] >>> 4 !== 6) return Refusal.malformed;
    const declared = start + HEADER6_BYTES + get16(bytes, start + 4);
    if (declared > end && !quoted) return Refusal.malformed;
    this.start = start;
    this.end = Math.min(declared, end);
    this.trafficClass = (bytes[start] & 15) << 4 | bytes[start + 1] >>> 4;
    this.hopLimit = bytes[start + 7];
    this.fragmentHeader = false;
    this.more = false;
    this.fragmentOffset = 0;
    this.segmentsLeftAt = -1;
    const refusal = this.#readExtensions(bytes, bytes[start + 6]);
    this.payloadBytes = declared - this.payload;
    return refusal;
  }

  #readExtensions(bytes: Uint8Array, next: number): number {
    const { start, end } = this;
    let at = start + HEADER6_BYTES;
    while (isSkipped(next)) {
      // Hop-by-Hop Options must be the first extension header (RFC 8200, 4.1).
      if (at + 8 > end || next === HOP_BY_HOP && at > start + HEADER6_BYTES) {
        return Refusal.malformed;
      }
      const after = at + 8 * (bytes[at + 1] + 1);
      if (after > end) return Refusal.malformed;
      if (next === ROUTING && bytes[at + 3] !== 0 && this.segmentsLeftAt < 0) {
        this.segmentsLeftAt = at + 3 - start;
      }
      next = bytes[at];
      at = after;
    }
    if (next === FRAGMENT) {
      if (at + FRAGMENT_BYTES > end) return Refusal.malformed;
      const offset = get16(bytes, at + 2);
      this.fragmentHeader = true;
      this.fragmentOffset = offset >>> 3;
      this.more = (offset & 1) !== 0;
      this.identification = get32(bytes, at + 4);
      next = bytes[at];
      at += FRAGMENT_BYTES;
      if (isSkipped(next) || next === FRAGMENT || next === AUTHENTICATION) {
        return Refusal.fragmentExtension;
      }
    }
    this.protocol = next;
    this.payload = at;
    return this.segmentsLeftAt < 0 ? 0 : Refusal.routingHeader;
  }
}

/** Whether the translated packet omits an extension header. */
function isSkipped(next: number): boolean {
  return next === HOP_BY_HOP || next === ROUTING || next === DESTINATION_OPTIONS;
}

/** Writes an IPv6 header without its addresses, which an address map writes. The flow label is 0. */
export function writeHeader6(
  out: Uint8Array,
  at: number,
  trafficClass: number,
  payloadBytes: number,
  next: number,
  hopLimit: number,
): void {
  out[at] = 0x60 | trafficClass >>> 4;
  out[at + 1] = trafficClass << 4;
  put16(out, at + 2, 0);
  put16(out, at + 4, payloadBytes);
  out[at + 6] = next;
  out[at + 7] = hopLimit;
}

/** Writes a fragment header. */
export function writeFragmentHeader(
  out: Uint8Array,
  at: number,
  next: number,
  fragmentOffset: number,
  more: boolean,
  identification: number,
): void {
  out[at] = next;
  out[at + 1] = 0;
  put16(out, at + 2, fragmentOffset << 3 | (more ? 1 : 0));
  put32(out, at + 4, identification);
}

/** Whether routers forward no packet with this address: unspecified, loopback, link-local, multicast. */
export function illegal6(bytes: Uint8Array, at: number): boolean {
  const first = bytes[at];
  if (first === 0xff) return true;
  if (first === 0xfe) return (bytes[at + 1] & 0xc0) === 0x80;
  return first === 0 && get32(bytes, at) === 0 && get32(bytes, at + 4) === 0 &&
    get32(bytes, at + 8) === 0 && get32(bytes, at + 12) <= 1;
}
