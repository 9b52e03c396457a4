import { asciiText } from "../headers/address_text.ts";
import { type CaptureInterface, type CaptureSecrets, Frame, MAX_FRAME_BYTES } from "./frame.ts";

/** Types of blocks. */
export const BLOCK = {
  section: 0x0a0d0d0a,
  interface: 1,
  packet: 2,
  simplePacket: 3,
  enhancedPacket: 6,
  secrets: 10,
} as const;

/** Codes of options. */
export const OPTION = {
  end: 0,
  comment: 1,
  ifName: 2,
  ifDescription: 3,
  ifTsresol: 9,
  ifTsoffset: 14,
  epbFlags: 2,
} as const;

/** What a section begins with, in its own byte order. */
export const BYTE_ORDER = 0x1a2b3c4d;

const BLOCK_HEADER_BYTES = 8;
const LEAST_BLOCK_BYTES = 12;
/** As Wireshark has it. */
const MAX_BLOCK_BYTES = 16 * 1024 * 1024;
/** More than a lab has. */
const MAX_INTERFACES = 65_536;
/** Options of a block: more are skipped. */
const MAX_OPTIONS = 64;
/** Bytes of a name or comment: more are left out. */
const MAX_TEXT_BYTES = 2048;

/** An interface, and how its times are written. */
interface TimedInterface {
  interface: CaptureInterface;
  /** Ticks in a second; 0 if they are finer than a nanosecond, see `ticksBig`. */
  ticks: number;
  ticksBig: bigint;
  offsetSeconds: number;
}

/** What comes out of a pcapng file. */
export interface PcapngSink {
  readonly interfaces: CaptureInterface[];
  readonly secrets: CaptureSecrets[];
  frames: Frame[];
}

/**
 * Reads the blocks of a pcapng file, one by one: sections in either byte order, interfaces, packets,
 * and secrets; others are skipped.
 *
 * Source: draft-ietf-opsawg-pcapng.
 */
export class PcapngParser {
  #sink: PcapngSink;
  #little = true;
  #started = false;
  /** Those of this section, by their numbers in it. */
  #interfaces: TimedInterface[] = [];

  /** What is found is added to `sink`. */
  constructor(sink: PcapngSink) {
    this.#sink = sink;
  }

  /**
   * Returns the length of the block at an offset, 0 if more bytes must come to know it, or what is
   * wrong.
   */
  lengthAt(view: DataView, at: number): number | string {
    const left = view.byteLength - at;
    if (left < LEAST_BLOCK_BYTES) return 0;
    let little = this.#little;
    if (view.getUint32(at) === BLOCK.section) {
      little = view.getUint32(at + 8, true) === BYTE_ORDER;
      if (!little && view.getUint32(at + 8) !== BYTE_ORDER) {
        return "a section whose byte order is neither little nor big";
      }
    } else if (!this.#started) {
      return "no section begins here";
    }
    const length = view.getUint32(at + 4, little);
    if (length < LEAST_BLOCK_BYTES) {
      return `a block of ${length} bytes, where ${LEAST_BLOCK_BYTES} is the least`;
    }
    if (length > MAX_BLOCK_BYTES) {
      return `a block of ${length} bytes, where ${MAX_BLOCK_BYTES} is the most`;
    }
    return length % 4 === 0 ? length : `a block of ${length} bytes, which is no multiple of 4`;
  }

  /** Reads the whole block at an offset; returns what is wrong with it, if anything. */
  read(bytes: Uint8Array, view: DataView, at: number, length: number): string | undefined {
    const isSection = view.getUint32(at) === BLOCK.section;
    if (isSection) this.#little = view.getUint32(at + 8, true) === BYTE_ORDER;
    const little = this.#little;
    if (view.getUint32(at + length - 4, little) !== length) {
      return `a block of ${length} bytes, whose end says ` +
        `${view.getUint32(at + length - 4, little)}`;
    }
    const block: Block = {
      bytes,
      view,
      little,
      at: at + BLOCK_HEADER_BYTES,
      end: at + length - 4,
    };
    if (isSection) return this.#section(block);
    const type = view.getUint32(at, little);
    if (type === BLOCK.enhancedPacket) return this.#packet(block, 4, 0, true);
    if (type === BLOCK.interface) return this.#interface(block);
    if (type === BLOCK.simplePacket) return this.#simplePacket(block);
    if (type === BLOCK.packet) return this.#packet(block, 2, 2, false);
    if (type === BLOCK.secrets) return this.#secret(block);
    return undefined;
  }

  #section({ view, at, end, little }: Block): string | undefined {
    if (end - at < 16) return "a section block that is too short";
    const major = view.getUint16(at + 4, little);
    if (major !== 1) return `a section of version ${major}, where 1 is known`;
    this.#started = true;
    this.#interfaces = [];
    return undefined;
  }

  #interface(block: Block): string | undefined {
    const { view, at, end, little } = block;
    if (end - at < 8) return "an interface block that is too short";
    const all = this.#sink.interfaces;
    if (all.length >= MAX_INTERFACES) return `more than ${MAX_INTERFACES} interfaces`;
    let [name, description]: (string | undefined)[] = [];
    let resolution = 6;
    let offsetSeconds = 0;
    eachOption(block, at + 8, (code, start, stop) => {
      const length = stop - start;
      if (code === OPTION.ifName) name = textOf(block, start, stop);
      else if (code === OPTION.ifDescription) description = textOf(block, start, stop);
      else if (code === OPTION.ifTsresol && length >= 1) resolution = view.getUint8(start);
      else if (code === OPTION.ifTsoffset && length >= 8) {
        offsetSeconds = Number(view.getBigInt64(start, little));
      }
    });
    const added: CaptureInterface = {
      index: all.length,
      linkType: view.getUint16(at, little),
      snapLength: view.getUint32(at + 4, little),
      name,
      description,
    };
    all.push(added);
    const power = resolution & 0x7f;
    if (power > (resolution & 0x80 ? 63 : 19)) return `times in units of 2 or 10 to -${power}`;
    const ticksBig = (resolution & 0x80 ? 2n : 10n) ** BigInt(power);
    this.#interfaces.push({
      interface: added,
      ticks: ticksBig <= 1_000_000n ? Number(ticksBig) : 0,
      ticksBig,
      offsetSeconds,
    });
    return undefined;
  }

  /** Packet blocks: an interface's number of so many bytes, some others, a time, and lengths. */
  #packet(block: Block, idBytes: 2 | 4, skip: number, enhanced: boolean): string | undefined {
    const { bytes, view, little } = block;
    let { at } = block;
    if (block.end - at < 20) return "a packet block that is too short";
    const id = idBytes === 4 ? view.getUint32(at, little) : view.getUint16(at, little);
    at += idBytes + skip;
    const on = this.#interfaces[id];
    if (!on) {
      return `a packet of interface ${id}, where the section has ${this.#interfaces.length}`;
    }
    const captured = view.getUint32(at + 8, little);
    const start = at + 16;
    const fault = this.#frameFault(captured, block.end - start);
    if (fault) return fault;
    const data = bytes.subarray(start, start + captured);
    let direction: "in" | "out" | undefined;
    let comment: string | undefined;
    const optionsAt = start + (captured + 3 & ~3);
    if (optionsAt < block.end && enhanced) {
      eachOption(block, optionsAt, (code, from, to) => {
        if (code === OPTION.comment) comment ??= textOf(block, from, to);
        else if (code === OPTION.epbFlags && to - from === 4) {
          const way = view.getUint32(from, little) & 3;
          direction = way === 1 ? "in" : way === 2 ? "out" : undefined;
        }
      });
    }
    const [seconds, nanos] = timeOf(on, view.getUint32(at, little), view.getUint32(at + 4, little));
    const length = view.getUint32(at + 12, little);
    this.#sink.frames.push(
      new Frame(on.interface, seconds, nanos, length, data, direction, comment),
    );
    return undefined;
  }

  /** A packet of the first interface, without a time. */
  #simplePacket({ bytes, view, at, end, little }: Block): string | undefined {
    const on = this.#interfaces[0]?.interface;
    if (!on) return "a packet, where the section has no interface";
    if (end - at < 4) return "a packet block that is too short";
    const length = view.getUint32(at, little);
    const captured = Math.min(length, on.snapLength || length);
    const fault = this.#frameFault(captured, end - at - 4);
    if (fault) return fault;
    const data = bytes.subarray(at + 4, at + 4 + captured);
    this.#sink.frames.push(new Frame(on, 0, 0, length, data));
    return undefined;
  }

  #frameFault(captured: number, room: number): string | undefined {
    if (captured > MAX_FRAME_BYTES) {
      return `a packet of ${captured} bytes, where ${MAX_FRAME_BYTES} is the most`;
    }
    return captured > room ? `a packet of ${captured} bytes in a block with ${room}` : undefined;
  }

  #secret({ bytes, view, at, end, little }: Block): string | undefined {
    if (end - at < 8) return "a block of secrets that is too short";
    const length = view.getUint32(at + 4, little);
    if (length > end - at - 8) return `secrets of ${length} bytes in a block with ${end - at - 8}`;
    this.#sink.secrets.push({
      type: view.getUint32(at, little),
      data: bytes.subarray(at + 8, at + 8 + length),
    });
    return undefined;
  }
}

/** What is between the two lengths of a block. */
interface Block {
  bytes: Uint8Array;
  view: DataView;
  little: boolean;
  at: number;
  end: number;
}

/** Calls a function for each option; those that do not fit are left out. */
function eachOption(
  { view, little, end }: Block,
  at: number,
  found: (code: number, start: number, end: number) => void,
): void {
  for (let count = 0; count < MAX_OPTIONS && end - at >= 4; count++) {
    const code = view.getUint16(at, little);
    const length = view.getUint16(at + 2, little);
    if (code === OPTION.end || length > end - at - 4) return;
    found(code, at + 4, at + 4 + length);
    at += 4 + (length + 3 & ~3);
  }
}

const decoder = new TextDecoder();

/** A name or comment; UTF-8, without control characters. */
function textOf({ bytes }: Block, start: number, end: number): string {
  const stop = Math.min(end, start + MAX_TEXT_BYTES);
  for (let at = start; at < stop; at++) {
    if (bytes[at] >= 0x20 && bytes[at] < 0x7f) continue;
    // Separators of lines and what turns the direction of writing are none in a name.
    return decoder.decode(bytes.subarray(start, stop)).replaceAll(
      /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
      ".",
    );
  }
  return asciiText(bytes, start, stop, MAX_TEXT_BYTES);
}

function timeOf(on: TimedInterface, high: number, low: number): [seconds: number, nanos: number] {
  if (on.ticks > 0 && high < 2 ** 21) {
    const ticks = high * 2 ** 32 + low;
    const seconds = Math.floor(ticks / on.ticks);
    const rest = ticks - seconds * on.ticks;
    return [seconds + on.offsetSeconds, Math.floor(rest * 1e9 / on.ticks)];
  }
  const ticks = BigInt(high) << 32n | BigInt(low);
  const seconds = ticks / on.ticksBig;
  const nanos = (ticks - seconds * on.ticksBig) * 1_000_000_000n / on.ticksBig;
  return [Number(seconds) + on.offsetSeconds, Number(nanos)];
}
