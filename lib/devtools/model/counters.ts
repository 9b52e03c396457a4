import { type Line, LineReader } from "./lines.ts";
import { LinkResults } from "./link_results.ts";

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
  /** All so far. */
  totals: Totals;
}

/** How busy the host was at one moment. */
export interface HostSample {
  ms: number;
  /** The share of the last ten seconds in which some task waited for a processor, in percent. */
  cpuPct: number;
  /** The lag of the event loop, and of the emulator's latest packet, in milliseconds. */
  lateMs: number;
}

/** The bytes that an interface received and sent so far, and what it dropped. */
export interface Totals {
  rxBytes: number;
  txBytes: number;
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
  readonly #firewall = new Map<string, [ms: number, packets: number][]>();
  readonly #traffic = new Map<string, [ms: number, bits: number][]>();
  readonly #interfaces = new Map<string, string[]>();
  /** Lines that could not be read. */
  damaged = 0;
  /** Links beside what was requested. */
  readonly links = new LinkResults();
  /** What the host was busy with, in the order of time. */
  readonly host: HostSample[] = [];
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
    return (this.#interfaces.get(node) ?? []).map((key) => key.slice(node.length + 1));
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

  /** The number of packets that the firewall of a router has dropped until a moment. */
  firewallDropsAt(router: string, ms: number): number | undefined {
    return this.#firewall.get(router)?.findLast(([at]) => at <= ms)?.[1];
  }

  /** What all interfaces of a node received and sent, in bits per second. */
  trafficOf(node: string): readonly (readonly [ms: number, bits: number])[] {
    return this.#traffic.get(node) ?? [];
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
    const moved = new Set<string>();
    for (const [key, values] of Object.entries(changed)) {
      this.#interface(key, ms, objectOf(values));
      moved.add(nodeOf(key));
    }
    // What is not in the line did not change: its rate is 0 from here on.
    for (const [key, last] of this.#last) {
      if (key in changed) continue;
      const rates = this.#rates.get(key)!;
      const before = rates.at(-1)!;
      if (before.rxBits + before.txBits > 0) {
        push(rates, idle(ms, before.totals));
        moved.add(nodeOf(key));
      }
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
    this.links.add(ms, sample.links);
    for (const node of moved) this.#addTraffic(node, ms);
    addValues(this.#nat, sample.nat, "mappings", ms);
    addValues(this.#firewall, sample.firewall, "droppedPackets", ms);
    if (sample.host !== undefined) this.#addHost(objectOf(sample.host), ms);
  }

  #addTraffic(node: string, ms: number): void {
    let bits = 0;
    for (const key of this.#interfaces.get(node) ?? []) {
      const last = this.#rates.get(key)!.at(-1)!;
      bits += last.rxBits + last.txBits;
    }
    const all = this.#traffic.get(node) ?? [];
    if (all.length < MOST) all.push([ms, bits]);
    this.#traffic.set(node, all);
  }

  #addHost(sample: Record<string, unknown>, ms: number): void {
    if (this.host.length >= MOST) return;
    const { cpuSome10, loopLagMs, emulatorMaxLateMs } = sample;
    const last = this.host.at(-1);
    this.host.push({
      ms,
      cpuPct: numberOf(cpuSome10) ?? last?.cpuPct ?? 0,
      lateMs: Math.max(numberOf(loopLagMs) ?? 0, numberOf(emulatorMaxLateMs) ?? 0),
    });
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
      dropped: (numberOf(values.rxDropped) ?? 0) + (numberOf(values.txDropped) ?? 0),
    };
    this.#last.set(key, now);
    const rates = this.#rates.get(key) ?? [];
    if (!last) {
      this.#rates.set(key, rates);
      const node = nodeOf(key);
      this.#interfaces.set(node, [...this.#interfaces.get(node) ?? [], key]);
    }
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
      totals: { rxBytes: now.rxBytes, txBytes: now.txBytes, dropped: now.dropped },
    });
  }
}

function push(rates: RateSample[], sample: RateSample): void {
  if (rates.length < MOST) rates.push(sample);
}

function idle(ms: number, totals: Totals): RateSample {
  return { ms, rxBits: 0, txBits: 0, rxPackets: 0, txPackets: 0, dropped: 0, totals };
}

/** The node of `laptop/eth0`. */
const nodeOf = (key: string) => key.slice(0, Math.max(0, key.lastIndexOf("/")));

function addValues(
  map: Map<string, [ms: number, value: number][]>,
  values: unknown,
  name: string,
  ms: number,
): void {
  for (const [key, fields] of Object.entries(objectOf(values))) {
    const value = numberOf(objectOf(fields)[name]);
    if (value === undefined) continue;
    const all = map.get(key) ?? [];
    if (all.length < MOST) all.push([ms, value]);
    map.set(key, all);
  }
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

function parse(
  text: string,
): Record<string, unknown> & { elapsedMs: number } | undefined {
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
