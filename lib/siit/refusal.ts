/** Why a packet is not translated. The numbers are those by which a translator counts. */
export const Refusal = {
  /** Too short, of another version, or with lengths that contradict each other. */
  malformed: 1,
  /** The checksum of the IPv4 header, or of an ICMP error, is wrong. */
  checksum: 2,
  /** The hop limit, or time to live, is used up: Time Exceeded. */
  hopLimit: 3,
  /** More than the next hop takes, and not to be fragmented: Packet Too Big. */
  tooBig: 4,
  /** An address that no packet through a router has: multicast, loopback, link-local, none. */
  illegalAddress: 5,
  /** A source that stands for no address of the other family: Destination Unreachable. */
  source: 6,
  /** A destination that stands for no address of the other family: Destination Unreachable. */
  destination: 7,
  /** An IPv4 source route with hops to go: Source Route Failed. */
  sourceRoute: 8,
  /** An IPv6 routing header with segments left: Parameter Problem. */
  routingHeader: 9,
  /** A fragment of an ICMP message, whose checksum cannot be known (RFC 7915, 1.1). */
  icmpFragment: 10,
  /** Extension headers behind a fragment header (RFC 7915, 5.1.1). */
  fragmentExtension: 11,
  /**
   * UDP without a checksum where IPv6 needs one, and none can be computed: a fragment, a datagram
   * whose length is not the packet's, or of IPv6 itself (RFC 7915, 4.5).
   */
  noUdpChecksum: 12,
  /** Neighbour, router and listener discovery, IGMP: of one link, or of multicast. */
  discovery: 13,
  /** An ICMP message that the other family does not have. */
  icmpType: 14,
  /** An ICMP error about an ICMP error. */
  nestedError: 15,
  /** A protocol that means something else in the other family, as ICMPv4 does in IPv6. */
  protocol: 16,
  /** A virtio-net header that does not fit its packet, or asks for what is not supported. */
  offload: 17,
  /** The buffer for the result is too small. */
  noRoom: 18,
} as const;

/** One of the numbers of {@linkcode Refusal}. */
export type Refusal = typeof Refusal[keyof typeof Refusal];

/** The name of each {@linkcode Refusal} at its number; at 0 stands `""`. */
export const REFUSAL_NAMES: readonly string[] = ["", ...Object.keys(Refusal)];
