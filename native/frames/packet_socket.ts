import { fast } from "../fast.ts";
import { check, closeFd, libc } from "../libc.ts";

const AF_PACKET = 17;
const SOCK_RAW_NONBLOCK_CLOEXEC = 3 | 0x800 | 0x80000;
const SOL_SOCKET = 1;
const SO_SNDBUF = 7;
const SO_SNDBUFFORCE = 32;
const SO_MARK = 36;
const SOL_PACKET = 263;
const PACKET_VNET_HDR = 15;
const SOCKADDR_LL_BYTES = 20;

function tryOption(fd: number, level: number, name: number, value: number): number {
  const bytes = new Uint8Array(new Int32Array([value]).buffer);
  return fast().setsockopt(fd, level, name, bytes, 4);
}

function option(fd: number, level: number, name: number, value: number): void {
  check(tryOption(fd, level, name, value), "setsockopt", level, name, value);
}

/**
 * Opens a socket that sends whole frames by a link of the network namespace that this thread is in,
 * and receives none; {@link sendBy} says by which. Each frame is preceded by a virtio-net header and
 * carries `mark`. Closing it takes some 15 ms, for which the kernel waits until all processors have
 * seen it go: see {@link closeLater}.
 *
 * Source: packet(7), socket(7).
 */
export function openFrameSender({ mark, bufferBytes }: {
  mark: number;
  bufferBytes: number;
}): number {
  const fd = check(
    libc().socket(AF_PACKET, SOCK_RAW_NONBLOCK_CLOEXEC, 0),
    "socket",
    "AF_PACKET",
  );
  try {
    option(fd, SOL_PACKET, PACKET_VNET_HDR, 1);
    option(fd, SOL_SOCKET, SO_MARK, mark);
    // Root of a user namespace gets what net.core.wmem_max allows: enough, unless a qdisc holds frames.
    if (tryOption(fd, SOL_SOCKET, SO_SNDBUFFORCE, bufferBytes) < 0) {
      option(fd, SOL_SOCKET, SO_SNDBUF, bufferBytes);
    }
    return fd;
  } catch (error) {
    closeFd(fd);
    throw error;
  }
}

/** Chooses the link that a socket of {@link openFrameSender} sends by; the last choice holds. */
export function sendBy(fd: number, index: number): void {
  // struct sockaddr_ll; protocol 0 receives nothing.
  const address = new Uint8Array(SOCKADDR_LL_BYTES);
  const view = new DataView(address.buffer);
  view.setUint16(0, AF_PACKET, true);
  view.setInt32(4, index, true);
  check(fast().bind(fd, address, SOCKADDR_LL_BYTES), "bind", "AF_PACKET", index);
}
