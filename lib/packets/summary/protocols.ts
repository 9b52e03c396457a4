import type { Application } from "../headers/application.ts";
import { ETHER, type Headers, IP, LINK } from "../headers/headers.ts";

/** Protocols that a frame can have, as filters name them. */
export const PROTOCOLS = [
  "ethernet",
  "vlan",
  "arp",
  "ipv4",
  "ipv6",
  "icmp",
  "icmp6",
  "tcp",
  "udp",
  "fragment",
  "dns",
  "dhcp",
  "dhcp6",
  "tls",
  "quic",
  "http",
  "stun",
  "ntp",
  "wireguard",
] as const;

/** A protocol that filters know. */
export type Protocol = typeof PROTOCOLS[number];

/** The lists that were made, by the bits of their protocols: there are few. */
const lists = new Map<number, readonly Protocol[]>();

/** A list of protocols, which frames share. */
function listOf(bits: number): readonly Protocol[] {
  let list = lists.get(bits);
  if (!list) {
    list = Object.freeze(PROTOCOLS.filter((_, index) => bits & 1 << index));
    lists.set(bits, list);
  }
  return list;
}

const BIT = Object.fromEntries(PROTOCOLS.map((name, index) => [name, 1 << index])) as Record<
  Protocol,
  number
>;

/** The protocols of a frame, from the link on. Frames with the same ones share a list. */
export function protocolsOf(
  headers: Headers,
  linkType: number,
  application: Application | undefined,
): readonly Protocol[] {
  let bits = linkType === LINK.ethernet ? BIT.ethernet : 0;
  if (headers.vlanTags > 0) bits |= BIT.vlan;
  if (headers.etherType === ETHER.arp) bits |= BIT.arp;
  else if (headers.etherType === ETHER.ipv4) bits |= BIT.ipv4;
  else if (headers.etherType === ETHER.ipv6) bits |= BIT.ipv6;
  if (headers.protocol === IP.tcp) bits |= BIT.tcp;
  else if (headers.protocol === IP.udp) bits |= BIT.udp;
  else if (headers.protocol === IP.icmp) bits |= BIT.icmp;
  else if (headers.protocol === IP.icmp6) bits |= BIT.icmp6;
  if (headers.isFragment) bits |= BIT.fragment;
  if (application) bits |= BIT[application];
  return listOf(bits);
}
