import { check, closeFd, cString, libc, O_RDWR, openFd, SyscallError } from "../libc.ts";

/** The device that makes TAPs and TUNs. */
export const TUN_DEVICE = "/dev/net/tun";

const O_NONBLOCK = 0x800;
// linux/if_tun.h
const TUNSETIFF = 0x400454can;
const TUNSETIFINDEX = 0x400454dan;
const IFF_NO_PI = 0x1000;
const IFF_VNET_HDR = 0x4000;
const IFREQ_BYTES = 40;

/** Chooses the work that the reader takes over from the kernel. */
export const TUNSETOFFLOAD = 0x400454d0n;

/** IFF_TUN, for packets, or IFF_TAP, for frames. */
export type TunKind = 0x1 | 0x2;

/**
 * Makes a link in the network namespace of this thread, and returns its descriptor, which never
 * blocks. A virtio-net header precedes each packet or frame in both directions.
 *
 * @param prepare Further settings of the descriptor; if it throws, there is no link.
 */
export function openTunDevice(
  kind: TunKind,
  name: string,
  index: number,
  prepare: (fd: number) => void = () => {},
): number {
  const fd = openFd(TUN_DEVICE, O_RDWR | O_NONBLOCK);
  try {
    const number = new Uint8Array(new Int32Array([index]).buffer);
    check(libc().ioctl(fd, TUNSETIFINDEX, number), "ioctl", TUN_DEVICE, "TUNSETIFINDEX", index);
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

/**
 * What went wrong in {@link openTunDevice}, and what to do if this user cannot open the device;
 * undefined for an error of something else.
 */
export function explainTunError(error: unknown): string | undefined {
  if (!(error instanceof SyscallError) || error.args[0] !== TUN_DEVICE) return undefined;
  if (error.call !== "open") return error.message;
  return `${error.message}; it needs ${TUN_DEVICE}, readable and writable: ` +
    `as root, \`modprobe tun\` and \`chmod 0666 ${TUN_DEVICE}\``;
}
