import type { AddressMap } from "./address_map.ts";
import { copy, get16, get32, put16, put32 } from "./bytes.ts";
import { addressSum4, addressSum6, difference, fold, sum } from "./checksum.ts";
import { appendExtension, maxQuotedBytes, quotedEnd } from "./extension.ts";
import { flags4, Header4, HEADER4_BYTES, MAX_TOTAL4, writeHeader4 } from "./header4.ts";
import {
  FRAGMENT_BYTES,
  Header6,
  HEADER6_BYTES,
  writeFragmentHeader,
  writeHeader6,
} from "./header6.ts";
import { echo4to6, echo6to4, icmp6Sum, ICMP_BYTES, quotedIcmpRefusal } from "./icmp.ts";
import {
  error4Of,
  error6Of,
  icmp4Kind,
  Icmp6,
  icmp6Kind,
  mtu4Of,
  mtu6Of,
  NEXT_HEADER_6,
  plateau,
  pointer4Of,
  pointer6Of,
} from "./icmp_types.ts";
import { FRAGMENT, ICMP4, ICMP6, IGMP, only6 } from "./protocols.ts";
import { Refusal } from "./refusal.ts";
import { adjustChecksum } from "./transport.ts";

/** The longest ICMPv6 error, with its IPv6 header (RFC 4443, 2.4). */
export const MAX_ERROR6_BYTES = 1280;
const TOO_BIG_4 = 3 << 8 | 4;
/** The offset of the next header field in an IPv6 header. */
const NEXT_HEADER_POINTER = 6;

/** Translates ICMP errors, each of which quotes a packet that travelled in the other direction. */
export class IcmpErrors {
  readonly #map: AddressMap;
  readonly #mtu4: number;
  readonly #mtu6: number;
  readonly #header4 = new Header4();
  readonly #header6 = new Header6();

  /** `mtu4` and `mtu6` are the MTUs of the next hops. */
  constructor(map: AddressMap, mtu4: number, mtu6: number) {
    this.#map = map;
    this.#mtu4 = mtu4;
    this.#mtu6 = mtu6;
  }

  /**
   * Translates the ICMPv4 error from `at` to `end` to ICMPv6, without its checksum. Returns the end of
   * the result, or a {@linkcode Refusal} as a negative number.
   */
  to6(bytes: Uint8Array, at: number, end: number, out: Uint8Array, outAt: number): number {
    if (end - at < ICMP_BYTES + HEADER4_BYTES) return -Refusal.malformed;
    if (fold(sum(bytes, at, end)) !== 0xffff) return -Refusal.checksum;
    const message = error6Of(bytes[at], bytes[at + 1]);
    if (message < 0) return -Refusal.icmpType;
    const quoted = at + ICMP_BYTES;
    const limit = quotedEnd(4, quoted, bytes[at + 5], end);
    const header = this.#header4;
    const refusal = header.read(bytes, quoted, limit, true);
    if (refusal) return -refusal;

    let value = 0;
    const type = message >>> 8;
    if (type === Icmp6.packetTooBig) {
      const total = header.payload - quoted + header.payloadBytes;
      value = mtu6Of(get16(bytes, at + 6) || plateau(total), this.#mtu4, this.#mtu6);
    } else if (message === NEXT_HEADER_6) {
      value = NEXT_HEADER_POINTER;
    } else if (type === Icmp6.parameterProblem) {
      value = pointer6Of(bytes[at + 4]);
      if (value < 0) return -Refusal.icmpType;
    }
    put16(out, outAt, message);
    put32(out, outAt + 4, value);

    const extension = hasLength6(type) ? end - limit : 0;
    let room = MAX_ERROR6_BYTES - HEADER6_BYTES - ICMP_BYTES - extension;
    if (extension > 0) room = maxQuotedBytes(6, room);
    // An extension that leaves no room for the padded packet before it is dropped.
    const keep = extension > 0 && room >= 128;
    if (!keep) room = MAX_ERROR6_BYTES - HEADER6_BYTES - ICMP_BYTES;
    const outQuoted = outAt + ICMP_BYTES;
    const outEnd = this.#quote6(bytes, out, outQuoted, outQuoted + room);
    if (outEnd < 0 || !keep) return outEnd;
    return appendExtension(bytes, limit, end, out, 6, outAt, outQuoted, outEnd);
  }

  /** Writes the quoted IPv4 packet, which was read, as IPv6, and returns its end. */
  #quote6(bytes: Uint8Array, out: Uint8Array, at: number, limit: number): number {
    const header = this.#header4;
    const { protocol, fragment, payload, fragmentOffset } = header;
    if (protocol === IGMP || only6(protocol)) return -Refusal.protocol;
    if (!this.#map.v6OfDestination(header.source, out, at + 8)) return -Refusal.source;
    if (!this.#map.v6OfSource(header.destination, out, at + 24)) return -Refusal.destination;
    const headerBytes = HEADER6_BYTES + (fragment ? FRAGMENT_BYTES : 0);
    const next = protocol === ICMP4 ? ICMP6 : protocol;
    const payloadBytes = headerBytes - HEADER6_BYTES + header.payloadBytes;
    writeHeader6(out, at, header.tos, payloadBytes, fragment ? FRAGMENT : next, header.ttl);
    if (fragment) {
      const { more, identification } = header;
      writeFragmentHeader(out, at + HEADER6_BYTES, next, fragmentOffset, more, identification);
    }
    const outPayload = at + headerBytes;
    const end = Math.min(header.end, payload + limit - outPayload);
    copy(bytes, payload, end, out, outPayload);
    const outEnd = outPayload + end - payload;
    if (fragmentOffset > 0) return outEnd;
    const sum6 = addressSum6(out, at);
    if (protocol === ICMP4) {
      if (end === payload) return -Refusal.malformed;
      const refusal = quotedIcmpRefusal(icmp4Kind(bytes[payload]));
      if (refusal) return -refusal;
      echo4to6(out, outPayload, outEnd, sum6 + icmp6Sum(header.payloadBytes));
    } else {
      const change = difference(addressSum4(header.source, header.destination), sum6);
      adjustChecksum(out, outPayload, outEnd, protocol, change, false);
    }
    return outEnd;
  }

  /**
   * Translates the ICMPv6 error from `at` to `end` to ICMPv4, without its checksum. Returns the end of
   * the result, or a {@linkcode Refusal} as a negative number.
   *
   * @param pseudoSum The sum of the pseudo header, which the ICMPv6 checksum covers.
   */
  to4(
    bytes: Uint8Array,
    at: number,
    end: number,
    pseudoSum: number,
    out: Uint8Array,
    outAt: number,
  ): number {
    if (end - at < ICMP_BYTES + HEADER6_BYTES) return -Refusal.malformed;
    if (fold(sum(bytes, at, end) + pseudoSum) !== 0xffff) return -Refusal.checksum;
    const type = bytes[at];
    const message = error4Of(type, bytes[at + 1]);
    if (message < 0) return -Refusal.icmpType;
    const quoted = at + ICMP_BYTES;
    const limit = hasLength6(type) ? quotedEnd(6, quoted, bytes[at + 4], end) : end;
    const refusal = this.#header6.read(bytes, quoted, limit, true);
    if (refusal) return -refusal;

    let value = 0;
    if (message === TOO_BIG_4) {
      value = mtu4Of(get32(bytes, at + 4), this.#mtu4, this.#mtu6);
    } else if (type === Icmp6.parameterProblem && bytes[at + 1] === 0) {
      const pointer = pointer4Of(get32(bytes, at + 4));
      if (pointer < 0) return -Refusal.icmpType;
      value = pointer << 24;
    }
    put16(out, outAt, message);
    put32(out, outAt + 4, value);

    const outQuoted = outAt + ICMP_BYTES;
    const room = limit < end ? maxQuotedBytes(4, end - quoted) : end - quoted;
    const outEnd = this.#quote4(bytes, out, outQuoted, outQuoted + room);
    if (outEnd < 0 || limit === end) return outEnd;
    return appendExtension(bytes, limit, end, out, 4, outAt, outQuoted, outEnd);
  }

  /** Writes the quoted IPv6 packet, which was read, as IPv4, and returns its end. */
  #quote4(bytes: Uint8Array, out: Uint8Array, at: number, limit: number): number {
    const header = this.#header6;
    const { protocol, fragmentOffset, payload } = header;
    if (protocol === ICMP4 || protocol === IGMP) return -Refusal.protocol;
    const total = HEADER4_BYTES + header.payloadBytes;
    if (total > MAX_TOTAL4) return -Refusal.malformed;
    const source = this.#map.v4OfDestination(bytes, header.start + 8);
    if (source < 0) return -Refusal.source;
    const destination = this.#map.v4OfSource(bytes, header.start + 24, true);
    if (destination < 0) return -Refusal.destination;
    const flags = flags4(wantsDontFragment(header, total), header.more, fragmentOffset);
    const next = protocol === ICMP6 ? ICMP4 : protocol;
    const { trafficClass, hopLimit } = header;
    // Only a fragment still has the identification of the original IPv4 packet.
    const identification = header.fragmentHeader ? header.identification & 0xffff : 0;
    writeHeader4(
      out,
      at,
      trafficClass,
      total,
      identification,
      flags,
      hopLimit,
      next,
      source,
      destination,
    );
    const outPayload = at + HEADER4_BYTES;
    const end = Math.min(header.end, payload + limit - outPayload);
    copy(bytes, payload, end, out, outPayload);
    const outEnd = outPayload + end - payload;
    if (fragmentOffset > 0) return outEnd;
    const sum6 = addressSum6(bytes, header.start);
    if (protocol === ICMP6) {
      if (end === payload) return -Refusal.malformed;
      const refusal = quotedIcmpRefusal(icmp6Kind(bytes[payload]));
      if (refusal) return -refusal;
      echo6to4(out, outPayload, outEnd, sum6 + icmp6Sum(header.payloadBytes));
    } else {
      const change = difference(sum6, addressSum4(source, destination));
      adjustChecksum(out, outPayload, outEnd, protocol, change, false);
    }
    return outEnd;
  }
}

/** A longer IPv4 packet was an IPv6 packet above 1280, whose sender knows the path MTU. */
const MAX_FRAGMENTABLE4 = 1260;

/** Whether the IPv4 packet of an IPv6 packet must not be fragmented (RFC 7915, 5.1 and 5.1.1). */
export function wantsDontFragment(header: Header6, total: number): boolean {
  return !header.fragmentHeader && total > MAX_FRAGMENTABLE4;
}

/** Whether an ICMPv6 error has the length of the packet that it quotes (RFC 4884, 4). */
function hasLength6(type: number): boolean {
  return type === Icmp6.unreachable || type === Icmp6.timeExceeded;
}
