import { type HostTotals, readHostTotals } from "./host_load.ts";
import { type CpuWait, judge, type Lateness, type Verdict } from "./verdict.ts";

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

  /** Notes how late the emulator's packets are. */
  late(links: Iterable<Lateness>): void {
    for (const one of links) {
      const { link, meanLateMs, maxLateMs } = one;
      if (meanLateMs >= (this.#lateOnAverage.get(link)?.meanLateMs ?? 0)) {
        this.#lateOnAverage.set(link, one);
      }
      if (maxLateMs >= (this.#latest.get(link)?.maxLateMs ?? 0)) this.#latest.set(link, one);
    }
  }

  /** The verdict about the time until now. */
  verdict(): Verdict {
    this.look();
    return judge({
      cpu: this.#cpu,
      loopWaitMs: this.#loopWaitMs,
      emulator: [...new Set([...this.#lateOnAverage.values(), ...this.#latest.values()])],
    });
  }

  #read(): Reading {
    return { ...this.#source.read(), atMs: this.#source.now() };
  }
}
