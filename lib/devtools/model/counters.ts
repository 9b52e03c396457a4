import { type Line, LineReader } from "./lines.ts";

/** Rates of one interface at one moment. */
export interface RateSample {
  /** Milliseconds since the lab started. */
  ms: number;
  /** Bits per second. */
  rxBits: number;
  txBits: number;
  /** Packets per second. */
  rxPackets: number;
  txPackets: number;
  /** Packets dropped since the sample before. */
  dropped: number;
}

interface Absolute {
  ms: number;
  rxPackets: number;
  txPackets: number;
  rxBytes: number;
  txBytes: number;
  dropped: number;
}

/** Packets that a direction of a link lost and dropped until a moment. */
interface LossSample {
  ms: number;
  lost: number;
  dropped: number;
}

/** The most samples of an interface that are kept. */
const MOST = 20_000;

/** The rates of interfaces, from `counters.jsonl`, whose lines have only what changed. */
export class Counters {
  readonly #reader = new LineReader();
  readonly #last = new Map<string, Absolute>();
  readonly #rates = new Map<string, RateSample[]>();
  readonly #losses = new Map<string, LossSample[]>();
  readonly #nat = new Map<string, [ms: number, mappings: number][]>();
  /** Lines that could not be read. */
  damaged = 0;
  /** The last sample. */
  endMs = 0;

  /** The offset of the byte that must be read next. */
  get nextByte(): number {
    return this.#reader.next;
  }

  /** Takes the next bytes of the file. */
  push(bytes: Uint8Array): void {
    for (const line of this.#reader.push(bytes)) this.#add(line);
  }

  /** The interfaces of a node that have samples: `eth0`. */
  interfacesOf(node: string): string[] {
    const prefix = `${node}/`;
    return [...this.#rates.keys()].filter((key) => key.startsWith(prefix))
      .map((key) => key.slice(prefix.length));
  }

  /** The samples of an interface: `laptop/eth0`. */
  rates(key: string): readonly RateSample[] {
    return this.#rates.get(key) ?? [];
  }

  /** The rates of an interface at a moment; undefined before its first sample. Idle since it: 0. */
  rateAt(key: string, ms: number): RateSample | undefined {
    const last = this.rates(key).findLast((sample) => sample.ms <= ms);
    return last;
  }

  /**
   * How many packets a direction of a link (`laptop/eth0`, `up`) lost by its condition, and how many its queue
   * dropped, between the samples around a moment; undefined if they do not say.
   */
  lossAt(
    link: string,
    direction: "up" | "down",
    ms: number,
  ): { lost: number; dropped: number } | undefined {
    const samples = this.#losses.get(`${link} ${direction}`) ?? [];
    const after = samples.findIndex((sample) => sample.ms >= ms);
    if (after < 0) return undefined;
    const before = samples[after - 1] ?? { lost: 0, dropped: 0 };
    const { lost, dropped } = samples[after];
    // A condition that was set anew counts from 0.
    return lost < before.lost || dropped < before.dropped
      ? { lost, dropped }
      : { lost: lost - before.lost, dropped: dropped - before.dropped };
  }

  /** The number of NAT mappings of a router at a moment. */
  mappingsAt(router: string, ms: number): number | undefined {
    return this.#nat.get(router)?.findLast(([at]) => at <= ms)?.[1];
  }

  #add({ text, cut }: Line): void {
    const sample = cut > 0 ? undefined : parse(text);
    if (!sample) {
      if (text.trim() !== "" || cut > 0) this.damaged++;
      return;
    }
    const { elapsedMs: ms } = sample;
    this.endMs = Math.max(this.endMs, ms);
    const changed = objectOf(sample.interfaces);
    for (const [key, values] of Object.entries(changed)) this.#interface(key, ms, objectOf(values));
    // What is not in the line did not change: its rate is 0 from here on.
    for (const [key, last] of this.#last) {
      if (key in changed) continue;
      const rates = this.#rates.get(key)!;
      const before = rates.at(-1)!;
      if (before.rxBits + before.txBits > 0) push(rates, idle(ms));
      last.ms = ms;
    }
    for (const [link, directions] of Object.entries(objectOf(sample.links))) {
      for (const [direction, values] of Object.entries(objectOf(directions))) {
        const { lost, dropped } = objectOf(values);
        if (typeof lost !== "number" || typeof dropped !== "number") continue;
        const key = `${link} ${direction}`;
        const all = this.#losses.get(key) ?? [];
        if (all.length < MOST) all.push({ ms, lost, dropped });
        this.#losses.set(key, all);
      }
    }
    for (const [router, values] of Object.entries(objectOf(sample.nat))) {
      const mappings = objectOf(values).mappings;
      if (typeof mappings !== "number") continue;
      const all = this.#nat.get(router) ?? [];
      if (all.length < MOST) all.push([ms, mappings]);
      this.#nat.set(router, all);
    }
  }

  #interface(key: string, ms: number, values: Record<string, unknown>): void {
    const last = this.#last.get(key);
    const value = (name: string) => {
      const now = values[name];
      const before = last?.[name as keyof Absolute] ?? 0;
      return typeof now === "number" && Number.isFinite(now) ? now : before;
    };
    const now: Absolute = {
      ms,
      rxPackets: value("rxPackets"),
      txPackets: value("txPackets"),
      rxBytes: value("rxBytes"),
      txBytes: value("txBytes"),
      dropped: Number(values.rxDropped ?? 0) + Number(values.txDropped ?? 0),
    };
    this.#last.set(key, now);
    const rates = this.#rates.get(key) ?? [];
    this.#rates.set(key, rates);
    const seconds = last ? (ms - last.ms) / 1_000 : 0;
    const rate = (name: "rxBytes" | "txBytes" | "rxPackets" | "txPackets", factor: number) =>
      last && seconds > 0 ? Math.max(0, (now[name] - last[name]) * factor / seconds) : 0;
    push(rates, {
      ms,
      rxBits: rate("rxBytes", 8),
      txBits: rate("txBytes", 8),
      rxPackets: rate("rxPackets", 1),
      txPackets: rate("txPackets", 1),
      dropped: last ? Math.max(0, now.dropped - last.dropped) : 0,
    });
  }
}

function push(rates: RateSample[], sample: RateSample): void {
  if (rates.length < MOST) rates.push(sample);
}

function idle(ms: number): RateSample {
  return { ms, rxBits: 0, txBits: 0, rxPackets: 0, txPackets: 0, dropped: 0 };
}

function parse(
  text: string,
): { elapsedMs: number; interfaces?: unknown; links?: unknown; nat?: unknown } | undefined {
  try {
    const value = JSON.parse(text);
    return value?.version === 1 && Number.isFinite(value.elapsedMs) ? value : undefined;
  } catch {
    return undefined;
  }
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? value as Record<string, unknown>
    : {};
}

/** A bit rate, with three digits: `1.25 Mbit/s`. */
export function bitsText(bits: number): string {
  if (bits < 1_000) return `${Math.round(bits)} bit/s`;
  const [value, unit] = bits < 1e6
    ? [bits / 1e3, "kbit/s"]
    : bits < 1e9
    ? [bits / 1e6, "Mbit/s"]
    : [bits / 1e9, "Gbit/s"];
  return `${value.toPrecision(3)} ${unit}`;
}
