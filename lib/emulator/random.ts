/**
 * Random numbers by index: the k-th draw of a seed is computed from `k`, whatever was drawn before. So
 * what happens to the k-th packet does not depend on which effects are active.
 */

/** A bijection of 32-bit integers in which every bit depends on every other (Wellons' lowbias32). */
export function mix(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x21f0aaad);
  h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
  return h ^ (h >>> 15);
}

/** The k-th draw of a seed: an integer from 0 to 2**32 - 1, uniformly distributed. */
export function draw(seed: number, k: number): number {
  return mix(mix(k ^ seed) + seed | 0) >>> 0;
}

/** The seed of one of several independent streams of a seed. */
export function streamSeed(seed: number, stream: number): number {
  return mix(mix(seed | 0) ^ Math.imul(stream + 1, 0x9e3779b9));
}
