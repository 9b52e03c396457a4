/** A generator whose numbers, from 0 up to 1, follow from its seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = state + 0x6d2b79f5 >>> 0;
    let mixed = Math.imul(state ^ state >>> 15, state | 1);
    mixed ^= mixed + Math.imul(mixed ^ mixed >>> 7, mixed | 61);
    return ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32;
  };
}

/** A whole number from 0 to `below - 1`. */
export function pick(random: () => number, below: number): number {
  return Math.floor(random() * below);
}

/** An address of 4 or 16 bytes; half of the groups of an IPv6 one are zero, so that runs occur. */
export function randomBytes(random: () => number, length: 4 | 16): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.from({ length }, () => pick(random, 256));
  if (length === 16) {
    for (let at = 0; at < 16; at += 2) if (random() < 0.5) bytes.fill(0, at, at + 2);
  }
  return bytes;
}
