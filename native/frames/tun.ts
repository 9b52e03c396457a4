import { fast } from "../fast.ts";
import { check, lastErrno } from "../libc.ts";
import { openTunDevice, TUN_DEVICE, TUNSETOFFLOAD } from "./tun_device.ts";

// linux/if_tun.h
const IFF_TUN = 0x1;
const TUN_F_CSUM_TSO4_TSO6_ECN = 1 | 2 | 4 | 8;
/** Segmentation of UDP, since Linux 6.2, which has it only for both families together. */
const TUN_F_USO4_USO6 = 0x20 | 0x40;
const EINVAL = 22;

/**
 * Makes a TUN in the network namespace of this thread: a link whose IP packets a descriptor reads and
 * writes, each behind a virtio-net header of `VNET_HEADER_BYTES`. The reader must compute checksums and
 * segment TCP, and UDP if the kernel supports that: a packet may have 64 KiB. The TUN lives as long as
 * its descriptor; see also `keepTap`.
 *
 * Source: the kernel's Documentation/networking/tuntap.rst.
 */
export function openTun(name: string, index: number): number {
  return openTunDevice(IFF_TUN, name, index, (fd) => {
    const all = TUN_F_CSUM_TSO4_TSO6_ECN | TUN_F_USO4_USO6;
    if (setOffload(fd, all) >= 0) return;
    // An older kernel segments UDP itself.
    const older = lastErrno() === EINVAL ? setOffload(fd, TUN_F_CSUM_TSO4_TSO6_ECN) : -1;
    check(older, "ioctl", TUN_DEVICE, "TUNSETOFFLOAD");
  });
}

function setOffload(fd: number, flags: number): number {
  return fast().ioctl(fd, TUNSETOFFLOAD, BigInt(flags));
}
