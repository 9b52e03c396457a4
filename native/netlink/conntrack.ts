import { readAttributes } from "./codec.ts";
import { exchange, netlink, NETLINK_NETFILTER } from "./socket.ts";

const NFNL_SUBSYS_CTNETLINK = 1 << 8;
const CTNETLINK_DELETE = NFNL_SUBSYS_CTNETLINK | 2;
const CTNETLINK_GET_STATS = NFNL_SUBSYS_CTNETLINK | 5;
const CTA_STATS_GLOBAL_ENTRIES = 1;
/** struct nfgenmsg */
const HEADER_BYTES = 4;

/** Deletes all tracked connections of the network namespace of this thread, as `conntrack -F`. */
export function flushConntrack(): void {
  netlink(NETLINK_NETFILTER, (batch) => {
    batch.begin(CTNETLINK_DELETE, 0, "flush conntrack").u8(0).u8(0).u16(0).end();
  });
}

/**
 * Returns how many connections a namespace tracks, as `conntrack -C`. `fd` is a netlink socket of the
 * family `NETLINK_NETFILTER` in it.
 */
export function countConntrack(fd: number): number {
  const [answer] = exchange(fd, (batch) => {
    batch.begin(CTNETLINK_GET_STATS, 0, "count conntrack").u8(0).u8(0).u16(0).end();
  });
  const entries = answer && readAttributes(answer.body, HEADER_BYTES).get(CTA_STATS_GLOBAL_ENTRIES);
  return entries ? new DataView(entries.buffer, entries.byteOffset).getUint32(0) : 0;
}
