/**
 * Links, networks and transports, each read into nodes: Ethernet to TCP. Imports `headers` alone.
 * Begin here: all decoders are written with this reader, which keeps offsets within the frame.
 *
 * @module
 */
import { asciiText, hexText, ip4Text, ip6Text, macText } from "../headers/address_text.ts";

/** A part of a frame: a header, a field, a flag. */
export interface PacketNode {
  /** What it is, for example `TTL`. */
  label: string;
  /** What it says, for example `64`. Printable. */
  value?: string;
  /** The offset in the frame of its first byte. */
  start: number;
  /** The offset after its last byte; at `start` for what has no bytes of its own. */
  end: number;
  /** What it consists of. */
  children?: PacketNode[];
}

/** Nodes of one frame: more are left out, so that hostile packets take bounded time. */
const MOST_NODES = 8000;

/** How many more nodes a frame may have, shared by all its readers. */
export interface Budget {
  left: number;
}

/**
 * Reads a part of a frame from its start to its end, and notes each field as a node. A read beyond the
 * end notes once that the packet is cut off there; all reads after that return 0 and note nothing.
 */
export class FieldReader {
  readonly bytes: Uint8Array;
  /** Where the next field begins. */
  at: number;
  readonly end: number;
  readonly nodes: PacketNode[] = [];
  #budget: Budget;
  #cut = false;

  constructor(bytes: Uint8Array, at: number, end: number, budget: Budget = { left: MOST_NODES }) {
    this.bytes = bytes;
    this.end = Math.min(end, bytes.length);
    this.at = Math.min(at, this.end);
    this.#budget = budget;
  }

  /** How many bytes are left; 0 once it is cut off. */
  get left(): number {
    return this.#cut ? 0 : this.end - this.at;
  }

  /** Whether there are more bytes to read. */
  get more(): boolean {
    return this.left > 0;
  }

  /** Whether a field was beyond the end. */
  get isCut(): boolean {
    return this.#cut;
  }

  /** Whether so many bytes are left; notes that it is cut off if not. */
  has(bytes: number): boolean {
    if (this.#cut) return false;
    if (this.end - this.at >= bytes) return true;
    this.stop("Cut off", `${bytes - (this.end - this.at)} of ${bytes} bytes are missing`);
    return false;
  }

  /** Reads no further, and says why. */
  stop(label: string, value?: string): void {
    if (this.#cut) return;
    this.node(label, value, this.at, this.end);
    this.#cut = true;
  }

  /** Notes a field by its place. */
  node(label: string, value: string | undefined, start: number, end: number): PacketNode {
    const node: PacketNode = value === undefined
      ? { label, start, end }
      : { label, value, start, end };
    if (this.#budget.left > 0) this.nodes.push(node);
    else this.#cut = true;
    if (--this.#budget.left === 0) {
      this.nodes.push({ label: "More", value: "not shown", start: end, end });
      this.#cut = true;
    }
    return node;
  }

  /** Notes flags of the field that was read last: those that are set, each as a child. */
  flags(
    bytes: number,
    flags: readonly (readonly [mask: number, label: string])[],
    of: number,
  ): void {
    const parent = this.nodes.at(-1);
    if (!parent || this.#cut) return;
    const start = this.at - bytes;
    parent.children = flags.map(([mask, label]) => ({
      label,
      value: of & mask ? "set" : "not set",
      start,
      end: this.at,
    }));
    this.#budget.left = Math.max(1, this.#budget.left - flags.length);
  }

  /** The value of the next byte, which stays unread; -1 beyond the end. */
  peek(offset = 0): number {
    return this.left > offset ? this.bytes[this.at + offset] : -1;
  }

  /** Reads an unsigned number of 1 to 6 bytes. */
  uint(bytes: number, label: string, show: (value: number) => string = String): number {
    if (!this.has(bytes)) return 0;
    let value = 0;
    for (let i = 0; i < bytes; i++) value = value * 256 + this.bytes[this.at + i];
    this.at += bytes;
    this.node(label, show(value), this.at - bytes, this.at);
    return value;
  }

  /** Reads a byte. */
  u8(label: string, show?: (value: number) => string): number {
    return this.uint(1, label, show);
  }

  /** Reads two bytes. */
  u16(label: string, show?: (value: number) => string): number {
    return this.uint(2, label, show);
  }

  /** Reads four bytes. */
  u32(label: string, show?: (value: number) => string): number {
    return this.uint(4, label, show);
  }

  /** Reads four bytes, the least significant first. */
  u32le(label: string, show: (value: number) => string): number {
    if (!this.has(4)) return 0;
    const { bytes, at } = this;
    const value = (bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 | bytes[at + 3] << 24) >>>
      0;
    this.at += 4;
    this.node(label, show(value), at, this.at);
    return value;
  }

  /** Reads an IPv4 address. */
  ip4(label: string): string {
    return this.#take(label, 4, (start) => ip4Text(this.bytes, start));
  }

  /** Reads an IPv6 address. */
  ip6(label: string): string {
    return this.#take(label, 16, (start) => ip6Text(this.bytes, start));
  }

  /** Reads a MAC address. */
  mac(label: string): string {
    return this.#take(label, 6, (start) => macText(this.bytes, start));
  }

  /** Reads bytes that are shown as hexadecimal digits. */
  hex(label: string, bytes: number): string {
    return this.#take(label, bytes, (start) => hexText(this.bytes, start, start + bytes));
  }

  /** Reads bytes that are shown as text. */
  text(label: string, bytes: number): string {
    return this.#take(label, bytes, (start) => asciiText(this.bytes, start, start + bytes));
  }

  /** Notes bytes of which nothing is said but how many. */
  data(label: string, bytes: number): void {
    if (bytes > 0) this.#take(label, bytes, () => countText(bytes));
  }

  /** Notes all that is left, if anything is. */
  rest(label: string): void {
    this.data(label, this.left);
  }

  /**
   * Reads a part that consists of others: as many bytes, or those that are left if fewer are, which
   * the part notes when it reads beyond them.
   */
  group(label: string, bytes: number, read: (part: FieldReader) => string | void): void {
    if (this.#cut) return;
    const start = this.at;
    const part = this.part(start, start + Math.max(0, bytes));
    const node = this.node(label, undefined, start, part.end);
    if (this.#cut) return;
    this.at = part.end;
    this.fill(node, part, read);
    if (bytes <= part.end - start) return;
    if (part.isCut) this.#cut = true;
    else this.has(bytes - (part.end - start));
  }

  /**
   * Reads a part whose length only its reading shows; it ends where reading stopped.
   */
  open(label: string, read: (part: FieldReader) => string | void): void {
    if (this.#cut) return;
    const part = this.part(this.at, this.end);
    const node = this.node(label, undefined, this.at, this.at);
    if (this.#cut) return;
    this.fill(node, part, read);
    if (part.isCut) {
      node.end = this.at = this.end;
      this.#cut = true;
    } else {
      node.end = this.at = part.at;
    }
  }

  /** A reader of a part of the same frame. */
  part(start: number, end: number): FieldReader {
    return new FieldReader(this.bytes, start, Math.min(end, this.end), this.#budget);
  }

  /** Reads a part, whose nodes become children of a node; what the function returns is its value. */
  fill(node: PacketNode, part: FieldReader, read: (part: FieldReader) => string | void): void {
    const value = read(part);
    if (value) node.value = value;
    if (part.nodes.length > 0) node.children = part.nodes;
  }

  #take(label: string, bytes: number, show: (start: number) => string): string {
    if (!this.has(bytes)) return "";
    const start = this.at;
    this.at += bytes;
    const value = show(start);
    this.node(label, value, start, this.at);
    return value;
  }
}

/** A number of bytes in words. */
export function countText(bytes: number): string {
  return bytes === 1 ? "1 byte" : `${bytes} bytes`;
}

/** Shows a number by its name, if it has one. */
export function named(
  names: Readonly<Record<number, string>>,
  other: (value: number) => string = String,
): (value: number) => string {
  return (value) => names[value] === undefined ? other(value) : `${names[value]} (${other(value)})`;
}

/** Shows a number as so many hexadecimal digits. */
export function hexed(digits: number): (value: number) => string {
  return (value) => `0x${value.toString(16).padStart(digits, "0")}`;
}
