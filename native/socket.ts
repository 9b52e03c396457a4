import { fast } from "./fast.ts";
import { check, libc } from "./libc.ts";
import { ints } from "./memory.ts";

const AF_PACKET = 17;
const SOCK_RAW_NONBLOCK_CLOEXEC = 3 | 0x800 | 0x80000;
const SOCKADDR_LL_BYTES = 20;

/** Opens a raw socket(2) that never blocks, in the network namespace of this thread. */
export function openRawSocket(family: number, protocol: number, familyName: string): number {
  const fd = libc().socket(family, SOCK_RAW_NONBLOCK_CLOEXEC, protocol);
  return check(fd, "socket", familyName, "SOCK_RAW");
}

/** Opens a packet(7) socket, which receives nothing before {@link bindToLink}. */
export function openPacketSocket(): number {
  return openRawSocket(AF_PACKET, 0, "AF_PACKET");
}

/** Binds a packet socket to a link. `protocol`, in network byte order, is what it receives; 0: nothing. */
export function bindToLink(fd: number, index: number, protocol = 0): void {
  // struct sockaddr_ll
  const address = new Uint8Array(SOCKADDR_LL_BYTES);
  const view = new DataView(address.buffer);
  view.setUint16(0, AF_PACKET, true);
  view.setUint16(2, protocol, true);
  view.setInt32(4, index, true);
  check(fast().bind(fd, address, SOCKADDR_LL_BYTES), "bind", "AF_PACKET", index);
}

/** Sets an option of a socket (setsockopt(2)) to an `int`, or to a structure. */
export function setSocketOption(
  fd: number,
  level: number,
  name: number,
  value: number | Uint8Array<ArrayBuffer>,
): void {
  check(trySocketOption(fd, level, name, value) ? 0 : -1, "setsockopt", level, name);
}

/** As {@link setSocketOption}; returns whether the kernel accepted it. */
export function trySocketOption(
  fd: number,
  level: number,
  name: number,
  value: number | Uint8Array<ArrayBuffer>,
): boolean {
  const bytes = typeof value === "number" ? ints(value) : value;
  return fast().setsockopt(fd, level, name, bytes, bytes.length) >= 0;
}
