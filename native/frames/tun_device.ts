import { check, closeFd, cString, libc, O_RDWR, openFd } from "../libc.ts";

/** Where users get TAPs and TUNs from. */
export const TUN_DEVICE = "/dev/net/tun";

const O_NONBLOCK = 0x800;
// linux/if_tun.h
const TUNSETIFF = 0x400454can;
const TUNSETIFINDEX = 0x400454dan;
const IFF_NO_PI = 0x1000;
const IFF_VNET_HDR = 0x4000;
const IFREQ_BYTES = 40;

/** How the reader chooses what it takes over from the kernel. */
export const TUNSETOFFLOAD = 0x400454d0n;

/** IFF_TUN, for packets, or IFF_TAP, for frames. */
export type TunKind = 0x1 | 0x2;

/**
 * Makes a link in the network namespace that this thread is in, and returns its descriptor, on which
 * nothing waits. Each packet or frame comes and goes behind a virtio-net header.
 *
 * @param prepare What else is to be asked of the descriptor; if that fails, there is no link.
 */
export function openTunDevice(
  kind: TunKind,
  name: string,
  index: number,
  prepare: (fd: number) => void = () => {},
): number {
  const fd = openFd(TUN_DEVICE, O_RDWR | O_NONBLOCK);
  try {
    const wanted = new Uint8Array(new Int32Array([index]).buffer);
    check(libc().ioctl(fd, TUNSETIFINDEX, wanted), "ioctl", TUN_DEVICE, "TUNSETIFINDEX", index);
    const request = new Uint8Array(IFREQ_BYTES);
    request.set(cString(name));
    new DataView(request.buffer).setUint16(16, kind | IFF_NO_PI | IFF_VNET_HDR, true);
    check(libc().ioctl(fd, TUNSETIFF, request), "ioctl", TUN_DEVICE, "TUNSETIFF", name);
    prepare(fd);
    return fd;
  } catch (error) {
    closeFd(fd);
    throw error;
  }
}
