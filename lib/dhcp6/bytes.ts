import { Dhcp6FormatError } from "./errors.ts";

/** Writes bytes in network order. */
export class ByteWriter {
  #bytes: number[] = [];

  u8(value: number): void {
    this.#bytes.push(value & 0xff);
  }

  u16(value: number): void {
    this.#bytes.push(value >>> 8 & 0xff, value & 0xff);
  }

  u32(value: number): void {
    this.u16(value >>> 16);
    this.u16(value & 0xffff);
  }

  u64(value: bigint): void {
    this.u32(Number(value >> 32n));
    this.u32(Number(value & 0xffff_ffffn));
  }

  bytes(value: Uint8Array): void {
    for (const byte of value) this.#bytes.push(byte);
  }

  /** Appends the length, in two bytes, of what `write` appends, and then that. */
  sized(write: () => void): void {
    const at = this.#bytes.length;
    this.u16(0);
    write();
    const length = this.#bytes.length - at - 2;
    this.#bytes[at] = length >>> 8 & 0xff;
    this.#bytes[at + 1] = length & 0xff;
  }

  finish(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#bytes);
  }
}

/** Reads bytes in network order. Its errors name what ended too early. */
export class ByteReader {
  #view: DataView;
  #at = 0;
  #what: string;

  constructor(bytes: Uint8Array, what: string) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#what = what;
  }

  /** The number of bytes that are not read yet. */
  get left(): number {
    return this.#view.byteLength - this.#at;
  }

  u8(): number {
    return this.#view.getUint8(this.#next(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#next(2));
  }

  u32(): number {
    return this.#view.getUint32(this.#next(4));
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#next(8));
  }

  /** Returns a reader of the next `length` bytes. */
  part(length: number, what: string): ByteReader {
    const at = this.#next(length);
    const { buffer, byteOffset } = this.#view;
    return new ByteReader(new Uint8Array(buffer, byteOffset + at, length), what);
  }

  /** Returns a copy of the bytes that are not read yet. */
  rest(): Uint8Array {
    const length = this.left;
    const at = this.#next(length);
    const { buffer, byteOffset } = this.#view;
    return new Uint8Array(buffer, byteOffset + at, length).slice();
  }

  /** Returns itself if exactly `length` bytes are left. */
  exactly(length: number): this {
    if (this.left === length) return this;
    throw new Dhcp6FormatError(`${this.#what} has ${this.left} bytes; it must have ${length}`);
  }

  #next(length: number): number {
    if (length > this.left) {
      throw new Dhcp6FormatError(
        `${this.#what} ends too early: ${length} bytes are missing or cut, ${this.left} are left`,
      );
    }
    const at = this.#at;
    this.#at += length;
    return at;
  }
}
