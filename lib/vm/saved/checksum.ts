import process from "node:process";

/**
 * Returns the CRC-32 of bytes.
 *
 * @param before The CRC-32 of the bytes before them.
 */
export function crc32(bytes: Uint8Array, before = 0): number {
  // Loaded on first use: node:zlib takes a while to load, and few labs save machines.
  return process.getBuiltinModule("node:zlib").crc32(bytes, before);
}

/** Returns the CRC-32 of a file. */
export async function fileCrc32(path: string): Promise<number> {
  using file = await Deno.open(path);
  const buffer = new Uint8Array(4 * 2 ** 20);
  let sum = 0;
  for (;;) {
    const n = await file.read(buffer);
    if (n === null) return sum;
    sum = crc32(buffer.subarray(0, n), sum);
  }
}
