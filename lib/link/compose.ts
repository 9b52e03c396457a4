import type { LinkLimits } from "./condition.ts";

/**
 * Combines the limits of two links in a row: delays and jitters add up (the bounds of the jitter do;
 * its distribution is then no longer uniform), a packet must survive both losses, and the lower rate
 * applies.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   composeLimits({ latencyMs: 5, lossPct: 50, rateKbit: 1_000 }, { latencyMs: 20, lossPct: 50 }),
 *   { latencyMs: 25, lossPct: 75, rateKbit: 1_000 },
 * );
 * assertEquals(composeLimits({}, undefined), undefined);
 * ```
 */
export function composeLimits(
  a: LinkLimits | undefined,
  b: LinkLimits | undefined,
): LinkLimits | undefined {
  const both: [keyof LinkLimits, Compose][] = [
    ["rateKbit", lower],
    ["lossPct", either],
    ["latencyMs", sum],
    ["jitterMs", sum],
    ["reorderPct", either],
    ["duplicatePct", either],
    ["corruptPct", either],
  ];
  const entries = both.flatMap(([field, compose]) => {
    const [one, other] = [a?.[field] ?? 0, b?.[field] ?? 0];
    // A limit of only one link stays unchanged: arithmetic would round it.
    const value = one && other ? compose(one, other) : one || other;
    return value ? [[field, value]] : [];
  });
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

type Compose = (a: number, b: number) => number;

const sum: Compose = (a, b) => a + b;
const lower: Compose = Math.min;
/** The probability that at least one of two independent events happens, in percent. */
const either: Compose = (a, b) => Math.min(100, a + b - a * b / 100);
