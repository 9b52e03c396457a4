import { fast } from "../fast.ts";
import { check, closeFd, FD_SETSIZE, highFd, libc } from "../libc.ts";

const AF_NETLINK = 16;
const SOCK_RAW_NONBLOCK_CLOEXEC = 3 | 0x800 | 0x80000;
const NETLINK_ROUTE = 0;
const RTMGRP_IPV6_IFADDR = 0x100;
const RTMGRP_IPV6_ROUTE = 0x400;

/**
 * A descriptor that becomes readable when IPv6 addresses or routes change in the network namespace
 * that this thread is in; {@link drainMonitor} makes it unreadable again. What has changed is asked
 * for: of much at once, the kernel drops the news (netlink(7)).
 */
export function openMonitor(): number {
  const made = check(
    libc().socket(AF_NETLINK, SOCK_RAW_NONBLOCK_CLOEXEC, NETLINK_ROUTE),
    "socket",
    "AF_NETLINK",
  );
  const fd = made < FD_SETSIZE / 2 ? made : highFd(made);
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

/** Reads all news of a monitor. */
export function drainMonitor(fd: number): void {
  let overruns = 0;
  for (;;) {
    const received = Number(libc().recv(fd, inbox, BigInt(inbox.length), 0));
    if (received > 0) continue;
    // What was dropped is said once, and then the rest comes.
    if (received === 0 || ++overruns > 1) return;
  }
}
