import { closeFd } from "../libc.ts";
import { bindToLink, openPacketSocket, setSocketOption, trySocketOption } from "../socket.ts";

const SOL_SOCKET = 1;
const SO_SNDBUF = 7;
const SO_SNDBUFFORCE = 32;
const SO_MARK = 36;
const SOL_PACKET = 263;
const PACKET_VNET_HDR = 15;

/**
 * Opens a socket that sends whole frames by a link of the network namespace of this thread, which
 * {@link sendBy} selects, and receives none. A virtio-net header precedes each frame, and frames carry
 * `mark`. Closing the socket takes some 15 ms, while the kernel waits until no processor uses it: see
 * {@link closeLater}.
 *
 * Source: packet(7), socket(7).
 */
export function openFrameSender({ mark, bufferBytes }: {
  mark: number;
  bufferBytes: number;
}): number {
  const fd = openPacketSocket();
  try {
    setSocketOption(fd, SOL_PACKET, PACKET_VNET_HDR, 1);
    setSocketOption(fd, SOL_SOCKET, SO_MARK, mark);
    // Root of a user namespace gets what net.core.wmem_max allows: enough, unless a qdisc holds frames.
    if (!trySocketOption(fd, SOL_SOCKET, SO_SNDBUFFORCE, bufferBytes)) {
      setSocketOption(fd, SOL_SOCKET, SO_SNDBUF, bufferBytes);
    }
    return fd;
  } catch (error) {
    closeFd(fd);
    throw error;
  }
}

/** Selects the link by which a socket of {@link openFrameSender} sends. */
export function sendBy(fd: number, index: number): void {
  bindToLink(fd, index);
}
