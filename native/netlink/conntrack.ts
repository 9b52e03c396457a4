import { netlink, NETLINK_NETFILTER } from "./socket.ts";

const CTNETLINK_DELETE = (1 << 8) | 2;

/** Deletes all tracked connections of the network namespace of this thread, as `conntrack -F`. */
export function flushConntrack(): void {
  netlink(NETLINK_NETFILTER, (batch) => {
    batch.begin(CTNETLINK_DELETE, 0, "flush conntrack").u8(0).u8(0).u16(0).end();
  });
}
