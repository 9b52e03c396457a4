import { copy, put16, put32 } from "./bytes.ts";
import { addressSum6 } from "./checksum.ts";
import { Header4, HEADER4_BYTES, illegal4, writeHeader4 } from "./header4.ts";
import { FRAGMENT_BYTES, Header6, HEADER6_BYTES, illegal6, writeHeader6 } from "./header6.ts";
import { icmp6Sum, ICMP_BYTES, writeIcmpChecksum } from "./icmp.ts";
import { MAX_ERROR6_BYTES } from "./icmp_errors.ts";
import { Icmp4, icmp4Kind, Icmp6, icmp6Kind, IcmpKind } from "./icmp_types.ts";
import { ICMP4, ICMP6 } from "./protocols.ts";
import { Refusal } from "./refusal.ts";

/** The longest ICMPv4 error, with its IPv4 header (RFC 1812, 4.3.2.3). */
const MAX_ERROR4_BYTES = 576;
/** Internetwork control, the precedence of errors (RFC 1812, 4.3.2.5). */
const ERROR_TOS = 0xc0;
const HOPS = 64;
const MIN_MTU6 = 1280;

/** The type and code of ICMPv4 that reports a refusal; -1 if the refusal is not reported. */
function message4Of(refusal: number): number {
  switch (refusal) {
    case Refusal.hopLimit:
      return Icmp4.timeExceeded << 8;
    case Refusal.tooBig:
      return Icmp4.unreachable << 8 | 4;
    case Refusal.source:
      return Icmp4.unreachable << 8 | 13; // prohibited
    case Refusal.destination:
      return Icmp4.unreachable << 8 | 1; // host
    case Refusal.sourceRoute:
      return Icmp4.unreachable << 8 | 5;
    default:
      return -1;
  }
}

/** The type and code of ICMPv6 that reports a refusal; -1 if the refusal is not reported. */
function message6Of(refusal: number): number {
  switch (refusal) {
    case Refusal.hopLimit:
      return Icmp6.timeExceeded << 8;
    case Refusal.tooBig:
      return Icmp6.packetTooBig << 8;
    case Refusal.source:
      return Icmp6.unreachable << 8 | 5; // the source failed a policy
    case Refusal.destination:
      return Icmp6.unreachable << 8 | 3; // address
    case Refusal.routingHeader:
      return Icmp6.parameterProblem << 8;
    default:
      return -1;
  }
}

/** Writes the ICMP errors that a translator sends. */
export class ErrorReplies {
  readonly #address4: number;
  readonly #address6: Uint8Array;
  readonly #mtu4: number;
  readonly #mtu6: number;
  readonly #header4 = new Header4();
  readonly #header6 = new Header6();

  /** The addresses are the sources of the errors; the MTUs are those of the next hops. */
  constructor(address4: number, address6: Uint8Array, mtu4: number, mtu6: number) {
    this.#address4 = address4;
    this.#address6 = address6;
    this.#mtu4 = mtu4;
    this.#mtu6 = mtu6;
  }

  /** Writes the error about an IPv4 packet to `out` from `start` on; returns its length, or 0. */
  write4(
    refusal: number,
    packet: Uint8Array,
    start: number,
    length: number,
    out: Uint8Array,
    identification: number,
  ): number {
    const message = message4Of(refusal);
    const header = this.#header4;
    if (message < 0 || header.read(packet, start, length, false) !== 0) return 0;
    const { source, destination, protocol, payload, end } = header;
    if (header.fragmentOffset > 0 || illegal4(source) || illegal4(destination)) return 0;
    const isError = protocol === ICMP4 &&
      (payload === end || icmp4Kind(packet[payload]) === IcmpKind.error);
    const quoted = Math.min(end - start, MAX_ERROR4_BYTES - HEADER4_BYTES - ICMP_BYTES);
    const total = HEADER4_BYTES + ICMP_BYTES + quoted;
    if (isError || start + total > out.length) return 0;
    const at = start + HEADER4_BYTES;
    put16(out, at, message);
    const longer = HEADER6_BYTES - HEADER4_BYTES + (header.fragment ? FRAGMENT_BYTES : 0);
    put32(out, at + 4, refusal === Refusal.tooBig ? this.#mtu6 - longer : 0);
    copy(packet, start, start + quoted, out, at + ICMP_BYTES);
    writeIcmpChecksum(out, at, start + total, 0);
    const from = this.#address4;
    writeHeader4(out, start, ERROR_TOS, total, identification, 0, HOPS, ICMP4, from, source);
    return total;
  }

  /** Writes the error about an IPv6 packet to `out` from `start` on; returns its length, or 0. */
  write6(
    refusal: number,
    packet: Uint8Array,
    start: number,
    length: number,
    out: Uint8Array,
  ): number {
    const message = message6Of(refusal);
    const header = this.#header6;
    if (message < 0) return 0;
    const unread = header.read(packet, start, length, false);
    if (unread !== 0 && unread !== Refusal.routingHeader) return 0;
    const { protocol, payload, end } = header;
    if (header.fragmentOffset > 0 || illegal6(packet, start + 8) || illegal6(packet, start + 24)) {
      return 0;
    }
    const isError = protocol === ICMP6 &&
      (payload === end || icmp6Kind(packet[payload]) === IcmpKind.error);
    const quoted = Math.min(end - start, MAX_ERROR6_BYTES - HEADER6_BYTES - ICMP_BYTES);
    const total = HEADER6_BYTES + ICMP_BYTES + quoted;
    if (isError || start + total > out.length) return 0;
    const at = start + HEADER6_BYTES;
    put16(out, at, message);
    put32(out, at + 4, this.#value6(refusal));
    copy(packet, start, start + quoted, out, at + ICMP_BYTES);
    writeHeader6(out, start, 0, total - HEADER6_BYTES, ICMP6, HOPS);
    out.set(this.#address6, start + 8);
    copy(packet, start + 8, start + 24, out, start + 24);
    const pseudo = addressSum6(out, start) + icmp6Sum(total - HEADER6_BYTES);
    writeIcmpChecksum(out, at, start + total, pseudo);
    return total;
  }

  #value6(refusal: number): number {
    if (refusal === Refusal.tooBig) {
      return Math.max(MIN_MTU6, this.#mtu4 + HEADER6_BYTES - HEADER4_BYTES);
    }
    return refusal === Refusal.routingHeader ? this.#header6.segmentsLeftAt : 0;
  }
}
