/**
 * The mapping of ICMP types and codes between the families (RFC 7915, 4.2 and 5.2). A message is a type
 * and a code as one number, `type << 8 | code`; -1 means that the other family has no such message.
 */

/** Types of ICMPv4. */
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

/** Types of ICMPv6. */
export const Icmp6 = {
  unreachable: 1,
  packetTooBig: 2,
  timeExceeded: 3,
  parameterProblem: 4,
  echoRequest: 128,
  echoReply: 129,
} as const;

/** The kinds of messages that a translator distinguishes. */
export const IcmpKind = {
  /** An Echo or its reply. */
  echo: 1,
  /** An error, which quotes a packet. */
  error: 2,
  /** A message for one link, or about multicast. */
  discovery: 3,
  /** Anything else. */
  other: 4,
} as const;

/** The kind of an ICMPv4 message. */
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

/** The kind of an ICMPv6 message; all types below 128 are errors (RFC 4443, 2.1). */
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
/** Unrecognized next header: an error about the packet's header. */
export const NEXT_HEADER_6 = Icmp6.parameterProblem << 8 | 1;
const POINTER_6 = Icmp6.parameterProblem << 8;

/** The ICMPv6 errors for Destination Unreachable of ICMPv4, by code. */
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

/** The ICMPv6 error for an ICMPv4 error. */
export function error6Of(type: number, code: number): number {
  switch (type) {
    case Icmp4.unreachable:
      return code < UNREACHABLE_6.length ? UNREACHABLE_6[code] : -1;
    case Icmp4.timeExceeded:
      return Icmp6.timeExceeded << 8 | code;
    case Icmp4.parameterProblem: // 0: pointer, 2: bad length; 1, a missing option, has no ICMPv6 error
      return code === 0 || code === 2 ? POINTER_6 : -1;
    default:
      return -1;
  }
}

const HOST_4 = Icmp4.unreachable << 8 | 1;

/** The ICMPv4 errors for Destination Unreachable of ICMPv6, by code. */
const UNREACHABLE_4 = [
  HOST_4, // no route
  Icmp4.unreachable << 8 | 10, // prohibited
  HOST_4, // beyond the scope of the source
  HOST_4, // address
  Icmp4.unreachable << 8 | 3, // port
];

/** The ICMPv4 error for an ICMPv6 error. */
export function error4Of(type: number, code: number): number {
  switch (type) {
    case Icmp6.unreachable:
      return code < UNREACHABLE_4.length ? UNREACHABLE_4[code] : -1;
    case Icmp6.packetTooBig: // the code has no meaning (RFC 4443, 3.2)
      return Icmp4.unreachable << 8 | 4;
    case Icmp6.timeExceeded:
      return Icmp4.timeExceeded << 8 | code;
    case Icmp6.parameterProblem: // 0: header field, 1: next header; 2, an option, has no ICMPv4 error
      return code === 0
        ? Icmp4.parameterProblem << 8
        : code === 1
        ? Icmp4.unreachable << 8 | 2
        : -1;
    default:
      return -1;
  }
}

/** The offset in an IPv6 header of each byte of an IPv4 header (Figure 3). */
const POINTERS_6 = [0, 1, 4, 4, -1, -1, -1, -1, 7, 6, -1, -1, 8, 8, 8, 8, 24, 24, 24, 24];

/** Maps a pointer into an IPv4 header to IPv6; -1 if IPv6 has no such field. */
export function pointer6Of(pointer: number): number {
  return pointer < POINTERS_6.length ? POINTERS_6[pointer] : -1;
}

/** As {@link POINTERS_6}, from IPv6 to IPv4, without the addresses (Figure 6). */
const POINTERS_4 = [0, 1, -1, -1, 2, 2, 9, 8];

/** Maps a pointer into an IPv6 header to IPv4; -1 if IPv4 has no such field. */
export function pointer4Of(pointer: number): number {
  if (pointer < POINTERS_4.length) return POINTERS_4[pointer];
  return pointer < 24 ? 12 : pointer < 40 ? 16 : -1;
}

/** The plateaus of RFC 1191, 7.1, from 1280 on: common MTUs of networks. */
const PLATEAUS = [65535, 32000, 17914, 8166, 4352, 2002, 1492];
const MIN_MTU6 = 1280;

/**
 * The MTU for an IPv4 error that has none: the next plateau below the packet that was too big, or the
 * MTU that gives 1280 for IPv6, which is the minimum (RFC 7915, 4.2).
 */
export function plateau(totalBytes: number): number {
  for (const mtu of PLATEAUS) if (mtu < totalBytes) return mtu;
  return MIN_MTU6 - 20;
}

/** The MTU for IPv6 from the MTU of an IPv4 path and those of the next hops. */
export function mtu6Of(mtu: number, mtu4: number, mtu6: number): number {
  return Math.max(MIN_MTU6, Math.min(mtu + 20, mtu6, mtu4 + 20));
}

/**
 * The MTU for IPv4 from the MTU of an IPv6 path and those of the next hops. An MTU below 1280 counts as
 * 1280, the minimum of an IPv6 path (RFC 8201, 4).
 */
export function mtu4Of(mtu: number, mtu4: number, mtu6: number): number {
  return Math.min(Math.max(MIN_MTU6, mtu) - 20, mtu4, mtu6 - 20);
}
