/**
 * Capture files, read and written: pcap and pcapng, from bytes to frames and back. Imports `headers`
 * for texts alone. Begin here; `pcapng.ts` has the blocks, `writer.ts` the other way.
 *
 * @module
 */
import { hexText } from "../headers/address_text.ts";
import { joinBytes } from "./bytes.ts";
import { type CaptureFault, type CaptureInterface, type CaptureSecrets, Frame } from "./frame.ts";
import { PCAP_HEADER_BYTES, type PcapHeader, readPcapHeader, readPcapRecords } from "./pcap.ts";
import { BLOCK, PcapngParser, type PcapngSink } from "./pcapng.ts";

/** A capture file that was read. */
export interface CaptureFile {
  /** The format; undefined if it is neither. */
  readonly format: "pcap" | "pcapng" | undefined;
  readonly interfaces: readonly CaptureInterface[];
  /** In the order of the file, which is not always that of time. */
  readonly frames: Frame[];
  readonly secrets: readonly CaptureSecrets[];
  /** Where the file is damaged or cut off; the frames are those before. */
  readonly fault: CaptureFault | undefined;
}

/**
 * Reads a capture file, pcap or pcapng, in chunks as they come: frames may be split anywhere. It never
 * throws: after damage it returns no more frames, and {@link CaptureReader.fault} says where and what.
 *
 * A frame's data is a view of the chunk that it came with: do not change that.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { packetBlock, interfaceBlock, sectionBlock } from "./writer.ts";
 *
 * const reader = new CaptureReader();
 * reader.feed(sectionBlock());
 * reader.feed(interfaceBlock({ name: "laptop eth0", linkType: 1 }));
 * const [frame] = reader.feed(
 *   packetBlock({ interface: 0, seconds: 5, nanos: 250, data: new Uint8Array(60) }),
 * );
 * assertEquals([frame.interface.name, frame.nanos, frame.data.length], ["laptop eth0", 250, 60]);
 * ```
 */
export class CaptureReader {
  /** What was found: the frames are those of one feed(). */
  #found: PcapngSink = { interfaces: [], secrets: [], frames: [] };
  #format: "pcap" | "pcapng" | undefined;
  #fault: CaptureFault | undefined;
  #pcap: PcapHeader | undefined;
  #pcapng = new PcapngParser(this.#found);
  /** Bytes of what is not whole yet: joined once there are as many as it needs. */
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #needed = 4;
  /** The offset in the file of the first byte that waits. */
  #offset = 0;

  /** The interfaces so far. */
  get interfaces(): readonly CaptureInterface[] {
    return this.#found.interfaces;
  }

  /** The secrets so far. */
  get secrets(): readonly CaptureSecrets[] {
    return this.#found.secrets;
  }

  /** The format; undefined before it is known. */
  get format(): "pcap" | "pcapng" | undefined {
    return this.#format;
  }

  /** Where the file is damaged; undefined while it is not. */
  get fault(): CaptureFault | undefined {
    return this.#fault;
  }

  /** How many bytes of the file are whole: its header, and blocks or packets. */
  get end(): number {
    return this.#offset;
  }

  /** Takes the next bytes, and returns the frames that they complete. */
  feed(chunk: Uint8Array): Frame[] {
    const frames: Frame[] = this.#found.frames = [];
    if (this.#fault || chunk.length === 0) return frames;
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
    if (this.#waitingBytes < this.#needed) return frames;
    const bytes = this.#waiting.length === 1 ? chunk : joinBytes(this.#waiting);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const at = this.#read(bytes, view);
    this.#offset += at;
    this.#waiting = at < bytes.length ? [bytes.subarray(at)] : [];
    this.#waitingBytes = bytes.length - at;
    return frames;
  }

  /** Ends the file: what is not whole becomes a fault. Returns the fault, if there is one. */
  finish(): CaptureFault | undefined {
    if (!this.#fault && this.#waitingBytes > 0) {
      this.#damaged(0, `the file ends within what begins here, ${this.#waitingBytes} bytes later`);
    } else if (!this.#fault && this.#format === undefined) {
      this.#damaged(0, "the file is empty");
    }
    return this.#fault;
  }

  /** Reads all that is whole; returns where the rest begins. */
  #read(bytes: Uint8Array, view: DataView): number {
    let at = 0;
    if (this.#format === undefined) {
      const isPcapng = view.getUint32(0) === BLOCK.section;
      if (!isPcapng) {
        if (bytes.length < PCAP_HEADER_BYTES) return this.#wait(at, PCAP_HEADER_BYTES);
        this.#pcap = readPcapHeader(view);
        if (!this.#pcap) {
          return this.#damaged(
            at,
            `${hexText(bytes, 0, 4)} is how neither pcap nor pcapng begins`,
          );
        }
        const { linkType, snapLength } = this.#pcap;
        this.#found.interfaces.push({
          index: 0,
          linkType,
          snapLength,
          name: undefined,
          description: undefined,
        });
        at = PCAP_HEADER_BYTES;
      }
      this.#format = isPcapng ? "pcapng" : "pcap";
    }
    return this.#pcap ? this.#readPcap(this.#pcap, bytes, view, at) : this.#readPcapng(bytes, view);
  }

  #readPcap(header: PcapHeader, bytes: Uint8Array, view: DataView, from: number): number {
    const { frames, interfaces: [on] } = this.#found;
    const { at, fault } = readPcapRecords(
      header,
      view,
      from,
      (seconds, nanos, length, start, end) => {
        const whole = Math.floor(nanos / 1e9);
        frames.push(
          new Frame(on, seconds + whole, nanos - whole * 1e9, length, bytes.subarray(start, end)),
        );
      },
    );
    if (fault) return this.#damaged(at, fault);
    const left = bytes.length - at;
    return this.#wait(at, left < 16 ? 16 : 16 + view.getUint32(at + 8, header.little));
  }

  #readPcapng(bytes: Uint8Array, view: DataView): number {
    for (let at = 0;;) {
      const length = this.#pcapng.lengthAt(view, at);
      if (typeof length === "string") return this.#damaged(at, length);
      if (length === 0) return this.#wait(at, 12);
      if (length > bytes.length - at) return this.#wait(at, length);
      const fault = this.#pcapng.read(bytes, view, at, length);
      if (fault) return this.#damaged(at, fault);
      at += length;
    }
  }

  #wait(at: number, needed: number): number {
    this.#needed = needed;
    return at;
  }

  #damaged(at: number, what: string): number {
    const offset = this.#offset + at;
    this.#fault = { offset, message: `byte ${offset}: ${what}` };
    return at;
  }
}

/**
 * Reads a whole capture file, pcap or pcapng. It never throws.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const file = readCapture(new TextEncoder().encode("hello, this is no capture"));
 * assertEquals(file.fault?.message, "byte 0: 68656c6c is how neither pcap nor pcapng begins");
 * ```
 */
export function readCapture(bytes: Uint8Array): CaptureFile {
  const reader = new CaptureReader();
  const frames = reader.feed(bytes);
  const fault = reader.finish();
  return {
    format: reader.format,
    interfaces: reader.interfaces,
    frames,
    secrets: reader.secrets,
    fault,
  };
}
