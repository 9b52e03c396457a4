import { BootFilesError } from "./errors.ts";

/** The magic number of the "legacy" format, with which the kernel compresses itself. */
export const LZ4_LEGACY_MAGIC = 0x184c2102;

/** The largest uncompressed size of a block in this format: 8 MiB. */
const BLOCK_SIZE = 8 << 20;
/** The shortest match. */
const LEAST_MATCH = 4;
/** The value of a four-bit length that continues in the next bytes. */
const CONTINUED = 15;

/**
 * Decompresses an LZ4 stream of the legacy format (`lz4 -l`): the magic number, then blocks, each after its
 * compressed size. Zeros after the last block are skipped.
 *
 * @throws {BootFilesError} If the stream has another format, or is truncated or damaged.
 */
export function unpackLz4Legacy(stream: Uint8Array): Uint8Array<ArrayBuffer> {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  if (stream.length < 4 || view.getUint32(0, true) !== LZ4_LEGACY_MAGIC) damaged("no magic number");
  const blocks: Uint8Array[] = [];
  for (let at = 4; at + 4 <= stream.length;) {
    const size = view.getUint32(at, true);
    at += 4;
    if (size === 0) continue;
    if (at + size > stream.length) damaged("the last block is truncated");
    blocks.push(unpackLz4Block(stream.subarray(at, at + size), BLOCK_SIZE));
    at += size;
  }
  const all = new Uint8Array(blocks.reduce((sum, block) => sum + block.length, 0));
  let at = 0;
  for (const block of blocks) {
    all.set(block, at);
    at += block.length;
  }
  return all;
}

/**
 * Decompresses one LZ4 block: sequences of literals and of matches, which repeat earlier output.
 *
 * @param block The compressed bytes.
 * @param limit The largest uncompressed size.
 * @throws {BootFilesError} If the block is damaged.
 */
export function unpackLz4Block(block: Uint8Array, limit: number): Uint8Array {
  const out = new Uint8Array(limit);
  let from = 0;
  let to = 0;
  // A length of 15 continues in the next bytes, as long as they are 255.
  const length = (short: number) => {
    if (short < CONTINUED) return short;
    let sum = short;
    for (let byte = 255; byte === 255;) {
      if (from >= block.length) damaged("a length is truncated");
      byte = block[from++];
      sum += byte;
    }
    return sum;
  };
  while (from < block.length) {
    const token = block[from++];
    const literals = length(token >> 4);
    if (from + literals > block.length || to + literals > limit) {
      damaged("literals exceed the block");
    }
    if (literals > 16) out.set(block.subarray(from, from + literals), to);
    else for (let i = 0; i < literals; i++) out[to + i] = block[from + i];
    from += literals;
    to += literals;
    if (from >= block.length) break; // the last sequence has literals only
    if (from + 2 > block.length) damaged("a distance is truncated");
    const distance = block[from] | block[from + 1] << 8;
    from += 2;
    const match = length(token & 15) + LEAST_MATCH;
    if (distance === 0 || distance > to || to + match > limit) damaged("a match exceeds the block");
    if (distance >= match && match > 32) out.copyWithin(to, to - distance, to - distance + match);
    else for (let i = 0; i < match; i++) out[to + i] = out[to - distance + i];
    to += match;
  }
  return out.subarray(0, to);
}

function damaged(what: string): never {
  throw new BootFilesError(`cannot decompress LZ4 data: ${what}`);
}
