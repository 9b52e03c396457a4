/** Names of protocols above IP, as summaries show them. */
const PROTOCOLS: Readonly<Record<number, string>> = {
  0: "IPv6 Hop-by-Hop",
  1: "ICMP",
  2: "IGMP",
  4: "IPv4",
  6: "TCP",
  17: "UDP",
  41: "IPv6",
  47: "GRE",
  50: "ESP",
  51: "AH",
  58: "ICMPv6",
  59: "no next header",
  89: "OSPF",
  112: "VRRP",
  132: "SCTP",
};

const ETHER_TYPES: Readonly<Record<number, string>> = {
  0x0800: "IPv4",
  0x0806: "ARP",
  0x8100: "802.1Q",
  0x86dd: "IPv6",
  0x8809: "Slow protocols",
  0x8863: "PPPoE Discovery",
  0x8864: "PPPoE Session",
  0x888e: "802.1X",
  0x88a8: "802.1ad",
  0x88cc: "LLDP",
  0x9100: "802.1 QinQ",
};

/** The name of a protocol above IP; undefined if it has none here. */
export function protocolName(protocol: number): string | undefined {
  return PROTOCOLS[protocol];
}

/** The name of an EtherType; undefined if it has none here. */
export function etherTypeName(etherType: number): string | undefined {
  return ETHER_TYPES[etherType];
}
