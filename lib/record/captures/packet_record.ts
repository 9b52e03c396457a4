/** The bytes of a packet's record before its data. */
export const RECORD_HEADER_BYTES = 28;
/** The bytes after its data, without the padding of the data. */
const RECORD_END_BYTES = 16;
/** The most that a record adds to its data. */
export const RECORD_OVERHEAD_BYTES = RECORD_HEADER_BYTES + 3 + RECORD_END_BYTES;

const ENHANCED_PACKET = 6;
const EPB_FLAGS = 2 | 4 << 16; // The code, and the length of its value.
const INBOUND = 1;
const OUTBOUND = 2;

/**
 * Completes the record of a packet in a pcapng file, of which the data is in place already. It writes
 * what `packetBlock()` of `packets` does, without a copy.
 *
 * @param words The memory, as words.
 * @param at The offset of the record in bytes, a multiple of 4; the data is 28 bytes further.
 * @param length The bytes on the wire, of which `captured` are there.
 * @returns The length of the record.
 */
export function completeRecord(
  words: Uint32Array,
  at: number,
  captured: number,
  length: number,
  isOutgoing: boolean,
  seconds: number,
  nanos: number,
): number {
  const padded = (captured + 3) & ~3;
  const total = RECORD_HEADER_BYTES + padded + RECORD_END_BYTES;
  const word = at >>> 2;
  words[word] = ENHANCED_PACKET;
  words[word + 1] = total;
  words[word + 2] = 0; // The interface.
  setNanoseconds(words, word + 3, seconds, nanos);
  words[word + 5] = captured;
  words[word + 6] = length;
  let end = word + 7 + (padded >>> 2);
  if (captured & 3) words[end - 1] &= (1 << 8 * (captured & 3)) - 1;
  words[end++] = EPB_FLAGS;
  words[end++] = isOutgoing ? OUTBOUND : INBOUND;
  words[end++] = 0; // No more options.
  words[end] = total;
  return total;
}

/** Writes a time in nanoseconds as two words, the upper one first, with numbers below 2^53. */
function setNanoseconds(words: Uint32Array, at: number, seconds: number, nanos: number): void {
  // seconds = a * 2^16 + b, and a * 1e9 = c * 2^16 + d.
  const upper = (seconds >>> 16) * 1e9;
  const c = Math.floor(upper / 65_536);
  const low = (upper - c * 65_536) * 65_536 + (seconds & 0xffff) * 1e9 + nanos;
  const carry = Math.floor(low / 2 ** 32);
  words[at] = c + carry;
  words[at + 1] = low - carry * 2 ** 32;
}
