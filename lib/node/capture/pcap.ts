import { NetyardError } from "../../../native/error.ts";
import { CapturedPacket } from "./packet.ts";

/** Bytes that are no classic pcap stream. */
export class PcapFormatError extends NetyardError {}

/** The bytes of a pcap file before its first packet. */
export const PCAP_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;

/** What libpcap takes for the most that a packet can have, whatever the header says. */
const MAXIMUM_SNAP_LENGTH = 262_144;

/** The first four bytes as a big-endian number, and what each value means. */
const MAGICS: Readonly<Record<number, { little: boolean; perMs: number }>> = {
  0xa1b2c3d4: { little: false, perMs: 1e3 },
  0xd4c3b2a1: { little: true, perMs: 1e3 },
  0xa1b23c4d: { little: false, perMs: 1e6 },
  0x4d3cb2a1: { little: true, perMs: 1e6 },
};

interface Header {
  little: boolean;
  /** Units of a time's fraction in a millisecond. */
  perMs: number;
  linkType: number;
  snapLength: number;
}

/**
 * Reads a classic pcap stream, in either byte order, with times in micro- or nanoseconds, in chunks
 * as they come: packets may be split anywhere.
 *
 * Source: draft-ietf-opsawg-pcap.
 *
 * @example
 * ```ts ignore
 * const reader = new PcapReader();
 * for await (const chunk of file.readable) {
 *   for (const packet of reader.feed(chunk)) console.log(String(packet));
 * }
 * ```
 */
export class PcapReader {
  #header: Header | undefined;
  /** Bytes of a packet of which the rest did not come yet. */
  #rest: Uint8Array = new Uint8Array(0);
  #end = 0;

  /** How many bytes of the stream are whole: its header, and packets. */
  get end(): number {
    return this.#end;
  }

  /** What the stream's packets begin with, 1 for Ethernet; undefined before its header came. */
  get linkType(): number | undefined {
    return this.#header?.linkType;
  }

  /**
   * Takes the next bytes, and returns the packets that they complete, which are views of them.
   *
   * @throws {PcapFormatError} If this is no pcap stream.
   */
  feed(chunk: Uint8Array): CapturedPacket[] {
    const bytes = this.#rest.length === 0 ? chunk : joined(this.#rest, chunk);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = 0;
    if (!this.#header) {
      if (bytes.length < PCAP_HEADER_BYTES) {
        this.#rest = bytes;
        return [];
      }
      this.#header = readHeader(view);
      at = PCAP_HEADER_BYTES;
    }
    const packets: CapturedPacket[] = [];
    const { little, perMs, linkType, snapLength } = this.#header;
    while (bytes.length - at >= RECORD_HEADER_BYTES) {
      const captured = view.getUint32(at + 8, little);
      if (captured > snapLength) {
        throw new PcapFormatError(
          `byte ${this.#end + at} of the pcap stream begins a packet of ${captured} bytes, where ` +
            `${snapLength} is the most; the stream is damaged`,
        );
      }
      const start = at + RECORD_HEADER_BYTES;
      if (bytes.length - start < captured) break;
      packets.push(
        new CapturedPacket(
          view.getUint32(at, little) * 1000 + view.getUint32(at + 4, little) / perMs,
          view.getUint32(at + 12, little),
          bytes.subarray(start, start + captured),
          linkType,
        ),
      );
      at = start + captured;
    }
    this.#end += at;
    this.#rest = bytes.subarray(at);
    return packets;
  }
}

function readHeader(view: DataView): Header {
  const magic = MAGICS[view.getUint32(0)];
  if (!magic) {
    const found = view.getUint32(0).toString(16).padStart(8, "0");
    throw new PcapFormatError(
      `the stream begins with ${found}, which is no magic number of a pcap file` +
        (found === "0a0d0d0a" ? ": it is pcapng; convert it with `tcpdump -r FILE -w FILE`" : ""),
    );
  }
  return {
    ...magic,
    // The upper half is about frame check sequences.
    linkType: view.getUint32(20, magic.little) & 0xffff,
    snapLength: Math.max(view.getUint32(16, magic.little) & 0x7fffffff, MAXIMUM_SNAP_LENGTH),
  };
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(a.length + b.length);
  bytes.set(a);
  bytes.set(b, a.length);
  return bytes;
}
