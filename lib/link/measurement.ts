import type { LinkLimits } from "./condition.ts";

/** The requested condition of one direction of a link, and what probes measured. */
export interface DirectionMeasurement {
  /** The requested condition, which is active; undefined for none. */
  asked: LinkLimits | undefined;
  /** The number of probes that were sent. */
  sent: number;
  /** The number of different probes that arrived undamaged. */
  received: number;
  /** Probes that did not arrive, in percent; damaged probes count as arrived. */
  lossPct: number;
  /** Probes that arrived twice, in percent. */
  duplicatePct: number;
  /** Probes that arrived damaged, in percent. */
  corruptPct: number;
  /** Probes that arrived after one that was sent later, in percent. */
  outOfOrderPct: number;
  /** The median one-way delay, in milliseconds. */
  latencyMs: number;
  /** The mean delay, in milliseconds. */
  meanMs: number;
  /** The delay that 99 % of the probes do not exceed, in milliseconds. */
  p99Ms: number;
  /** The smallest delay, in milliseconds. */
  minMs: number;
  /** The largest delay, in milliseconds. */
  maxMs: number;
  /** The jitter in milliseconds, with the meaning of `jitterMs` in a condition. */
  jitterMs: number;
  /** The bit rate of a train of large frames, in kbit/s; on an unlimited link, the rate of the prober. */
  rateKbit: number;
}

/** The measurement of a link, in each direction. */
export interface LinkMeasurement {
  /** The direction in which the interface sends. */
  up: DirectionMeasurement;
  /** The direction in which it receives. */
  down: DirectionMeasurement;
}

/** A probe that arrived. */
export interface Arrival {
  /** Its sequence number, from 0; -1 if it is damaged. */
  seq: number;
  delayMs: number;
}

/** A frame of a train that arrived. */
export interface TrainArrival {
  atNs: number;
  bytes: number;
}

/** Computes a measurement from arrivals in their order. */
export function summarize(
  asked: LinkLimits | undefined,
  sent: number,
  arrivals: readonly Arrival[],
  train: readonly TrainArrival[],
): DirectionMeasurement {
  const seen = new Set<number>();
  const delays: number[] = [];
  let duplicates = 0;
  let damaged = 0;
  let outOfOrder = 0;
  let latest = -1;
  for (const { seq, delayMs } of arrivals) {
    if (seq < 0) damaged++;
    else if (seen.has(seq)) duplicates++;
    else {
      seen.add(seq);
      delays.push(delayMs);
      if (seq < latest) outOfOrder++;
      else latest = seq;
    }
  }
  delays.sort((a, b) => a - b);
  const pct = (n: number) => sent > 0 ? 100 * n / sent : 0;
  return {
    asked,
    sent,
    received: seen.size,
    lossPct: pct(Math.max(0, sent - seen.size - damaged)),
    duplicatePct: pct(duplicates),
    corruptPct: pct(damaged),
    outOfOrderPct: pct(outOfOrder),
    latencyMs: quantile(delays, 0.5),
    meanMs: delays.reduce((sum, delay) => sum + delay, 0) / delays.length,
    p99Ms: quantile(delays, 0.99),
    minMs: quantile(delays, 0),
    maxMs: quantile(delays, 1),
    // Nine tenths of the range are between the 5th and the 95th percentile.
    jitterMs: (quantile(delays, 0.95) - quantile(delays, 0.05)) / 2 / 0.9,
    rateKbit: trainRate(train),
  };
}

/** The quantile of sorted values; NaN if there are none. */
export function quantile(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) return NaN;
  const at = share * (sorted.length - 1);
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (at - low) * (sorted[high] - sorted[low]);
}

/** The share of a train that is ignored at its begin: the sender may first be slower than the link. */
const HEAD = 0.2;

/** The rate of a train: the bytes after its first counted frame, and the time that they took. */
function trainRate(train: readonly TrainArrival[]): number {
  const body = train.toSorted((a, b) => a.atNs - b.atNs).slice(Math.floor(HEAD * train.length));
  if (body.length < 2) return NaN;
  const bytes = body.reduce((sum, frame) => sum + frame.bytes, 0) - body[0].bytes;
  return 8e6 * bytes / (body.at(-1)!.atNs - body[0].atNs);
}
