import { fast } from "../fast.ts";
import { check, closeFd, libc, spareLowFds } from "../libc.ts";
import { openRawSocket } from "../socket.ts";

const AF_NETLINK = 16;
const NETLINK_ROUTE = 0;
const RTMGRP_IPV6_IFADDR = 0x100;
const RTMGRP_IPV6_ROUTE = 0x400;

/**
 * Opens a descriptor that becomes readable when IPv6 addresses or routes change in the network
 * namespace of this thread, until {@link drainMonitor}. The caller must read what has changed from the
 * kernel: when much changes, the kernel drops notifications (netlink(7)).
 */
export function openMonitor(): number {
  const fd = spareLowFds(openRawSocket(AF_NETLINK, NETLINK_ROUTE, "AF_NETLINK"));
  // struct sockaddr_nl
  const place = new Uint8Array(12);
  const view = new DataView(place.buffer);
  view.setUint16(0, AF_NETLINK, true);
  view.setUint32(8, RTMGRP_IPV6_IFADDR | RTMGRP_IPV6_ROUTE, true);
  try {
    check(fast().bind(fd, place, place.length), "bind", "AF_NETLINK");
    return fd;
  } catch (error) {
    closeFd(fd);
    throw error;
  }
}

const inbox = new Uint8Array(16_384);

/** Reads all notifications of a monitor. */
export function drainMonitor(fd: number): void {
  let overruns = 0;
  for (;;) {
    const received = Number(libc().recv(fd, inbox, BigInt(inbox.length), 0));
    if (received > 0) continue;
    // The kernel reports dropped notifications by one error, and then the others follow.
    if (received === 0 || ++overruns > 1) return;
  }
}
