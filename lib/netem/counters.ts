import { z } from "zod";
import type { ImpairmentCounters } from "../link/engine.ts";

/** The counters of a new impairment. */
export const NO_COUNTERS: ImpairmentCounters = {
  packets: 0,
  bytes: 0,
  lost: 0,
  duplicated: 0,
  corrupted: 0,
  reordered: 0,
  dropped: 0,
  late: 0,
  meanLateMs: 0,
  maxLateMs: 0,
};

const qdiscs = z.array(z.object({
  kind: z.string(),
  handle: z.string().optional(),
  bytes: z.number(),
  packets: z.number(),
  drops: z.number(),
  requeues: z.number(),
  backlog: z.number(),
  qlen: z.number(),
}));

/**
 * Reads the counters of an impaired interface from the output of `tc -s -j qdisc show`, and how many
 * packets are on their way.
 *
 * The kernel does not count copies and damage, nor the bytes of lost packets, and it does not measure how
 * late a packet is sent: these counters stay 0. It counts a copy as a packet.
 */
export function readNetemCounters(
  json: string,
): { counters: ImpairmentCounters; queued: number } {
  const all = qdiscs.parse(JSON.parse(json || "[]"));
  const of = (handle: string) => all.find((qdisc) => qdisc.handle === handle);
  const [root, netem, delay] = [of("1:"), of("3:"), of("4:")];
  if (!root) return { counters: NO_COUNTERS, queued: 0 };
  // The root counts all drops below it. Netem itself drops only what it should lose, unless a million
  // packets are on their way.
  const lost = netem?.drops ?? 0;
  return {
    counters: {
      ...NO_COUNTERS,
      packets: root.packets + root.drops + root.qlen,
      bytes: root.bytes + root.backlog,
      lost,
      // A packet that skips the delay is requeued at the head of the queue.
      reordered: (delay ?? netem)?.requeues ?? 0,
      dropped: root.drops - lost,
    },
    queued: root.qlen,
  };
}

/** Adds counters, or with -1 subtracts them; only those that netem has. */
export function addCounters(
  a: ImpairmentCounters,
  b: ImpairmentCounters,
  sign: 1 | -1 = 1,
): ImpairmentCounters {
  return {
    ...NO_COUNTERS,
    packets: a.packets + sign * b.packets,
    bytes: a.bytes + sign * b.bytes,
    lost: a.lost + sign * b.lost,
    reordered: a.reordered + sign * b.reordered,
    dropped: a.dropped + sign * b.dropped,
  };
}
