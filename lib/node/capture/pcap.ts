import { NetyardError } from "../../../native/error.ts";
import {
  PCAP_HEADER_BYTES,
  type PcapHeader,
  readPcapHeader,
  readPcapRecords,
} from "../../packets/file/pcap.ts";
import { CapturedPacket } from "./packet.ts";

/** Bytes that are no classic pcap stream. */
export class PcapFormatError extends NetyardError {}

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
  #header: PcapHeader | undefined;
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
    const { linkType, mostBytes } = this.#header;
    const read = readPcapRecords(this.#header, view, at, (seconds, nanos, length, start, end) => {
      const timestampMs = seconds * 1000 + nanos / 1e6;
      packets.push(new CapturedPacket(timestampMs, length, bytes.subarray(start, end), linkType));
    });
    at = read.at;
    if (read.fault) {
      throw new PcapFormatError(
        `byte ${this.#end + at} of the pcap stream begins a packet of ` +
          `${view.getUint32(at + 8, this.#header.little)} bytes, where ` +
          `${mostBytes} is the most; the stream is damaged`,
      );
    }
    this.#end += at;
    this.#rest = bytes.subarray(at);
    return packets;
  }
}

function readHeader(view: DataView): PcapHeader {
  const header = readPcapHeader(view);
  if (!header) {
    const found = view.getUint32(0).toString(16).padStart(8, "0");
    throw new PcapFormatError(
      `the stream begins with ${found}, which is no magic number of a pcap file` +
        (found === "0a0d0d0a" ? ": it is pcapng; convert it with `tcpdump -r FILE -w FILE`" : ""),
    );
  }
  return header;
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(a.length + b.length);
  bytes.set(a);
  bytes.set(b, a.length);
  return bytes;
}
