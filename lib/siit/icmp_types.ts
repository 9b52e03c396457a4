/**
 * Which ICMP message of one family is which of the other (RFC 7915, 4.2 and 5.2). Messages are a
 * type and a code as one number, `type << 8 | code`; -1 says that the other family has none.
 */

/** Echo, and Destination Unreachable and so on, of ICMPv4. */
export const Icmp4 = {
  echoReply: 0,
  unreachable: 3,
  sourceQuench: 4,
  redirect: 5,
  echoRequest: 8,
  routerAdvertisement: 9,
  routerSolicitation: 10,
  timeExceeded: 11,
  parameterProblem: 12,
} as const;

/** Echo, and Destination Unreachable and so on, of ICMPv6. */
export const Icmp6 = {
  unreachable: 1,
  packetTooBig: 2,
  timeExceeded: 3,
  parameterProblem: 4,
  echoRequest: 128,
  echoReply: 129,
} as const;

/** What a message is to a translator. */
export const IcmpKind = {
  /** An Echo or its reply. */
  echo: 1,
  /** It quotes the packet that it is about. */
  error: 2,
  /** It belongs to one link or to multicast. */
  discovery: 3,
  /** Anything else. */
  other: 4,
} as const;

/** What a message of ICMPv4 is. */
export function icmp4Kind(type: number): number {
  switch (type) {
    case Icmp4.echoReply:
    case Icmp4.echoRequest:
      return IcmpKind.echo;
    case Icmp4.unreachable:
    case Icmp4.sourceQuench:
    case Icmp4.redirect:
    case Icmp4.timeExceeded:
    case Icmp4.parameterProblem:
      return IcmpKind.error;
    case Icmp4.routerAdvertisement:
    case Icmp4.routerSolicitation:
      return IcmpKind.discovery;
    default:
      return IcmpKind.other;
  }
}

/** What a message of ICMPv6 is; all below 128 are errors (RFC 4443, 2.1). */
export function icmp6Kind(type: number): number {
  if (type < 128) return IcmpKind.error;
  if (type === Icmp6.echoRequest || type === Icmp6.echoReply) return IcmpKind.echo;
  // MLD (RFC 2710, 3810), neighbours (4861, 3122), multicast routers (4286).
  const discovery = type <= 137 || type >= 141 && type <= 143 || type >= 151 && type <= 153;
  return discovery ? IcmpKind.discovery : IcmpKind.other;
}

const NO_ROUTE_6 = Icmp6.unreachable << 8;
const PROHIBITED_6 = Icmp6.unreachable << 8 | 1;
const PORT_6 = Icmp6.unreachable << 8 | 4;
/** The next header is not known: an error about the packet's header. */
export const NEXT_HEADER_6 = Icmp6.parameterProblem << 8 | 1;
const POINTER_6 = Icmp6.parameterProblem << 8;

/** The ICMPv6 errors of Destination Unreachable, by its code in ICMPv4. */
const UNREACHABLE_6 = [
  NO_ROUTE_6, // network
  NO_ROUTE_6, // host
  NEXT_HEADER_6, // protocol
  PORT_6,
  Icmp6.packetTooBig << 8,
  NO_ROUTE_6, // source route failed
  NO_ROUTE_6, // network unknown
  NO_ROUTE_6, // host unknown
  NO_ROUTE_6, // source host isolated
  PROHIBITED_6, // network
  PROHIBITED_6, // host
  NO_ROUTE_6, // network, for this type of service
  NO_ROUTE_6, // host, for this type of service
  PROHIBITED_6,
  -1, // host precedence violation
  PROHIBITED_6, // precedence cutoff
];

/** The ICMPv6 error of one of ICMPv4. */
export function error6Of(type: number, code: number): number {
  switch (type) {
    case Icmp4.unreachable:
      return code < UNREACHABLE_6.length ? UNREACHABLE_6[code] : -1;
    case Icmp4.timeExceeded:
      return Icmp6.timeExceeded << 8 | code;
    case Icmp4.parameterProblem: // 0: at a pointer, 2: bad length; 1, a missing option, has none
      return code === 0 || code === 2 ? POINTER_6 : -1;
    default:
      return -1;
  }
}

const HOST_4 = Icmp4.unreachable << 8 | 1;

/** The ICMPv4 errors of Destination Unreachable, by its code in ICMPv6. */
const UNREACHABLE_4 = [
  HOST_4, // no route
  Icmp4.unreachable << 8 | 10, // prohibited
  HOST_4, // beyond the scope of the source
  HOST_4, // address
  Icmp4.unreachable << 8 | 3, // port
];

/** The ICMPv4 error of one of ICMPv6. */
export function error4Of(type: number, code: number): number {
  switch (type) {
    case Icmp6.unreachable:
      return code < UNREACHABLE_4.length ? UNREACHABLE_4[code] : -1;
    case Icmp6.packetTooBig: // whose code says nothing (RFC 4443, 3.2)
      return Icmp4.unreachable << 8 | 4;
    case Icmp6.timeExceeded:
      return Icmp4.timeExceeded << 8 | code;
    case Icmp6.parameterProblem: // 0: header field, 1: next header; 2, an option, has none
      return code === 0
        ? Icmp4.parameterProblem << 8
        : code === 1
        ? Icmp4.unreachable << 8 | 2
        : -1;
    default:
      return -1;
  }
}

/** Where the field of an IPv4 header, by the offset of its byte, stands in IPv6 (Figure 3). */
const POINTERS_6 = [0, 1, 4, 4, -1, -1, -1, -1, 7, 6, -1, -1, 8, 8, 8, 8, 24, 24, 24, 24];

/** The pointer into an IPv6 header of one into an IPv4 header; -1 if IPv6 has no such field. */
export function pointer6Of(pointer: number): number {
  return pointer < POINTERS_6.length ? POINTERS_6[pointer] : -1;
}

/** As {@link POINTERS_6}, of IPv6 in IPv4 up to the addresses (Figure 6). */
const POINTERS_4 = [0, 1, -1, -1, 2, 2, 9, 8];

/** The pointer into an IPv4 header of one into an IPv6 header; -1 if IPv4 has no such field. */
export function pointer4Of(pointer: number): number {
  if (pointer < POINTERS_4.length) return POINTERS_4[pointer];
  return pointer < 24 ? 12 : pointer < 40 ? 16 : -1;
}

/** The MTUs that networks had (RFC 1191, 7.1), those of 1280 and more. */
const PLATEAUS = [65535, 32000, 17914, 8166, 4352, 2002, 1492];
const MIN_MTU6 = 1280;

/**
 * The MTU of an IPv4 router that did not say one: the next plateau below the packet that was too
 * big, or what makes 1280 of IPv6, which is the least (RFC 7915, 4.2).
 */
export function plateau(totalBytes: number): number {
  for (const mtu of PLATEAUS) if (mtu < totalBytes) return mtu;
  return MIN_MTU6 - 20;
}

/** What an MTU of an IPv4 path is to IPv6, where the next hops have the given ones. */
export function mtu6Of(mtu: number, mtu4: number, mtu6: number): number {
  return Math.max(MIN_MTU6, Math.min(mtu + 20, mtu6, mtu4 + 20));
}

/**
 * What an MTU of an IPv6 path is to IPv4, where the next hops have the given ones. One below 1280
 * counts as 1280, below which no path of IPv6 is (RFC 8201, 4).
 */
export function mtu4Of(mtu: number, mtu4: number, mtu6: number): number {
  return Math.min(Math.max(MIN_MTU6, mtu) - 20, mtu4, mtu6 - 20);
}
