import type { NatPlace } from "./ruleset.ts";

/** What the NAT of a kernel can go without, what is missed least first. */
export const NAT_VARIANTS: readonly Pick<NatPlace, "socketMatch" | "connectionCount">[] = [
  {},
  { connectionCount: false },
  { socketMatch: false },
  { socketMatch: false, connectionCount: false },
];

/**
 * Loads the first of the variants that is not refused, beginning with the one at `from`, and
 * returns its index. Where all are refused it is not for a feature: the first refusal is thrown.
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
