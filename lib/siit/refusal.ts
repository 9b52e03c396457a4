/** The reasons why a packet is not translated. A translator counts by these numbers. */
export const Refusal = {
  /** Too short, of another version, or with lengths that contradict each other. */
  malformed: 1,
  /** The checksum of the IPv4 header, or of an ICMP error, is wrong. */
  checksum: 2,
  /** The hop limit, or time to live, has ended: Time Exceeded. */
  hopLimit: 3,
  /** Larger than the MTU of the next hop, and must not be fragmented: Packet Too Big. */
  tooBig: 4,
  /** An address that routers do not forward: multicast, loopback, link-local, unspecified. */
  illegalAddress: 5,
  /** A source without an address in the other family: Destination Unreachable. */
  source: 6,
  /** A destination without an address in the other family: Destination Unreachable. */
  destination: 7,
  /** An unfinished IPv4 source route: Source Route Failed. */
  sourceRoute: 8,
  /** An IPv6 routing header with segments left: Parameter Problem. */
  routingHeader: 9,
  /** A fragment of an ICMP message, whose checksum cannot be known (RFC 7915, 1.1). */
  icmpFragment: 10,
  /** Extension headers after a fragment header (RFC 7915, 5.1.1). */
  fragmentExtension: 11,
  /**
   * UDP without a checksum, which IPv6 requires and which cannot be computed: a fragment, a datagram with
   * another length than its packet, or an IPv6 packet (RFC 7915, 4.5).
   */
  noUdpChecksum: 12,
  /** Neighbour, router and listener discovery, IGMP: for one link, or about multicast. */
  discovery: 13,
  /** An ICMP message that the other family does not have. */
  icmpType: 14,
  /** An ICMP error about an ICMP error. */
  nestedError: 15,
  /** A protocol number without a meaning in the other family, such as ICMPv4 in IPv6. */
  protocol: 16,
  /** A virtio-net header that does not match its packet, or requests an unsupported offload. */
  offload: 17,
  /** The buffer for the result is too small. */
  noRoom: 18,
} as const;

/** One of the numbers of {@linkcode Refusal}. */
export type Refusal = typeof Refusal[keyof typeof Refusal];

/** The name of each {@linkcode Refusal}, by its number; `""` for 0. */
export const REFUSAL_NAMES: readonly string[] = ["", ...Object.keys(Refusal)];
