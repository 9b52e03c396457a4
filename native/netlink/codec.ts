/**
 * The wire format of netlink (netlink(7), rtnetlink(7)): messages of a 16-byte
 * header and a body, bodies of a fixed part and attributes, all aligned to 4
 * bytes and in the byte order of the host, which is little-endian on every
 * architecture that Deno runs on.
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

/** What a message is for; a function where the text is costly, for it is rarely needed. */
export type Description = string | (() => string);

/** Writes several requests into one buffer that is used again and again. */
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

  /** What the n-th message (from 1, its sequence number) was for, for error messages. */
  describe(seq: number): string {
    const what = this.#what[seq - 1] ?? "request";
    return typeof what === "string" ? what : what();
  }

  reset(): void {
    this.#length = 0;
    this.#seq = 0;
    this.#what.length = 0;
  }

  /** Begins a message; its sequence number is its place in the buffer, from 1. */
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

  /** An attribute that holds what `body` writes. */
  nest(type: number, body: () => void): this {
    const start = this.#length;
    this.u16(0).u16(type | NLA_F_NESTED);
    body();
    this.#view.setUint16(start, this.#length - start, true);
    return this;
  }

  /** The messages so far; the last one asks the kernel for an acknowledgement. */
  finish(): Uint8Array<ArrayBuffer> {
    const flags = this.#view.getUint16(this.#message + 6, true);
    this.#view.setUint16(this.#message + 6, flags | NLM_F_ACK, true);
    return this.#buffer.subarray(0, this.#length);
  }

  /** The messages so far, in memory of their own and as they are. */
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

/** A message as it came from the kernel. */
export interface Message {
  type: number;
  flags: number;
  seq: number;
  /** The body, without the header. */
  body: Uint8Array;
}

/** Splits what recv(2) returned into messages. A torn message ends the list. */
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
