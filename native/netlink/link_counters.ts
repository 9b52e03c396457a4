import { type Message, type MessageWriter, NLM_F_DUMP, readAttributes } from "./codec.ts";
import type { Rtnetlink } from "./link.ts";

const RTM_GETSTATS = 94;
const IFLA_STATS_LINK_64 = 1;
/** struct if_stats_msg */
const HEADER_BYTES = 12;
/** struct rtnl_link_stats64 is consecutive 64-bit counters; the first eight are read. */
const COUNTERS = 8;

/** The traffic of a link, as the kernel counts it. */
export interface LinkCounters {
  rxPackets: number;
  txPackets: number;
  rxBytes: number;
  txBytes: number;
  rxErrors: number;
  txErrors: number;
  rxDropped: number;
  txDropped: number;
}

/**
 * Requests the counters of one link, or of all with index 0. That takes the kernel a tenth of the time
 * of `getLink()`, which returns everything about a link.
 *
 * Source: rtnetlink(7), linux/if_link.h; since Linux 4.7.
 */
export function getLinkCounters(batch: MessageWriter, index: number): void {
  batch.begin(RTM_GETSTATS, index === 0 ? NLM_F_DUMP : 0, `counters of link ${index || "*"}`);
  batch.u8(0).u8(0).u16(0).u32(index).u32(1 << (IFLA_STATS_LINK_64 - 1)).end();
}

/** Reads an answer to {@link getLinkCounters}; undefined if it has no counters. */
export function readLinkCounters(
  { body }: Message,
): { index: number; counters: LinkCounters } | undefined {
  const stats = readAttributes(body, HEADER_BYTES).get(IFLA_STATS_LINK_64);
  if (!stats || stats.length < 8 * COUNTERS) return undefined;
  const index = new DataView(body.buffer, body.byteOffset).getInt32(4, true);
  const view = new DataView(stats.buffer, stats.byteOffset, stats.length);
  const counter = (n: number) =>
    view.getUint32(8 * n, true) + view.getUint32(8 * n + 4, true) * 2 ** 32;
  return {
    index,
    counters: {
      rxPackets: counter(0),
      txPackets: counter(1),
      rxBytes: counter(2),
      txBytes: counter(3),
      rxErrors: counter(4),
      txErrors: counter(5),
      rxDropped: counter(6),
      txDropped: counter(7),
    },
  };
}

/** Reads the counters of all links of a namespace, by index. */
export function allLinkCounters(rtnetlink: Rtnetlink): Map<number, LinkCounters> {
  const found = new Map<number, LinkCounters>();
  for (const answer of rtnetlink((batch) => getLinkCounters(batch, 0))) {
    const one = readLinkCounters(answer);
    if (one) found.set(one.index, one.counters);
  }
  return found;
}
