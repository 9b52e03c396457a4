import { get16, put16 } from "./bytes.ts";
import { ICMP4, ICMP6, SCTP, TCP, UDP } from "./protocols.ts";
import { checksumOffset } from "./transport.ts";

/**
 * The length of a virtio-net header (Virtual I/O Device 1.2, 5.1.6), which precedes each packet of a TUN
 * with IFF_VNET_HDR: flags, gso_type, and four 16-bit numbers in the byte order of the host, which is
 * little-endian on every platform that Deno supports.
 */
export const VNET_BYTES = 10;

const NEEDS_CHECKSUM = 1;
const DATA_VALID = 2;
const GSO_NONE = 0;
const GSO_TCP4 = 1;
const GSO_TCP6 = 4;
const GSO_UDP = 5;
/** Added to a type if only the first segment may have CWR set. */
const GSO_ECN = 0x80;
const SCTP_CHECKSUM = 8;

/** The fields of a virtio-net header. One object is reused for all packets, to avoid allocations. */
export class VnetHeader {
  /** Whether the checksum field has only the sum of the pseudo header. */
  partial = false;
  /** The payload of each segment into which the kernel or a NIC splits the packet; 0: not split. */
  segmentBytes = 0;
  /** The length of the transport header of each segment. */
  segmentHeaderBytes = 0;

  /** Sets the values of a packet without offloads. */
  clear(): void {
    this.partial = false;
    this.segmentBytes = 0;
    this.segmentHeaderBytes = 0;
  }

  /**
   * Reads the header at an offset. Returns whether it matches its packet and is supported: segments of
   * UDP, and of TCP of the packet's IP version, and partial checksums except those of ICMP.
   *
   * @param transport The offset of the transport header; `end` is the end of the packet.
   */
  read(
    bytes: Uint8Array,
    at: number,
    version: 4 | 6,
    protocol: number,
    transport: number,
    end: number,
    fragment: boolean,
  ): boolean {
    this.clear();
    this.partial = (bytes[at] & NEEDS_CHECKSUM) !== 0;
    const gso = bytes[at + 1] & ~GSO_ECN;
    if (!this.partial && gso === GSO_NONE) return true;
    if (fragment || protocol === ICMP4 || protocol === ICMP6) return false;
    if (this.partial) {
      const offset = protocol === SCTP ? SCTP_CHECKSUM : checksumOffset(protocol);
      if (
        get16Little(bytes, at + 6) !== transport - at - VNET_BYTES ||
        get16Little(bytes, at + 8) !== offset
      ) return false;
    }
    if (gso === GSO_NONE) return true;
    this.segmentBytes = get16Little(bytes, at + 4);
    if (this.segmentBytes === 0) return false;
    if (gso === GSO_UDP && protocol === UDP) {
      this.segmentHeaderBytes = 8;
    } else if (gso === (version === 4 ? GSO_TCP4 : GSO_TCP6) && protocol === TCP) {
      if (transport + 20 > end) return false;
      this.segmentHeaderBytes = (bytes[transport + 12] >>> 4) * 4;
      if (this.segmentHeaderBytes < 20) return false;
    } else return false;
    return transport + this.segmentHeaderBytes <= end;
  }
}

/**
 * Writes the virtio-net header of a translated packet: that of the original, with the segment type of the
 * other IP version and adapted offsets.
 *
 * {@link adjustChecksum} adapts the checksum itself: a partial checksum is a sum and not its complement,
 * so it changes by the difference of the addresses without a complement.
 *
 * @param growth By how many bytes the headers before the transport header became longer.
 * @param version The IP version of the translated packet.
 * @param segmentBytes The new payload of a segment; default: unchanged.
 */
export function translateVnetHeader(
  source: Uint8Array,
  at: number,
  out: Uint8Array,
  outAt: number,
  growth: number,
  version: 4 | 6,
  segmentBytes: number = get16Little(source, at + 4),
): void {
  const flags = source[at] & (NEEDS_CHECKSUM | DATA_VALID);
  const partial = (flags & NEEDS_CHECKSUM) !== 0;
  const gso = source[at + 1] & ~GSO_ECN;
  const segmented = gso !== GSO_NONE;
  const tcp = gso === GSO_TCP4 || gso === GSO_TCP6;
  out[outAt] = flags;
  const type = tcp ? (version === 4 ? GSO_TCP4 : GSO_TCP6) : gso;
  out[outAt + 1] = segmented ? type | source[at + 1] & GSO_ECN : GSO_NONE;
  // The length of the headers is a hint; 0 means unknown.
  const headers = get16Little(source, at + 2);
  put16Little(out, outAt + 2, segmented && headers > 0 ? headers + growth : 0);
  put16Little(out, outAt + 4, segmented ? segmentBytes : 0);
  put16Little(out, outAt + 6, partial ? get16Little(source, at + 6) + growth : 0);
  put16Little(out, outAt + 8, partial ? get16Little(source, at + 8) : 0);
}

/** Writes a virtio-net header without offloads. */
export function clearVnetHeader(out: Uint8Array, at: number): void {
  out.fill(0, at, at + VNET_BYTES);
}

function get16Little(bytes: Uint8Array, at: number): number {
  const swapped = get16(bytes, at);
  return (swapped & 0xff) << 8 | swapped >>> 8;
}

function put16Little(bytes: Uint8Array, at: number, value: number): void {
  put16(bytes, at, (value & 0xff) << 8 | value >>> 8 & 0xff);
}
