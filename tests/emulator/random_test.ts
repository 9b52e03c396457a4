import { assert, assertEquals } from "@std/assert";
import { draw, mix, streamSeed } from "../../lib/emulator/random.ts";

const DRAWS = 100_000;

/** How far counts are from a uniform distribution, in standard deviations. */
function unevenness(counts: number[], total: number): number {
  const expected = total / counts.length;
  const chi = counts.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
  const degrees = counts.length - 1;
  return (chi - degrees) / Math.sqrt(2 * degrees);
}

Deno.test("draws are uniform for any seed, in their high and in their low bits", () => {
  for (const seed of [0, 1, 2, -1, 0x7fffffff, streamSeed(1, 3), streamSeed(2, 3)]) {
    const high = new Array(100).fill(0);
    const low = new Array(128).fill(0);
    for (let k = 0; k < DRAWS; k++) {
      const value = draw(seed, k);
      high[Math.floor(value / 2 ** 32 * 100)]++;
      low[value & 127]++;
    }
    assert(Math.abs(unevenness(high, DRAWS)) < 5, `seed ${seed}: high bits`);
    assert(Math.abs(unevenness(low, DRAWS)) < 5, `seed ${seed}: low bits`);
  }
});

Deno.test("a draw is independent of the next one, and of those of other streams", () => {
  const streams = [streamSeed(7, 0), streamSeed(7, 1), streamSeed(8, 0), streamSeed(8, 1)];
  const pairs = (other: (k: number) => number) => {
    const counts = new Array(64).fill(0);
    for (let k = 0; k < DRAWS; k++) {
      counts[(draw(streams[0], k) >>> 29) * 8 + (other(k) >>> 29)]++;
    }
    return unevenness(counts, DRAWS);
  };
  assert(Math.abs(pairs((k) => draw(streams[0], k + 1))) < 5, "the next");
  for (const stream of streams.slice(1)) {
    assert(Math.abs(pairs((k) => draw(stream, k))) < 5, "another stream");
  }
});

Deno.test("a draw depends only on its seed and index, and is a 32-bit integer", () => {
  const forth = Array.from({ length: 1_000 }, (_, k) => draw(5, k));
  const back = Array.from({ length: 1_000 }, (_, k) => draw(5, 999 - k)).reverse();
  assertEquals(forth, back);
  assert(forth.every((value) => Number.isInteger(value) && value >= 0 && value < 2 ** 32));
  // These determine the meaning of a seed: a change would change all runs.
  const draws = [2841986018, 2261973619, 3769060615];
  assertEquals([draw(1, 0), draw(1, 1), draw(-5, 70_000)], draws);
  assertEquals(new Set(Array.from({ length: 10_000 }, (_, n) => mix(n))).size, 10_000);
});
