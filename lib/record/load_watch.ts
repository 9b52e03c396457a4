import { type HostTotals, readHostTotals } from "./host_load.ts";
import { type CpuWait, isLong, judge, type Lateness, lateShares, type Verdict } from "./verdict.ts";

/** How a {@link LoadWatch} looks at the host. */
export interface LoadSource {
  /** A monotonic clock, in milliseconds. */
  now(): number;
  read(): HostTotals;
}

const HOST: LoadSource = { now: () => performance.now(), read: readHostTotals };

/** The least time over which the share of waiting is taken, while there are several readings. */
const WINDOW_MS = 2_000;

interface Reading extends HostTotals {
  atMs: number;
}

/**
 * Watches the load of the host for a verdict. Made when a lab is created, it reads the host's counters
 * once, and again for each verdict: so a lab that records nothing has one for its whole life. A recorder
 * looks more often, and so finds the worst time of a longer life.
 */
export class LoadWatch {
  #source: LoadSource;
  /** The readings of the last {@link WINDOW_MS}, and one before. */
  #recent: Reading[];
  #cpu: CpuWait | undefined;
  /** The share by which a verdict was inconclusive. */
  #saidCpu: CpuWait | undefined;
  #said: Verdict | undefined;
  #loopWaitMs = 0;
  /** The worst lateness of each direction of a link, on average and of one packet. */
  #lateOnAverage = new Map<string, Lateness>();
  #latest = new Map<string, Lateness>();

  constructor(source: LoadSource = HOST) {
    this.#source = source;
    this.#recent = [this.#read()];
  }

  /** Reads the counters of the host, and returns them. */
  look(): HostTotals {
    const now = this.#read();
    const recent = this.#recent;
    recent.push(now);
    while (recent.length > 2 && now.atMs - recent[1].atMs >= WINDOW_MS) recent.shift();
    const overMs = now.atMs - recent[0].atMs;
    const [from, to] = [recent[0].cpu, now.cpu];
    if (from && to && overMs > 0) {
      const pct = Math.min(100, (to.someUs - from.someUs) / 10 / overMs);
      // Until the first window is full, it is the whole life of the lab.
      const isFilling = (this.#cpu?.overMs ?? 0) < WINDOW_MS;
      if (isFilling || pct > this.#cpu!.pct) this.#cpu = { pct, overMs };
    }
    return now;
  }

  /** Notes that the event loop was late, by so much because its thread waited for a processor. */
  waited(ms: number): void {
    this.#loopWaitMs = Math.max(this.#loopWaitMs, ms);
  }

  /** Notes how late the emulator's packets are. What counts is the share of the limit at that time. */
  late(links: Iterable<Lateness>): void {
    const worst = (of: Map<string, Lateness>, one: Lateness, by: "mean" | "most") => {
      const before = of.get(one.link);
      if (!before || lateShares(one)[by] >= lateShares(before)[by]) of.set(one.link, one);
    };
    for (const one of links) {
      worst(this.#lateOnAverage, one, "mean");
      worst(this.#latest, one, "most");
    }
  }

  /**
   * The verdict about the time until now. One that was inconclusive stays so: a failure may have been
   * explained by it.
   */
  verdict(): Verdict {
    this.look();
    // The share of a short life sinks again while the lab gets older.
    if (this.#cpu && isLong(this.#cpu)) this.#saidCpu = this.#cpu;
    return this.#said = judge({
      cpu: this.#saidCpu ?? this.#cpu,
      loopWaitMs: this.#loopWaitMs,
      emulator: [...new Set([...this.#lateOnAverage.values(), ...this.#latest.values()])],
    });
  }

  /** The last verdict that was given; undefined before the first. */
  get said(): Verdict | undefined {
    return this.#said;
  }

  #read(): Reading {
    return { ...this.#source.read(), atMs: this.#source.now() };
  }
}
