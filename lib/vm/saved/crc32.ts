import process from "node:process";

/**
 * The CRC-32 of bytes.
 *
 * @param before That of the bytes before them.
 */
export function crc32(bytes: Uint8Array, before = 0): number {
  // Loaded at its first use: it takes a while, and few labs have machines that are saved.
  return process.getBuiltinModule("node:zlib").crc32(bytes, before);
}
