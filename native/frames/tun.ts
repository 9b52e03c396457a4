import { fast } from "../fast.ts";
import { check, lastErrno } from "../libc.ts";
import { openTunDevice, TUN_DEVICE, TUNSETOFFLOAD } from "./tun_device.ts";

// linux/if_tun.h
const IFF_TUN = 0x1;
const TUN_F_CSUM_TSO4_TSO6_ECN = 1 | 2 | 4 | 8;
/** Segments of UDP in both families, since Linux 6.2, which offers the two together alone. */
const TUN_F_USO4_USO6 = 0x20 | 0x40;
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
  return openTunDevice(IFF_TUN, name, index, (fd) => {
    const all = TUN_F_CSUM_TSO4_TSO6_ECN | TUN_F_USO4_USO6;
    if (setOffload(fd, all) >= 0) return;
    // Else the kernel makes the segments of UDP itself.
    const older = lastErrno() === EINVAL ? setOffload(fd, TUN_F_CSUM_TSO4_TSO6_ECN) : -1;
    check(older, "ioctl", TUN_DEVICE, "TUNSETOFFLOAD");
  });
}

function setOffload(fd: number, flags: number): number {
  return fast().ioctl(fd, TUNSETOFFLOAD, BigInt(flags));
}
