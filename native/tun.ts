import { check, closeFd, cString, lastErrno, libc, O_RDWR, openFd } from "./libc.ts";
import { fast } from "./fast.ts";
import { TUN_DEVICE } from "./tap.ts";

const O_NONBLOCK = 0x800;
// linux/if_tun.h
const TUNSETIFF = 0x400454can;
const TUNSETOFFLOAD = 0x400454d0n;
const TUNSETIFINDEX = 0x400454dan;
const IFF_TUN = 0x1;
const IFF_NO_PI = 0x1000;
const IFF_VNET_HDR = 0x4000;
const TUN_F_CSUM_TSO4_TSO6_ECN = 1 | 2 | 4 | 8;
/** Segments of UDP in both families, since Linux 6.2, which offers the two together alone. */
const TUN_F_USO4_USO6 = 0x20 | 0x40;
const IFREQ_BYTES = 40;
const EINVAL = 22;

/**
 * Makes a TUN in the network namespace that this thread is in: a link whose IP packets are read, and
 * written, by a descriptor, each behind a virtio-net header of `VNET_HEADER_BYTES`. Checksums
 * and the segmenting of TCP, and of UDP where the kernel can, are left to the reader: a packet may
 * be of 64 KiB. It lives as long as its descriptor; see also `keepTap`.
 *
 * Source: the kernel's Documentation/networking/tuntap.rst.
 */
export function openTun(name: string, index: number): number {
  const fd = openFd(TUN_DEVICE, O_RDWR | O_NONBLOCK);
  try {
    const wanted = new Uint8Array(new Int32Array([index]).buffer);
    check(libc().ioctl(fd, TUNSETIFINDEX, wanted), "ioctl", TUN_DEVICE, "TUNSETIFINDEX", index);
    const request = new Uint8Array(IFREQ_BYTES);
    request.set(cString(name));
    new DataView(request.buffer).setUint16(16, IFF_TUN | IFF_NO_PI | IFF_VNET_HDR, true);
    check(libc().ioctl(fd, TUNSETIFF, request), "ioctl", TUN_DEVICE, "TUNSETIFF", name);
    const all = TUN_F_CSUM_TSO4_TSO6_ECN | TUN_F_USO4_USO6;
    if (setOffload(fd, all) < 0) {
      // Else the kernel makes the segments of UDP itself.
      const older = lastErrno() === EINVAL ? setOffload(fd, TUN_F_CSUM_TSO4_TSO6_ECN) : -1;
      check(older, "ioctl", TUN_DEVICE, "TUNSETOFFLOAD");
    }
    return fd;
  } catch (error) {
    closeFd(fd);
    throw error;
  }
}

function setOffload(fd: number, flags: number): number {
  return fast().ioctl(fd, TUNSETOFFLOAD, BigInt(flags));
}
