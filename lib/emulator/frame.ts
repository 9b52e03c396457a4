/** What the emulator reads and changes in a frame. */

const ETHERNET_BYTES = 14;
const VLAN = 0x8100;
const VLAN_BYTES = 4;
const ARP = 0x0806;
const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const HOP_BY_HOP = 0;
const IGMP = 2;
const ICMPV6 = 58;
/** Multicast listener and neighbour discovery are types 130 to 143 (RFC 2710, 4861, 3810). */
const FIRST_CONTROL_TYPE = 130;
const LAST_CONTROL_TYPE = 143;

/** Flag of a virtio-net header: the checksum is not computed yet. */
const NEEDS_CHECKSUM = 1;

/**
 * Whether a frame is one that hosts send by themselves: ARP, neighbour discovery, or membership reports
 * of multicast.
 */
export function isControl(bytes: Uint8Array, start: number): boolean {
  let ip = start + ETHERNET_BYTES;
  let type = bytes[ip - 2] << 8 | bytes[ip - 1];
  if (type === VLAN) {
    ip += VLAN_BYTES;
    type = bytes[ip - 2] << 8 | bytes[ip - 1];
  }
  if (type === IPV4) return bytes[ip + 9] === IGMP;
  if (type !== IPV6) return type === ARP;
  let next = bytes[ip + 6];
  let at = ip + 40;
  if (next === HOP_BY_HOP) {
    next = bytes[at];
    at += 8 * (bytes[at + 1] + 1);
  }
  return next === ICMPV6 && bytes[at] >= FIRST_CONTROL_TYPE && bytes[at] <= LAST_CONTROL_TYPE;
}

/**
 * Flips one bit behind the Ethernet header. `header` is the offset of the virtio-net header, `start`
 * that of the frame; `chance` is any 32-bit integer.
 */
export function corrupt(
  bytes: Uint8Array,
  header: number,
  start: number,
  length: number,
  chance: number,
): void {
  const payload = length - ETHERNET_BYTES;
  if (payload <= 0) return;
  const bit = 1 << (chance & 7);
  let at = start + ETHERNET_BYTES + (chance >>> 3) % payload;
  // A checksum that is computed later would hide the damage: damages the sum that it starts from.
  if (bytes[header] & NEEDS_CHECKSUM) {
    const field = (bytes[header + 6] | bytes[header + 7] << 8) +
      (bytes[header + 8] | bytes[header + 9] << 8);
    if (field < length) at = start + field;
  }
  bytes[at] ^= bit;
}
