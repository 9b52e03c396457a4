/** The result of {@linkcode minimize}. */
export interface Minimized<T> {
  /** The smallest set that was found, in the given order. */
  smallest: T[];
  /** Whether it fails no more without any one of its members. False if the search was ended. */
  isMinimal: boolean;
}

/**
 * Finds a smallest part of a set that still fails, by delta debugging: halves, then quarters and so on, each
 * alone and each left out. It takes about `2 log n` tests if one member is to blame, and `n²` at worst.
 *
 * Source: Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002 (ddmin).
 *
 * @param all a set that fails
 * @param fails tests a part, and returns undefined to end the search; called once for each part
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const fails = (part: number[]) => Promise.resolve(part.includes(2) && part.includes(5));
 * assertEquals((await minimize([1, 2, 3, 4, 5, 6], fails)).smallest, [2, 5]);
 * ```
 */
export async function minimize<T>(
  all: readonly T[],
  fails: (part: T[]) => Promise<boolean | undefined>,
): Promise<Minimized<T>> {
  const known = new Map<string, boolean>();
  const test = async (part: T[]) => {
    const key = part.map((one) => all.indexOf(one)).join();
    const result = known.get(key) ?? await fails(part);
    if (result !== undefined) known.set(key, result);
    return result;
  };
  let smallest = [...all];
  let pieces = 2;
  while (smallest.length > 1) {
    const found = await firstFailing(candidates(smallest, pieces), test);
    if (found === undefined) return { smallest, isMinimal: false };
    if (found) {
      // A part that is left when one was taken away has been cut already.
      pieces = found.isRest ? Math.max(pieces - 1, 2) : 2;
      smallest = found.part;
    } else if (pieces >= smallest.length) break;
    else pieces = Math.min(2 * pieces, smallest.length);
  }
  return { smallest, isMinimal: true };
}

interface Candidate<T> {
  part: T[];
  /** Whether it is what is left without a piece. */
  isRest: boolean;
}

function candidates<T>(set: readonly T[], pieces: number): Candidate<T>[] {
  const bounds = Array.from({ length: pieces + 1 }, (_, i) => Math.round(i * set.length / pieces));
  const cuts = bounds.slice(1).map((to, i) => [bounds[i], to]);
  return [
    ...cuts.map(([from, to]) => ({ part: set.slice(from, to), isRest: false })),
    ...cuts.map(([from, to]) => ({
      part: [...set.slice(0, from), ...set.slice(to)],
      isRest: true,
    })),
  ];
}

/** The first candidate that fails; null if none does, undefined if the search was ended. */
async function firstFailing<T>(
  candidates: Candidate<T>[],
  test: (part: T[]) => Promise<boolean | undefined>,
): Promise<Candidate<T> | null | undefined> {
  for (const candidate of candidates) {
    const result = await test(candidate.part);
    if (result === undefined) return undefined;
    if (result) return candidate;
  }
  return null;
}
