import type { LinkLimits } from "./condition.ts";

/** What was asked of one direction of a link, and what probes found. */
export interface DirectionMeasurement {
  /** The condition in force; undefined for none. */
  asked: LinkLimits | undefined;
  /** How many probes were sent. */
  sent: number;
  /** How many different ones arrived unharmed. */
  received: number;
  /** Probes that did not arrive, in percent; those that arrived damaged did. */
  lossPct: number;
  /** Probes that arrived twice, in percent. */
  duplicatePct: number;
  /** Probes that arrived damaged, in percent. */
  corruptPct: number;
  /** Probes that arrived after one that was sent later, in percent. */
  outOfOrderPct: number;
  /** One-way delay in milliseconds: the median. */
  latencyMs: number;
  /** The mean delay, in milliseconds. */
  meanMs: number;
  /** The delay that 99 % of the probes do not exceed, in milliseconds. */
  p99Ms: number;
  /** The least delay, in milliseconds. */
  minMs: number;
  /** The largest delay, in milliseconds. */
  maxMs: number;
  /** The jitter, in milliseconds, as `jitterMs` means it: the delay is even within so much either way. */
  jitterMs: number;
  /** The bit rate that a train of large frames got, in kbit/s; of an unlimited link, what the prober could send. */
  rateKbit: number;
}

/** What probes found, in each direction; `up` is what the interface sends. */
export interface LinkMeasurement {
  /** Of what the interface sends. */
  up: DirectionMeasurement;
  /** Of what it receives. */
  down: DirectionMeasurement;
}

/** A probe that arrived. */
export interface Arrival {
  /** Which one it is, from 0; -1 if it is damaged. */
  seq: number;
  delayMs: number;
}

/** A frame of a train that arrived. */
export interface TrainArrival {
  atNs: number;
  bytes: number;
}

/** What arrivals, in their order, say of a link. */
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
    // Between the 5th and the 95th percentile lie nine tenths of the spread.
    jitterMs: (quantile(delays, 0.95) - quantile(delays, 0.05)) / 2 / 0.9,
    rateKbit: trainRate(train),
  };
}

/** The value below which a share of sorted values lies; NaN of none. */
export function quantile(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) return NaN;
  const at = share * (sorted.length - 1);
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (at - low) * (sorted[high] - sorted[low]);
}

/** Of a train, the first part is left out: who sends it may be slower than the link at first. */
const HEAD = 0.2;

/** The rate of a train: what came after a frame near its begin, in the time that it took. */
function trainRate(train: readonly TrainArrival[]): number {
  const body = train.toSorted((a, b) => a.atNs - b.atNs).slice(Math.floor(HEAD * train.length));
  if (body.length < 2) return NaN;
  const bytes = body.reduce((sum, frame) => sum + frame.bytes, 0) - body[0].bytes;
  return 8e6 * bytes / (body.at(-1)!.atNs - body[0].atNs);
}
