/** Whether the host was fast enough for what a lab shows, and if not, why. */
export interface Verdict {
  /** `"inconclusive"`: what failed may have failed because the host was too slow. */
  kind: "ok" | "inconclusive";
  /** What was too slow, with the numbers; empty if nothing was. */
  reasons: string[];
}

/** A time in which tasks of the host waited for a processor. */
export interface CpuWait {
  /** The share of the time in which at least one task waited, in percent. */
  pct: number;
  /** The length of the time, in milliseconds. */
  overMs: number;
}

/** How late the link emulator sent the packets of one direction of a link. */
export interface Lateness {
  /** The link and its direction: `laptop/eth0 up`. */
  link: string;
  /** The requested delay, in milliseconds. */
  askedMs: number;
  /** How many packets there were. */
  packets: number;
  meanLateMs: number;
  maxLateMs: number;
}

/** What a verdict is about. */
export interface ObservedLoad {
  /** The time with the highest share; undefined if the kernel does not report it. */
  cpu?: CpuWait;
  /**
   * The longest time by which the event loop was late because its thread waited for a processor, in
   * milliseconds.
   */
  loopWaitMs?: number;
  emulator: readonly Lateness[];
}

/** From these values on, a lab is inconclusive. `README.md` explains them. */
export const THRESHOLDS = {
  /** The share of the time in which some task waited for a processor, in percent. */
  cpuPct: 80,
  /** The shortest time for which the share says anything, in milliseconds. */
  cpuOverMs: 500,
  /** The longest wait of the event loop for a processor, in milliseconds. */
  loopWaitMs: 100,
  /** The mean lateness of the packets of a link: this share of its delay, but at least so many ms. */
  meanLateShare: 0.1,
  meanLateMs: 1,
  /** Fewer packets have no mean. */
  meanPackets: 10,
  /** The largest lateness of a packet: this share of the delay, but at least so many milliseconds. */
  maxLateShare: 0.5,
  maxLateMs: 50,
} as const;

/** Reasons that a verdict has at most: a lab may have thousands of links. */
const MOST_REASONS = 8;

/**
 * Judges whether the host was fast enough.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(judge({ cpu: { pct: 30, overMs: 2000 }, loopWaitMs: 3, emulator: [] }).kind, "ok");
 * assertEquals(judge({ cpu: { pct: 95, overMs: 2000 }, emulator: [] }).reasons, [
 *   "for 95 % of 2.0 s, programs of this host waited for a processor (the limit is 80 %)",
 * ]);
 * ```
 */
export function judge({ cpu, loopWaitMs = 0, emulator }: ObservedLoad): Verdict {
  const reasons: string[] = [];
  const limit = THRESHOLDS;
  if (cpu && isLong(cpu)) {
    reasons.push(
      `for ${cpu.pct.toFixed(0)} % of ${(cpu.overMs / 1000).toFixed(1)} s, programs of this host ` +
        `waited for a processor (the limit is ${limit.cpuPct} %)`,
    );
  }
  if (loopWaitMs >= limit.loopWaitMs) {
    reasons.push(
      `the event loop of this program waited ${loopWaitMs.toFixed(0)} ms for a processor ` +
        `(the limit is ${limit.loopWaitMs} ms)`,
    );
  }
  const late = emulator.flatMap((one) => lateReason(one) ?? []);
  late.sort((a, b) => b.over - a.over);
  reasons.push(...late.map(({ reason }) => reason));
  const more = reasons.length - MOST_REASONS;
  if (more > 0) reasons.splice(MOST_REASONS, more, `and ${more} more links like these`);
  return { kind: reasons.length > 0 ? "inconclusive" : "ok", reasons };
}

/** Whether a time in which tasks waited is a reason. */
export function isLong({ pct, overMs }: CpuWait): boolean {
  return pct >= THRESHOLDS.cpuPct && overMs >= THRESHOLDS.cpuOverMs;
}

/** How late packets were, on average and at most, as a share of what is allowed: 1 is a reason. */
export function lateShares(
  { askedMs, packets, meanLateMs, maxLateMs }: Lateness,
): { mean: number; most: number } {
  const limit = limitsOf(askedMs);
  return {
    mean: packets >= THRESHOLDS.meanPackets ? meanLateMs / limit.meanMs : 0,
    most: maxLateMs / limit.maxMs,
  };
}

function limitsOf(askedMs: number): { meanMs: number; maxMs: number } {
  const limit = THRESHOLDS;
  return {
    meanMs: Math.max(limit.meanLateMs, limit.meanLateShare * askedMs),
    maxMs: Math.max(limit.maxLateMs, limit.maxLateShare * askedMs),
  };
}

function lateReason(one: Lateness): { reason: string; over: number } | undefined {
  const { meanMs, maxMs } = limitsOf(one.askedMs);
  const { mean, most } = lateShares(one);
  const says = (what: string, most: number) =>
    `${one.link}: ${what} for a delay of ${one.askedMs} ms (the limit is ${round(most)} ms)`;
  if (mean >= 1) {
    const what = `${one.packets} packets left ${round(one.meanLateMs)} ms late on average,`;
    return { reason: says(what, meanMs), over: mean };
  }
  if (most >= 1) {
    const what = `a packet left ${round(one.maxLateMs)} ms late,`;
    return { reason: says(what, maxMs), over: most };
  }
}

const round = (ms: number) => Number(ms.toFixed(ms < 10 ? 1 : 0));
