/** What was requested of one direction of a link, and what it did since that was last changed. */
export interface LinkResult {
  /** The node and the interface: `laptop/eth0`. */
  link: string;
  /** `up` is what the interface sends. */
  direction: "up" | "down";
  asked: LinkNumbers;
  /** Undefined where it cannot be told: nothing was sent, or the link engine does not measure it. */
  achieved: Partial<LinkNumbers>;
  packets: number;
  /** Packets that a full queue dropped, or that the end of the link did. */
  dropped: number;
}

/** The numbers of a link. A rate of 0 is without limit. */
export interface LinkNumbers {
  /** The delay, in milliseconds. */
  delayMs: number;
  lossPct: number;
  /** Bits per second; as achieved, the most between two samples. */
  rateBits: number;
}

interface Counts {
  ms: number;
  packets: number;
  bytes: number;
  lost: number;
  dropped: number;
  /** The lateness of all packets together; undefined if it is not measured. */
  lateMs: number | undefined;
}

interface Followed {
  link: string;
  direction: "up" | "down";
  asked: LinkNumbers;
  /** When that was requested, and at the last sample. */
  from: Counts;
  last: Counts;
  peakBits: number;
  /** What it did before, as long as nothing was sent since. */
  former: Followed | undefined;
}

const packetsOf = ({ from, last }: Followed) => last.packets - from.packets;

/** More are not shown. */
const MOST = 2_000;

/** Compares links with what was requested, from the samples of `counters.jsonl`. */
export class LinkResults {
  readonly #links = new Map<string, Followed>();

  /** Takes the member `links` of a sample, of any form. */
  add(ms: number, links: unknown): void {
    for (const [link, directions] of Object.entries(objectOf(links))) {
      for (const direction of ["up", "down"] as const) {
        const values = objectOf(objectOf(directions)[direction]);
        if (values.asked !== undefined) this.#follow(link, direction, countsOf(ms, values), values);
      }
    }
  }

  #follow(
    link: string,
    direction: "up" | "down",
    now: Counts,
    { asked: given }: Record<string, unknown>,
  ): void {
    const key = `${link} ${direction}`;
    const asked = numbersOf(objectOf(given));
    const known = this.#links.get(key);
    // An impairment that was made anew counts from 0.
    const before = known && known.last.packets <= now.packets
      ? known.last
      : zero(known?.last.ms ?? now.ms);
    if (known && sameNumbers(known.asked, asked)) {
      if (before !== known.last) known.from = before;
      known.peakBits = Math.max(known.peakBits, rate(before, now));
      known.last = now;
      return;
    }
    if (!known && this.#links.size >= MOST) return;
    // What was requested while nothing was sent says nothing.
    const former = known && packetsOf(known) > 0 ? known : known?.former;
    const begun = { link, direction, asked, from: before, last: now, peakBits: rate(before, now) };
    this.#links.set(key, { ...begun, former: former && { ...former, former: undefined } });
  }

  /** Whether {@linkcode LinkResults.rows} has any. */
  get isEmpty(): boolean {
    return !this.#links.values().some((one) => one.former || packetsOf(one) > 0);
  }

  /** The directions of links that carried packets, in the order in which they came. */
  rows(): LinkResult[] {
    const followed = [...this.#links.values()].flatMap((one) => {
      const told = packetsOf(one) > 0 ? one : one.former;
      return told ? [told] : [];
    });
    return followed.map(({ link, direction, asked, from, last, peakBits }) => {
      const packets = last.packets - from.packets;
      const lost = last.lost - from.lost;
      const lateMs = last.lateMs === undefined ? undefined : last.lateMs - (from.lateMs ?? 0);
      const delivered = packets - lost;
      return {
        link,
        direction,
        asked,
        achieved: {
          delayMs: delivered > 0 && lateMs !== undefined
            ? asked.delayMs + Math.max(0, lateMs) / packets
            : undefined,
          lossPct: packets > 0 ? 100 * lost / packets : undefined,
          rateBits: packets > 0 ? peakBits : undefined,
        },
        packets,
        dropped: last.dropped - from.dropped,
      };
    });
  }
}

const zero = (ms: number): Counts => ({
  ms,
  packets: 0,
  bytes: 0,
  lost: 0,
  dropped: 0,
  lateMs: undefined,
});

/** Samples may be milliseconds apart, between which a burst says nothing about a rate. */
const SHORTEST_MS = 200;

function rate(from: Counts, to: Counts): number {
  return 8_000 * Math.max(0, to.bytes - from.bytes) / Math.max(SHORTEST_MS, to.ms - from.ms);
}

function countsOf(ms: number, values: Record<string, unknown>): Counts {
  const packets = numberOf(values.packets);
  const meanMs = values.meanLateMs;
  return {
    ms,
    packets,
    bytes: numberOf(values.bytes),
    lost: numberOf(values.lost),
    dropped: numberOf(values.dropped),
    lateMs: typeof meanMs === "number" ? meanMs * packets : undefined,
  };
}

function numbersOf(limits: Record<string, unknown>): LinkNumbers {
  return {
    delayMs: numberOf(limits.latencyMs),
    lossPct: numberOf(limits.lossPct),
    rateBits: numberOf(limits.rateKbit) * 1_000,
  };
}

function sameNumbers(a: LinkNumbers, b: LinkNumbers): boolean {
  return a.delayMs === b.delayMs && a.lossPct === b.lossPct && a.rateBits === b.rateBits;
}

function numberOf(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? value as Record<string, unknown> : {};
}
