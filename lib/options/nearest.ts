/**
 * Returns the candidate that a mistyped word probably means; undefined if none is near.
 *
 * A candidate is near if it differs only in case and hyphens, if up to a third of its letters are wrong,
 * or if one word, of three letters or more, is a part of the other ("loss" means "lossPct").
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(nearest("natt", ["preset", "nat"]), "nat");
 * assertEquals(nearest("latency-ms", ["jitterMs", "latencyMs"]), "latencyMs");
 * assertEquals(nearest("color", ["preset", "nat"]), undefined);
 * ```
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Infinity;
  for (const candidate of candidates) {
    const distance = remoteness(plain(word), plain(candidate));
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

function plain(word: string): string {
  return word.toLowerCase().replace(/[-_\s]/g, "");
}

/** Returns the number of edits; more if only a part agrees; infinity if the words are not near. */
function remoteness(a: string, b: string): number {
  const edits = editDistance(a, b);
  const longer = Math.max(a.length, b.length);
  if (edits <= Math.max(1, Math.floor(longer / 3)) && edits < longer) return edits;
  const shorter = Math.min(a.length, b.length);
  return shorter >= 3 && (a.includes(b) || b.includes(a)) ? 2 * longer - shorter : Infinity;
}

/** Counts insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      row[j] = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) row[j] = Math.min(row[j], beforeLast[j - 2] + 1);
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length];
}
