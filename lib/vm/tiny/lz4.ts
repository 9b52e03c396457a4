import { BootFilesError } from "./errors.ts";

/** With what a stream of the "legacy" format begins, in which the kernel packs itself. */
export const LZ4_LEGACY_MAGIC = 0x184c2102;

/** A block of this format holds up to 8 MiB of what was packed. */
const BLOCK_SIZE = 8 << 20;
// A match is at least so long, and the four bits for its length end here.
const LEAST_MATCH = 4;
const MORE = 15;

/**
 * What was packed as an LZ4 stream of the legacy format (`lz4 -l`): the magic number, then blocks
 * with their packed size before them. Zeros behind the last block are passed over.
 *
 * @throws {BootFilesError} If the stream is not of this format, or is cut or damaged.
 */
export function unpackLz4Legacy(stream: Uint8Array): Uint8Array<ArrayBuffer> {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  if (stream.length < 4 || view.getUint32(0, true) !== LZ4_LEGACY_MAGIC) damaged("no magic number");
  const blocks: Uint8Array[] = [];
  for (let at = 4; at + 4 <= stream.length;) {
    const size = view.getUint32(at, true);
    at += 4;
    if (size === 0) continue;
    if (at + size > stream.length) damaged("the last block is cut");
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
 * Unpacks one LZ4 block: sequences of literals and of matches, which repeat what came before.
 *
 * @param block The packed bytes.
 * @param limit The most that they may become.
 * @throws {BootFilesError} If the block is damaged.
 */
export function unpackLz4Block(block: Uint8Array, limit: number): Uint8Array {
  const out = new Uint8Array(limit);
  let from = 0;
  let to = 0;
  // A length of 15 goes on in the bytes that follow, as long as they are 255.
  const length = (short: number) => {
    if (short < MORE) return short;
    let sum = short;
    for (let byte = 255; byte === 255;) {
      if (from >= block.length) damaged("a length is cut");
      byte = block[from++];
      sum += byte;
    }
    return sum;
  };
  while (from < block.length) {
    const token = block[from++];
    const literals = length(token >> 4);
    if (from + literals > block.length || to + literals > limit) {
      damaged("literals leave the block");
    }
    if (literals > 16) out.set(block.subarray(from, from + literals), to);
    else for (let i = 0; i < literals; i++) out[to + i] = block[from + i];
    from += literals;
    to += literals;
    if (from >= block.length) break; // the last sequence has literals only
    if (from + 2 > block.length) damaged("a distance is cut");
    const distance = block[from] | block[from + 1] << 8;
    from += 2;
    const match = length(token & 15) + LEAST_MATCH;
    if (distance === 0 || distance > to || to + match > limit) damaged("a match leaves the block");
    if (distance >= match && match > 32) out.copyWithin(to, to - distance, to - distance + match);
    else for (let i = 0; i < match; i++) out[to + i] = out[to - distance + i];
    to += match;
  }
  return out.subarray(0, to);
}

function damaged(what: string): never {
  throw new BootFilesError(`cannot unpack LZ4 data: ${what}`);
}
