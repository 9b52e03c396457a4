/** Numbers of protocols and extension headers (IANA, Assigned Internet Protocol Numbers). */

/** Hop-by-Hop Options, the first extension header of an IPv6 packet. */
export const HOP_BY_HOP = 0;
/** ICMP for IPv4. */
export const ICMP4 = 1;
/** IGMP, which only IPv4 has; IPv6 has MLD, a part of ICMPv6. */
export const IGMP = 2;
/** TCP. */
export const TCP = 6;
/** UDP. */
export const UDP = 17;
/** DCCP, whose checksum covers a pseudo header as TCP's does. */
export const DCCP = 33;
/** Routing header. */
export const ROUTING = 43;
/** Fragment header. */
export const FRAGMENT = 44;
/** Authentication header. */
export const AUTHENTICATION = 51;
/** ICMP for IPv6. */
export const ICMP6 = 58;
/** Destination Options. */
export const DESTINATION_OPTIONS = 60;
/** SCTP, whose checksum covers no pseudo header. */
export const SCTP = 132;
/** UDP-Lite, whose checksum covers a pseudo header as TCP's does. */
export const UDP_LITE = 136;

/**
 * Whether a protocol number has no meaning in an IPv4 packet: in IPv6 it is an extension header or
 * ICMPv6.
 */
export function only6(protocol: number): boolean {
  return protocol === HOP_BY_HOP || protocol === ROUTING || protocol === FRAGMENT ||
    protocol === ICMP6 || protocol === DESTINATION_OPTIONS;
}
