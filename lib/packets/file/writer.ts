import { joinBytes } from "./bytes.ts";
import { MAX_FRAME_BYTES, TLS_KEY_LOG } from "./frame.ts";
import { BLOCK, BYTE_ORDER, OPTION } from "./pcapng.ts";

/** What a section of a pcapng file says about itself. */
export interface SectionOptions {
  /** The program that wrote it (`shb_userappl`). Default `Netyard`. */
  application?: string;
  /** Anything about the section. Default: nothing. */
  comment?: string;
}

/** An interface to write. */
export interface InterfaceOptions {
  /** Its name (`if_name`), for example `laptop eth0`. */
  name?: string;
  /** What it is (`if_description`). Default: nothing. */
  description?: string;
  /** What its frames begin with: 1 for Ethernet, 276 for Linux SLL2. */
  linkType: number;
  /** The most bytes that are kept of a frame. Default 0: all. */
  snapLength?: number;
}

/** A frame to write. */
export interface FrameOptions {
  /** The number of the interface in its section, from 0. */
  interface: number;
  /** When it was seen: whole seconds since 1970. */
  seconds: number;
  /** When it was seen: nanoseconds of that second. */
  nanos: number;
  /** What was captured of it. */
  data: Uint8Array;
  /** Its bytes on the wire. Default: those of `data`. */
  length?: number;
  /** Whether the interface received or sent it. Default: not said. */
  direction?: "in" | "out";
  /** Anything about the frame, as Wireshark shows it in the list. Default: nothing. */
  comment?: string;
}

const APPLICATION = "Netyard";
const SHB_USERAPPL = 4;
/** Times are in nanoseconds: 10 to the power of -9. */
const NANOSECONDS = Uint8Array.of(9);
const encoder = new TextEncoder();

type Option = readonly [code: number, value: Uint8Array];

/**
 * The block that begins a section of a pcapng file, and so the file; interfaces are numbered anew.
 *
 * Source: draft-ietf-opsawg-pcapng.
 */
export function sectionBlock(options: SectionOptions = {}): Uint8Array<ArrayBuffer> {
  const body = new Uint8Array(16);
  const view = new DataView(body.buffer);
  view.setUint32(0, BYTE_ORDER, true);
  view.setUint16(4, 1, true);
  view.setBigInt64(8, -1n, true); // Its length is not known.
  return block(BLOCK.section, body, [
    ...textOption(OPTION.comment, options.comment),
    ...textOption(SHB_USERAPPL, options.application ?? APPLICATION),
  ]);
}

/** The block that declares an interface: the first of a section has number 0. */
export function interfaceBlock(options: InterfaceOptions): Uint8Array<ArrayBuffer> {
  const body = new Uint8Array(8);
  const view = new DataView(body.buffer);
  view.setUint16(0, options.linkType, true);
  view.setUint32(4, options.snapLength ?? 0, true);
  return block(BLOCK.interface, body, [
    ...textOption(OPTION.ifName, options.name),
    ...textOption(OPTION.ifDescription, options.description),
    [OPTION.ifTsresol, NANOSECONDS],
  ]);
}

/**
 * The block of a frame.
 *
 * @throws {RangeError} If the frame has more than 262144 bytes, which no reader takes.
 */
export function packetBlock(frame: FrameOptions): Uint8Array<ArrayBuffer> {
  const { data, direction, comment } = frame;
  if (data.length > MAX_FRAME_BYTES) {
    throw new RangeError(
      `a frame of ${data.length} bytes cannot be written: ${MAX_FRAME_BYTES} is the most; cut it`,
    );
  }
  const padded = data.length + 3 & ~3;
  const options: Option[] = [...textOption(OPTION.comment, comment)];
  if (direction) {
    options.push([OPTION.epbFlags, Uint8Array.of(direction === "in" ? 1 : 2, 0, 0, 0)]);
  }
  const bytes = new Uint8Array(12 + 20 + padded + optionBytes(options));
  const view = new DataView(bytes.buffer);
  view.setUint32(8, frame.interface, true);
  const time = BigInt(frame.seconds) * 1_000_000_000n + BigInt(frame.nanos);
  view.setUint32(12, Number(time >> 32n), true);
  view.setUint32(16, Number(time & 0xffffffffn), true);
  view.setUint32(20, data.length, true);
  view.setUint32(24, frame.length ?? data.length, true);
  bytes.set(data, 28);
  return finish(bytes, view, BLOCK.enhancedPacket, 28 + padded, options);
}

/**
 * The block of a TLS key log, as `SSLKEYLOGFILE` has it: Wireshark decrypts what follows with it.
 *
 * @param keyLog The text of the file.
 */
export function secretsBlock(keyLog: string | Uint8Array): Uint8Array<ArrayBuffer> {
  const data = typeof keyLog === "string" ? encoder.encode(keyLog) : keyLog;
  const body = new Uint8Array(8 + data.length);
  const view = new DataView(body.buffer);
  view.setUint32(0, TLS_KEY_LOG, true);
  view.setUint32(4, data.length, true);
  body.set(data, 8);
  return block(BLOCK.secrets, body, []);
}

/** A pcapng file with several interfaces, made in memory. */
export interface PcapngContent {
  /** What the section says. */
  section?: SectionOptions;
  /** Its interfaces; frames refer to them by their index. */
  interfaces: readonly InterfaceOptions[];
  /** Its frames, in order. */
  frames: Iterable<FrameOptions>;
  /** TLS key logs, which come before the frames. Default: none. */
  secrets?: readonly (string | Uint8Array)[];
}

/**
 * Writes a pcapng file.
 *
 * @throws {RangeError} If a frame refers to no interface, or is too large.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readCapture } from "./reader.ts";
 *
 * const file = writePcapng({
 *   interfaces: [{ name: "laptop eth0", linkType: 1 }],
 *   frames: [{ interface: 0, seconds: 1, nanos: 2, data: new Uint8Array(60), comment: "lost" }],
 * });
 * assertEquals(readCapture(file).frames[0].comment, "lost");
 * ```
 */
export function writePcapng(content: PcapngContent): Uint8Array<ArrayBuffer> {
  const { interfaces } = content;
  const parts: Uint8Array[] = [
    sectionBlock(content.section),
    ...interfaces.map(interfaceBlock),
    ...(content.secrets ?? []).map(secretsBlock),
  ];
  for (const frame of content.frames) {
    if (!interfaces[frame.interface]) {
      throw new RangeError(
        `a frame of interface ${frame.interface} cannot be written: there are ${interfaces.length}`,
      );
    }
    parts.push(packetBlock(frame));
  }
  return joinBytes(parts);
}

function textOption(code: number, text: string | undefined): Option[] {
  return text === undefined ? [] : [[code, encoder.encode(text).subarray(0, 0xffff)]];
}

function optionBytes(options: readonly Option[]): number {
  if (options.length === 0) return 0;
  return options.reduce((sum, [, value]) => sum + 4 + (value.length + 3 & ~3), 4);
}

function block(
  type: number,
  body: Uint8Array,
  options: readonly Option[],
): Uint8Array<ArrayBuffer> {
  const padded = body.length + 3 & ~3;
  const bytes = new Uint8Array(12 + padded + optionBytes(options));
  bytes.set(body, 8);
  return finish(bytes, new DataView(bytes.buffer), type, 8 + padded, options);
}

/** Writes the type, both lengths, and the options. */
function finish(
  bytes: Uint8Array<ArrayBuffer>,
  view: DataView,
  type: number,
  at: number,
  options: readonly Option[],
): Uint8Array<ArrayBuffer> {
  view.setUint32(0, type, true);
  view.setUint32(4, bytes.length, true);
  for (const [code, value] of options) {
    view.setUint16(at, code, true);
    view.setUint16(at + 2, value.length, true);
    bytes.set(value, at + 4);
    at += 4 + (value.length + 3 & ~3);
  }
  view.setUint32(bytes.length - 4, bytes.length, true);
  return bytes;
}
