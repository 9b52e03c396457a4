import { netlink } from "./socket.ts";

const NETLINK_NETFILTER = 12;
const CTNETLINK_DELETE = (1 << 8) | 2;

/** Forgets every connection that the calling thread's network namespace tracks, as `conntrack -F`. */
export function flushConntrack(): void {
  netlink(NETLINK_NETFILTER, (batch) => {
    batch.begin(CTNETLINK_DELETE, 0, "flush conntrack").u8(0).u8(0).u16(0).end();
  });
}
