/** Derives a seed from the lab's and a name (FNV-1a, then the murmur3 finalizer). */
export function deriveSeed(seed: number, name: string): number {
  let hash = 0x811c9dc5 ^ seed;
  for (const char of name) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Draws a lab's seed. */
export function drawSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0];
}
