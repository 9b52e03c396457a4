/** The bytes of a pcap file before its first packet. */
export const PCAP_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;

/** What libpcap takes for the most that a packet can have, whatever the header says. */
const MAXIMUM_SNAP_LENGTH = 262_144;

/** What is taken for the most whatever the header says: no link has larger ones. */
const LIMIT_BYTES = 16 * 1024 * 1024;

/** The first four bytes as a big-endian number, and what each value means. */
const MAGICS: Readonly<Record<number, { little: boolean; nanosEach: number }>> = {
  0xa1b2c3d4: { little: false, nanosEach: 1000 },
  0xd4c3b2a1: { little: true, nanosEach: 1000 },
  0xa1b23c4d: { little: false, nanosEach: 1 },
  0x4d3cb2a1: { little: true, nanosEach: 1 },
};

/** What the header of a pcap file says. */
export interface PcapHeader {
  readonly little: boolean;
  /** Nanoseconds in a unit of the fraction of a time. */
  readonly nanosEach: number;
  readonly linkType: number;
  /** What the header says, of which more is allowed. */
  readonly snapLength: number;
  /** The most that a packet may have. */
  readonly mostBytes: number;
}

/**
 * Reads the header of a pcap file; undefined if it is none.
 *
 * Source: draft-ietf-opsawg-pcap.
 */
export function readPcapHeader(view: DataView): PcapHeader | undefined {
  const magic = MAGICS[view.getUint32(0)];
  if (!magic) return undefined;
  const snapLength = view.getUint32(16, magic.little) & 0x7fffffff;
  return {
    ...magic,
    // The upper half is about frame check sequences.
    linkType: view.getUint32(20, magic.little) & 0xffff,
    snapLength,
    mostBytes: Math.min(Math.max(snapLength, MAXIMUM_SNAP_LENGTH), LIMIT_BYTES),
  };
}

/** Takes a packet: its time, its bytes on the wire, and where its captured bytes are. */
export type PcapRecord = (
  seconds: number,
  nanos: number,
  length: number,
  start: number,
  end: number,
) => void;

/**
 * Reads the whole packets of a pcap file from an offset on.
 *
 * @returns The offset of the first packet that is not whole, and what is wrong with it, if it is not
 * just that more bytes must come.
 */
export function readPcapRecords(
  header: PcapHeader,
  view: DataView,
  at: number,
  found: PcapRecord,
): { at: number; fault?: string } {
  const { little, nanosEach, mostBytes } = header;
  while (view.byteLength - at >= RECORD_HEADER_BYTES) {
    const captured = view.getUint32(at + 8, little);
    if (captured > mostBytes) {
      return { at, fault: `a packet of ${captured} bytes, where ${mostBytes} is the most` };
    }
    const start = at + RECORD_HEADER_BYTES;
    if (view.byteLength - start < captured) break;
    found(
      view.getUint32(at, little),
      view.getUint32(at + 4, little) * nanosEach,
      view.getUint32(at + 12, little),
      start,
      start + captured,
    );
    at = start + captured;
  }
  return { at };
}
