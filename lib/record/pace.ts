/** Changes of the network are sampled together for so long, in milliseconds. */
const COALESCE_MS = 50;
/** Sampling takes at most this share of the time. */
const SHARE = 0.01;
/** How fast the known cost follows a cheaper sample; a more expensive one counts at once. */
const FOLLOW = 0.25;

/**
 * Decides when to sample: at an interval, and soon after a change, but so that sampling takes at most 1 %
 * of the time.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const pace = new Pace(1000, 0);
 * assertEquals([pace.isDue(999), pace.isDue(1000)], [false, true]);
 * pace.sampled(1000, 30); // 30 ms is 1 % of 3 s
 * assertEquals([pace.isDue(3999), pace.isDue(4000)], [false, true]);
 * ```
 */
export class Pace {
  #intervalMs: number;
  #lastMs: number;
  #costMs = 0;
  #changed = false;

  /** `intervalMs` is the requested interval; `nowMs` the time now. */
  constructor(intervalMs: number, nowMs: number) {
    this.#intervalMs = intervalMs;
    this.#lastMs = nowMs;
  }

  /** The interval that is effective: longer than the requested one where samples are expensive. */
  get intervalMs(): number {
    return Math.max(this.#intervalMs, this.#leastMs);
  }

  get #leastMs(): number {
    return this.#costMs / SHARE;
  }

  /** Notes that the network changed. */
  changed(): void {
    this.#changed = true;
  }

  /** Whether it is time to sample. */
  isDue(nowMs: number): boolean {
    const sinceMs = nowMs - this.#lastMs;
    if (this.#changed) return sinceMs >= Math.max(COALESCE_MS, this.#leastMs);
    return sinceMs >= this.intervalMs;
  }

  /** Notes a sample that began at `nowMs` and took `costMs`. */
  sampled(nowMs: number, costMs: number): void {
    this.#lastMs = nowMs;
    this.#changed = false;
    const difference = costMs - this.#costMs;
    this.#costMs += difference > 0 ? difference : FOLLOW * difference;
  }
}
