/** Numbers in network byte order. V8 inlines these functions; a DataView is slower here. */

/** The 16-bit number at an offset. */
export function get16(bytes: Uint8Array, at: number): number {
  return bytes[at] << 8 | bytes[at + 1];
}

/** The unsigned 32-bit number at an offset. */
export function get32(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3]) >>> 0;
}

/** Writes the low 16 bits of a number. */
export function put16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

/** Writes the low 32 bits of a number. */
export function put32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** Below this a loop is faster than the view that `set` needs. */
const SHORT_COPY = 64;

/** Copies the bytes from `from` to `end` to an offset of another buffer. */
export function copy(
  source: Uint8Array,
  from: number,
  end: number,
  out: Uint8Array,
  at: number,
): void {
  if (end - from > SHORT_COPY) out.set(source.subarray(from, end), at);
  else while (from < end) out[at++] = source[from++];
}
