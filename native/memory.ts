import { fast } from "./fast.ts";

const MAP_FAILED = 0xffff_ffff_ffff_ffffn;

/**
 * Memory that structures for the kernel can lie in, or point to: it never moves. A small typed array
 * without a buffer of its own might be moved.
 */
export function fixedBytes(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new ArrayBuffer(length));
}

/** As {@link fixedBytes}, with 64-bit values. */
export function fixedWords(...values: bigint[]): BigUint64Array<ArrayBuffer> {
  const words = new BigUint64Array(new ArrayBuffer(8 * values.length));
  words.set(values);
  return words;
}

/** The address of memory of {@link fixedBytes} or {@link fixedWords}. */
export function addressOf(memory: ArrayBufferView<ArrayBuffer>): bigint {
  return BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(memory)));
}

/** Integers as an `int` or an array of them, for setsockopt(2) and ioctl(2). */
export function ints(...values: number[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new Int32Array(values).buffer);
}

/** mmap(2) of a file from its beginning, or without a file (-1); null if the kernel refuses. */
export function mapMemory(
  length: number,
  protection: number,
  flags: number,
  fd = -1,
): Deno.PointerObject | null {
  const start = fast().mmap(null, BigInt(length), protection, flags, fd, 0n);
  return Deno.UnsafePointer.value(start) === MAP_FAILED ? null : start;
}
