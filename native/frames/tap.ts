/**
 * Devices and sockets that read and write whole frames and packets: TAPs, TUNs, and packet sockets for
 * the emulator and for probes. Imports `libc`, `fast` and `socket` of `native`. Begin with `tap.ts`.
 *
 * @module
 */

import { fast } from "../fast.ts";
import { check, lastErrno, libc } from "../libc.ts";
import { openTunDevice, TUNSETOFFLOAD } from "./tun_device.ts";

/** The header of virtio-net, which precedes each frame of a TAP, a TUN and some packet sockets. */
export const VNET_HEADER_BYTES = 10;

// linux/if_tun.h
const TUNSETPERSIST = 0x400454cbn;
const IFF_TAP = 0x2;
const TUN_F_CSUM = 1;
const TUN_F_TSO4_TSO6_ECN = 2 | 4 | 8;

/** The work that the reader of a TAP takes over from the kernel. */
export type TapOffload = "segmentation" | "checksum" | "none";

const OFFLOADS: Record<TapOffload, bigint> = {
  segmentation: BigInt(TUN_F_CSUM | TUN_F_TSO4_TSO6_ECN),
  checksum: BigInt(TUN_F_CSUM),
  none: 0n,
};

/**
 * Makes a TAP in the network namespace of this thread: a link whose frames a descriptor reads and writes,
 * each behind a virtio-net header of {@link VNET_HEADER_BYTES}. It lives as long as its descriptor, or
 * longer: see {@link keepTap}.
 *
 * Source: the kernel's Documentation/networking/tuntap.rst.
 */
export function openTap(name: string, index: number): number {
  return openTunDevice(IFF_TAP, name, index);
}

/**
 * Makes a TAP or TUN live as long as its namespace, which deletes all its links together. A TAP that
 * goes with its descriptor takes 20 ms, during which no link of the host can be changed.
 */
export function keepTap(fd: number): void {
  check(fast().ioctl(fd, TUNSETPERSIST, 1n), "ioctl", "TUNSETPERSIST", fd);
}

/** Sets the work that the reader of a TAP takes over; also while frames pass. */
export function setTapOffload(fd: number, offload: TapOffload): void {
  check(fast().ioctl(fd, TUNSETOFFLOAD, OFFLOADS[offload]), "ioctl", "TUNSETOFFLOAD", offload);
}

const EBADFD = 77;

/** Drops all frames that wait in a TAP; returns whether the TAP still exists. */
export function discardFrames(fd: number): boolean {
  // The kernel drops what does not fit, which is the purpose; a frame whose header does not fit stays.
  const header = new Uint8Array(VNET_HEADER_BYTES);
  while (Number(libc().read(fd, header, BigInt(VNET_HEADER_BYTES))) > 0);
  return lastErrno() !== EBADFD;
}
