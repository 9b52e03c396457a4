/** How many events programs may report. */
export interface EventLimits {
  /** Events of one node in a second, on average. */
  perSecond: number;
  /** Events of one node at once. */
  burst: number;
  /** Events of the lab, from its creation to its end. */
  total: number;
  /** Bytes of the lines of these events. */
  bytes: number;
}

/**
 * A lab keeps its events in memory. These bound them to what a page can show, far above what a test
 * reports by intention.
 */
export const EVENT_LIMITS: EventLimits = {
  perSecond: 100,
  burst: 2_000,
  total: 100_000,
  bytes: 64 << 20,
};

/** Why an event is refused: its node reports too many at once, or the lab has too many. */
export type EventRefusal = "rate" | "total";

/** Counts the events of a lab's programs, and decides which are kept. */
export class EventBudget {
  readonly #limits: EventLimits;
  readonly #nodes = new Map<string, { left: number; at: number }>();
  #total = 0;
  #bytes = 0;
  #refused = 0;

  /** Begins with nothing used. */
  constructor(limits: EventLimits = EVENT_LIMITS) {
    this.#limits = limits;
  }

  /** The number of events that were refused. */
  get refused(): number {
    return this.#refused;
  }

  /**
   * Asks for one more event of a node; undefined if it may be kept.
   *
   * @param bytes the size of its line
   * @param now a monotonic clock, in milliseconds
   */
  take(node: string, bytes: number, now: number): EventRefusal | undefined {
    const refusal = this.#refusal(node, bytes, now);
    if (refusal) this.#refused++;
    return refusal;
  }

  #refusal(node: string, bytes: number, now: number): EventRefusal | undefined {
    const { perSecond, burst, total, bytes: most } = this.#limits;
    if (this.#total >= total || this.#bytes + bytes > most) return "total";
    const before = this.#nodes.get(node) ?? { left: burst, at: now };
    const left = Math.min(burst, before.left + (now - before.at) * perSecond / 1_000);
    if (left < 1) return "rate";
    this.#nodes.set(node, { left: left - 1, at: now });
    this.#total++;
    this.#bytes += bytes;
    return undefined;
  }
}
