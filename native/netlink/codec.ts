/**
 * The wire format of netlink (netlink(7), rtnetlink(7)): a message has a 16-byte header and a body; a
 * body has a fixed part and attributes. Everything is aligned to 4 bytes and in the byte order of the
 * host, which is little-endian on every architecture that Deno runs on.
 */

export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;

export const NLM_F_REQUEST = 0x1;
export const NLM_F_ACK = 0x4;
export const NLM_F_REPLACE = 0x100;
export const NLM_F_EXCL = 0x200;
export const NLM_F_CREATE = 0x400;
export const NLM_F_APPEND = 0x800;
export const NLM_F_DUMP = 0x300;

const NLA_F_NESTED = 0x8000;
const NLA_TYPE_MASK = 0x3fff;
const encoder = new TextEncoder();

/** The purpose of a message; a function if the text is costly, because it is rarely needed. */
export type Description = string | (() => string);

/** Writes several requests into one buffer, which is reused. */
export class MessageWriter {
  #buffer: Uint8Array<ArrayBuffer> = new Uint8Array(65536);
  #view = new DataView(this.#buffer.buffer);
  #length = 0;
  #message = 0;
  #seq = 0;
  #what: Description[] = [];

  /** How many messages were written since the last reset. */
  get count(): number {
    return this.#seq;
  }

  /** The purpose of a message by its sequence number, which begins at 1, for error messages. */
  describe(seq: number): string {
    const what = this.#what[seq - 1] ?? "request";
    return typeof what === "string" ? what : what();
  }

  /** Discards all messages. */
  reset(): void {
    this.#length = 0;
    this.#seq = 0;
    this.#what.length = 0;
  }

  /** Begins a message. Sequence numbers begin at 1. */
  begin(type: number, flags: number, what: Description): this {
    this.#reserve(4096);
    this.#message = this.#length;
    this.#view.setUint16(this.#length + 4, type, true);
    this.#view.setUint16(this.#length + 6, NLM_F_REQUEST | flags, true);
    this.#view.setUint32(this.#length + 8, ++this.#seq, true);
    this.#view.setUint32(this.#length + 12, 0, true);
    this.#length += 16;
    this.#what.push(what);
    return this;
  }

  /** Ends the message: fills in its length. */
  end(): this {
    this.#view.setUint32(this.#message, this.#length - this.#message, true);
    return this;
  }

  u8(value: number): this {
    this.#view.setUint8(this.#length++, value);
    return this;
  }

  u16(value: number): this {
    this.#view.setUint16(this.#length, value, true);
    this.#length += 2;
    return this;
  }

  u32(value: number): this {
    this.#view.setUint32(this.#length, value, true);
    this.#length += 4;
    return this;
  }

  attrBytes(type: number, value: Uint8Array): this {
    this.#reserve(value.length + 8);
    this.u16(value.length + 4).u16(type);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
    return this.#align();
  }

  attrU32(type: number, value: number): this {
    return this.u16(8).u16(type).u32(value);
  }

  attrString(type: number, value: string): this {
    return this.attrBytes(type, encoder.encode(value + "\0"));
  }

  /** Writes an attribute with the attributes that `body` writes. */
  nest(type: number, body: () => void): this {
    const start = this.#length;
    this.u16(0).u16(type | NLA_F_NESTED);
    body();
    this.#view.setUint16(start, this.#length - start, true);
    return this;
  }

  /** Returns the messages so far; the last one requests an acknowledgement. */
  finish(): Uint8Array<ArrayBuffer> {
    const flags = this.#view.getUint16(this.#message + 6, true);
    this.#view.setUint16(this.#message + 6, flags | NLM_F_ACK, true);
    return this.#buffer.subarray(0, this.#length);
  }

  /** Returns a copy of the messages so far, unchanged. */
  take(): Uint8Array<ArrayBuffer> {
    return this.#buffer.slice(0, this.#length);
  }

  #align(): this {
    while (this.#length % 4) this.#buffer[this.#length++] = 0;
    return this;
  }

  #reserve(room: number): void {
    if (this.#length + room <= this.#buffer.length) return;
    const bigger = new Uint8Array(2 * this.#buffer.length + room);
    bigger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = bigger;
    this.#view = new DataView(bigger.buffer);
  }
}

/** A message from the kernel. */
export interface Message {
  type: number;
  flags: number;
  seq: number;
  /** The body, without the header. */
  body: Uint8Array;
}

/** Splits the result of recv(2) into messages. An incomplete message ends the list. */
export function readMessages(bytes: Uint8Array): Message[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const messages: Message[] = [];
  let at = 0;
  while (at + 16 <= bytes.length) {
    const length = view.getUint32(at, true);
    if (length < 16 || at + length > bytes.length) break;
    messages.push({
      type: view.getUint16(at + 4, true),
      flags: view.getUint16(at + 6, true),
      seq: view.getUint32(at + 8, true),
      body: bytes.subarray(at + 16, at + length),
    });
    at += (length + 3) & ~3;
  }
  return messages;
}

/** The attributes that follow a fixed part of `offset` bytes, by type; the last of a type wins. */
export function readAttributes(body: Uint8Array, offset: number): Map<number, Uint8Array> {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const attributes = new Map<number, Uint8Array>();
  let at = offset;
  while (at + 4 <= body.length) {
    const length = view.getUint16(at, true);
    if (length < 4 || at + length > body.length) break;
    attributes.set(
      view.getUint16(at + 2, true) & NLA_TYPE_MASK,
      body.subarray(at + 4, at + length),
    );
    at += (length + 3) & ~3;
  }
  return attributes;
}

/** Reads a 32-bit integer of a body or an attribute. */
export function readU32(bytes: Uint8Array, at = 0): number {
  return new DataView(bytes.buffer, bytes.byteOffset + at, 4).getUint32(0, true);
}

/** The error number of an NLMSG_ERROR message; 0 for an acknowledgement. */
export function readErrno({ body }: Message): number {
  return -new DataView(body.buffer, body.byteOffset).getInt32(0, true);
}
