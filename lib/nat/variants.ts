import type { NatPlace } from "./ruleset.ts";

/** The variants of the NAT for kernels that lack features, from the most complete to the least. */
export const NAT_VARIANTS: readonly Pick<
  NatPlace,
  "socketMatch" | "connectionCount" | "namedCounters"
>[] = [{}, { namedCounters: false }].flatMap((counters) => [
  counters,
  { ...counters, connectionCount: false },
  { ...counters, socketMatch: false },
  { ...counters, socketMatch: false, connectionCount: false },
]);

/**
 * Loads the first variant that the kernel accepts, beginning at index `from`, and returns its index.
 * If it refuses all, the cause is not a missing feature: throws the first refusal.
 */
export function loadFirst<T>(
  variants: readonly T[],
  from: number,
  load: (variant: T) => void,
  isRefusal: (error: unknown) => boolean,
): number {
  const refusals: unknown[] = [];
  for (let i = from; i < variants.length; i++) {
    try {
      load(variants[i]);
      return i;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      refusals.push(error);
    }
  }
  throw refusals[0];
}
