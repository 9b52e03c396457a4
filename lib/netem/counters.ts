import { z } from "zod";
import type { ImpairmentCounters } from "../link/engine.ts";

/** Nothing happened yet. */
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
 * What `tc -s -j qdisc show` says of an impaired interface, and how many packets are on their way.
 *
 * The kernel does not count copies and damage, nor the bytes of what is lost; it counts a copy as a
 * packet. It does not look how late a packet is sent. Those counters stay 0.
 */
export function readNetemCounters(
  json: string,
): { counters: ImpairmentCounters; queued: number } {
  const all = qdiscs.parse(JSON.parse(json || "[]"));
  const of = (handle: string) => all.find((qdisc) => qdisc.handle === handle);
  const [root, netem, delay] = [of("1:"), of("3:"), of("4:")];
  if (!root) return { counters: NO_COUNTERS, queued: 0 };
  // The root counts all that was thrown away below it, for whatever reason; netem has no other but
  // that it was asked to, unless a million packets are on their way.
  const lost = netem?.drops ?? 0;
  return {
    counters: {
      ...NO_COUNTERS,
      packets: root.packets + root.drops + root.qlen,
      bytes: root.bytes + root.backlog,
      lost,
      // One that skips the delay is put back at the head of the queue.
      reordered: (delay ?? netem)?.requeues ?? 0,
      dropped: root.drops - lost,
    },
    queued: root.qlen,
  };
}

/** Both together, or, with -1, the first without the second; netem has no more than these. */
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
