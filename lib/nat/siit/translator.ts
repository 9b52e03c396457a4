import { NetyardError } from "../../../native/error.ts";
import type { AddressMap } from "./address_map.ts";
import { copy, get16 } from "./bytes.ts";
import { addressSum4, addressSum6, difference } from "./checksum.ts";
import { v4Number, v6Bytes } from "./embed.ts";
import { flags4, Header4, HEADER4_BYTES, illegal4, writeHeader4 } from "./header4.ts";
import {
  FRAGMENT_BYTES,
  Header6,
  HEADER6_BYTES,
  illegal6,
  writeFragmentHeader,
  writeHeader6,
} from "./header6.ts";
import {
  echo4to6,
  echo6to4,
  icmp6Sum,
  ICMP_BYTES,
  icmpRefusal,
  writeIcmpChecksum,
} from "./icmp.ts";
import { IcmpErrors, MAX_ERROR6_BYTES, wantsDontFragment } from "./icmp_errors.ts";
import { icmp4Kind, icmp6Kind, IcmpKind } from "./icmp_types.ts";
import type { TranslatorOptions } from "./options.ts";
import { FRAGMENT, ICMP4, ICMP6, IGMP, only6, TCP, UDP } from "./protocols.ts";
import { Refusal, REFUSAL_NAMES } from "./refusal.ts";
import { ErrorReplies } from "./replies.ts";
import { pieceBytes, split, splitBytes } from "./split.ts";
import { adjustChecksum, checksumOffset, completeChecksum } from "./transport.ts";
import { clearVnetHeader, translateVnetHeader, VNET_BYTES, VnetHeader } from "./vnet.ts";

/** A setting of a {@linkcode Translator} that it cannot have; the message says which it can. */
export class TranslatorOptionError extends NetyardError {}

const MAX_TOTAL4 = 65535;
const MIN_MTU6 = 1280;
const DUMMY_ADDRESS = "192.0.0.8";

/**
 * Translates packets between IPv4 and IPv6, one at a time and each by itself: the algorithm of
 * {@link https://www.rfc-editor.org/rfc/rfc7915 | RFC 7915}, which NAT64 (RFC 6146) and 464XLAT (RFC
 * 6877) share. Which addresses stand for which is its {@linkcode AddressMap}'s matter.
 *
 * Of a packet its checksum was right before if, and only if, it is right after: it is adjusted, and
 * computed only where there was none or where the ICMP message became another one.
 */
export class Translator {
  /** How many packets were refused, by the numbers of {@linkcode Refusal}. */
  readonly refused: Float64Array = new Float64Array(REFUSAL_NAMES.length);
  /** How many packets were translated. */
  translated = 0;
  /**
   * How far apart the packets begin that the last call wrote: what it returned, unless it made
   * fragments.
   */
  stride = 0;

  readonly #map: AddressMap;
  readonly #errors: IcmpErrors;
  readonly #replies: ErrorReplies;
  readonly #routers4: number;
  /** The least time to live that lets a packet pass, less one. */
  readonly #hops: number;
  readonly #mtu4: number;
  readonly #mtu6: number;
  readonly #fragmentBytes: number;
  readonly #gap: number;
  #identification: number;
  readonly #header4 = new Header4();
  readonly #header6 = new Header6();
  readonly #vnet = new VnetHeader();

  /**
   * @throws {TranslatorOptionError} If a size or number is out of its range.
   * @throws {InvalidAddressError} If an address is none of its family.
   */
  constructor(options: TranslatorOptions) {
    this.#map = options.map;
    this.#routers4 = v4Number(options.routers4 ?? DUMMY_ADDRESS);
    this.#hops = options.decrement ?? true ? 1 : 0;
    this.#mtu4 = inRange("mtu4", options.mtu4 ?? MAX_TOTAL4, 68);
    this.#mtu6 = inRange("mtu6", options.mtu6 ?? MAX_TOTAL4, MIN_MTU6);
    const fragmentBytes = inRange("fragmentBytes", options.fragmentBytes ?? MIN_MTU6, MIN_MTU6);
    this.#fragmentBytes = Math.min(fragmentBytes, this.#mtu6);
    this.#gap = options.vnet ? VNET_BYTES : 0;
    this.#identification = inRange("identification", options.identification ?? 1, 0);
    this.#errors = new IcmpErrors(this.#map, this.#mtu4, this.#mtu6);
    const address4 = v4Number(options.address4);
    this.#replies = new ErrorReplies(address4, v6Bytes(options.address6), this.#mtu4, this.#mtu6);
  }

  /**
   * Translates an IPv4 packet. It may become several: IPv6 fragments, each of which begins
   * {@linkcode stride} behind the one before.
   *
   * @param packet Begins with the virtio-net header, if there are any, and with the packet else.
   * @param length How much of `packet` there is.
   * @param out What the result is written to, in the same form. 72 KiB are enough for any packet.
   * @returns How many bytes were written, or a {@linkcode Refusal} as a negative number: what `out`
   * then holds means nothing.
   */
  translate4to6(packet: Uint8Array, length: number, out: Uint8Array): number {
    const gap = this.#gap;
    const header = this.#header4;
    const refusal = header.read(packet, gap, length, false);
    if (refusal) return this.#refuse(refusal);
    const { protocol, payload, end, fragment, fragmentOffset, source, destination } = header;

    if (protocol === IGMP) return this.#refuse(Refusal.discovery);
    if (only6(protocol)) return this.#refuse(Refusal.protocol);
    if (header.sourceRouted) return this.#refuse(Refusal.sourceRoute);
    let kind = 0;
    if (protocol === ICMP4) {
      if (fragment) return this.#refuse(Refusal.icmpFragment);
      if (end - payload < ICMP_BYTES) return this.#refuse(Refusal.malformed);
      kind = icmp4Kind(packet[payload]);
      const refusal = icmpRefusal(kind);
      if (refusal) return this.#refuse(refusal);
    } else if (fragmentOffset === 0 && !this.#hasChecksum(payload, end, protocol)) {
      return this.#refuse(Refusal.malformed);
    }
    if (fragment && !fits(fragmentOffset, header.more, end - payload)) {
      return this.#refuse(Refusal.malformed);
    }
    if (!this.#readVnet(packet, 4, protocol, payload, end, fragment)) {
      return this.#refuse(Refusal.offload);
    }
    const { partial } = this.#vnet;
    const noChecksum = protocol === UDP && fragmentOffset === 0 && !partial &&
      get16(packet, payload + 6) === 0;
    if (noChecksum && (fragment || get16(packet, payload + 4) !== end - payload)) {
      return this.#refuse(Refusal.noUdpChecksum);
    }
    if (illegal4(source) || illegal4(destination)) return this.#refuse(Refusal.illegalAddress);
    if (header.ttl <= this.#hops) return this.#refuse(Refusal.hopLimit);

    const headerBytes = HEADER6_BYTES + (fragment ? FRAGMENT_BYTES : 0);
    let total = headerBytes + end - payload;
    const room = kind === IcmpKind.error ? MAX_ERROR6_BYTES : total;
    if (gap + room > out.length) return this.#refuse(Refusal.noRoom);
    if (!this.#map.v6OfSource(source, out, gap + 8)) return this.#refuse(Refusal.source);
    if (!this.#map.v6OfDestination(destination, out, gap + 24)) {
      return this.#refuse(Refusal.destination);
    }
    if (illegal6(out, gap + 8) || illegal6(out, gap + 24)) {
      return this.#refuse(Refusal.illegalAddress);
    }
    const outPayload = gap + headerBytes;
    const sum6 = addressSum6(out, gap);
    if (kind === IcmpKind.error) {
      const outEnd = this.#errors.to6(packet, payload, end, out, outPayload);
      if (outEnd < 0) return this.#refuse(-outEnd);
      writeIcmpChecksum(out, outPayload, outEnd, sum6 + icmp6Sum(outEnd - outPayload));
      total = outEnd - gap;
    } else {
      copy(packet, payload, end, out, outPayload);
      const bytes = end - payload;
      if (kind === IcmpKind.echo) {
        echo4to6(out, outPayload, outPayload + bytes, sum6 + icmp6Sum(bytes));
      } else if (noChecksum) {
        completeChecksum(out, outPayload, outPayload + bytes, UDP, sum6 + UDP + bytes);
      } else if (fragmentOffset === 0) {
        const change = difference(addressSum4(source, destination), sum6);
        adjustChecksum(out, outPayload, outPayload + bytes, protocol, change, partial);
      }
    }

    const next = protocol === ICMP4 ? ICMP6 : protocol;
    const following = fragment ? FRAGMENT : next;
    writeHeader6(out, gap, header.tos, total - HEADER6_BYTES, following, header.ttl - this.#hops);
    const { more, identification } = header;
    if (fragment) {
      const at = gap + HEADER6_BYTES;
      writeFragmentHeader(out, at, next, fragmentOffset, more, identification);
    }
    const { segmentBytes, segmentHeaderBytes } = this.#vnet;
    const wire = segmentBytes > 0 ? headerBytes + segmentHeaderBytes + segmentBytes : total;
    const limit = header.dontFragment ? this.#mtu6 : this.#fragmentBytes;
    if (wire > limit) {
      if (header.dontFragment) return this.#refuse(Refusal.tooBig);
      if (segmentBytes === 0) return this.#split(out, total, outPayload, next);
      // Segments can be made shorter, of TCP's stream, where its packets may be cut. A datagram of
      // UDP cannot, and its sender is told.
      const shorter = limit - headerBytes - segmentHeaderBytes;
      if (protocol !== TCP || shorter <= 0) return this.#refuse(Refusal.tooBig);
      this.#writeVnet(packet, payload, out, outPayload, 6, shorter);
    } else if (gap > 0) this.#writeVnet(packet, payload, out, outPayload, 6, segmentBytes);
    this.translated++;
    return this.stride = gap + total;
  }

  /**
   * Translates an IPv6 packet, into one of IPv4. Parameters and result are those of
   * {@linkcode translate4to6}; the result is never longer than the packet.
   */
  translate6to4(packet: Uint8Array, length: number, out: Uint8Array): number {
    const gap = this.#gap;
    const header = this.#header6;
    const refusal = header.read(packet, gap, length, false);
    if (refusal) return this.#refuse(refusal);
    const { protocol, payload, end, fragment, fragmentOffset } = header;

    if (protocol === ICMP4 || protocol === IGMP) return this.#refuse(Refusal.protocol);
    let kind = 0;
    if (protocol === ICMP6) {
      if (fragment) return this.#refuse(Refusal.icmpFragment);
      if (end - payload < 4) return this.#refuse(Refusal.malformed);
      kind = icmp6Kind(packet[payload]);
      const refusal = icmpRefusal(kind);
      if (refusal) return this.#refuse(refusal);
      if (end - payload < ICMP_BYTES) return this.#refuse(Refusal.malformed);
    } else if (fragmentOffset === 0 && !this.#hasChecksum(payload, end, protocol)) {
      return this.#refuse(Refusal.malformed);
    }
    if (fragment && !fits(fragmentOffset, header.more, end - payload)) {
      return this.#refuse(Refusal.malformed);
    }
    if (!this.#readVnet(packet, 6, protocol, payload, end, fragment)) {
      return this.#refuse(Refusal.offload);
    }
    const { partial, segmentBytes, segmentHeaderBytes } = this.#vnet;
    // As any receiver of IPv6 would (RFC 8200, 8.1).
    if (
      protocol === UDP && fragmentOffset === 0 && !partial && get16(packet, payload + 6) === 0
    ) return this.#refuse(Refusal.noUdpChecksum);
    if (illegal6(packet, gap + 8) || illegal6(packet, gap + 24)) {
      return this.#refuse(Refusal.illegalAddress);
    }
    if (header.hopLimit <= this.#hops) return this.#refuse(Refusal.hopLimit);
    const isError = kind === IcmpKind.error;
    let source = this.#map.v4OfSource(packet, gap + 8, isError);
    if (source < 0 && isError) source = this.#routers4;
    if (source < 0) return this.#refuse(Refusal.source);
    const destination = this.#map.v4OfDestination(packet, gap + 24);
    if (destination < 0) return this.#refuse(Refusal.destination);
    if (illegal4(source) || illegal4(destination)) return this.#refuse(Refusal.illegalAddress);

    const outPayload = gap + HEADER4_BYTES;
    let total = HEADER4_BYTES + end - payload;
    if (total > MAX_TOTAL4) return this.#refuse(Refusal.tooBig);
    if (gap + total > out.length) return this.#refuse(Refusal.noRoom);
    const sum6 = addressSum6(packet, gap);
    if (isError) {
      const pseudo = sum6 + icmp6Sum(end - payload);
      const outEnd = this.#errors.to4(packet, payload, end, pseudo, out, outPayload);
      if (outEnd < 0) return this.#refuse(-outEnd);
      writeIcmpChecksum(out, outPayload, outEnd, 0);
      total = outEnd - gap;
    } else {
      copy(packet, payload, end, out, outPayload);
      const outEnd = gap + total;
      if (kind === IcmpKind.echo) {
        echo6to4(out, outPayload, outEnd, sum6 + icmp6Sum(end - payload));
      } else if (fragmentOffset === 0) {
        const change = difference(sum6, addressSum4(source, destination));
        adjustChecksum(out, outPayload, outEnd, protocol, change, partial);
      }
    }

    const wire = segmentBytes > 0 ? HEADER4_BYTES + segmentHeaderBytes + segmentBytes : total;
    const dontFragment = wantsDontFragment(header, wire);
    if (dontFragment && wire > this.#mtu4) return this.#refuse(Refusal.tooBig);
    const segments = segmentBytes > 0 ? Math.ceil((end - payload) / segmentBytes) : 1;
    writeHeader4(
      out,
      gap,
      header.trafficClass,
      total,
      header.fragmentHeader ? header.identification & 0xffff : this.#identify(segments),
      flags4(dontFragment, header.more, fragmentOffset),
      header.hopLimit - this.#hops,
      protocol === ICMP6 ? ICMP4 : protocol,
      source,
      destination,
    );
    if (gap > 0) this.#writeVnet(packet, payload, out, outPayload, 4, segmentBytes);
    this.translated++;
    return this.stride = gap + total;
  }

  /**
   * Writes the ICMP error by which the sender of a packet is told why it was refused, in its own
   * family, and returns how long it is, or 0: for most refusals and packets there must be none
   * (RFC 1812, 4.3.2.7; RFC 4443, 2.4). How many errors are sent in a time is the caller's matter.
   *
   * @param refusal The number that the translation returned, made positive.
   * @param out At least 1290 bytes.
   */
  errorFor(refusal: number, packet: Uint8Array, length: number, out: Uint8Array): number {
    const gap = this.#gap;
    const bytes = packet[gap] >>> 4 === 4
      ? this.#replies.write4(refusal, packet, gap, length, out, this.#identify(1))
      : this.#replies.write6(refusal, packet, gap, length, out);
    if (bytes > 0 && gap > 0) clearVnetHeader(out, 0);
    return bytes > 0 ? gap + bytes : 0;
  }

  #refuse(refusal: number): number {
    this.refused[refusal]++;
    return -refusal;
  }

  /** Numbers the IPv4 packets that may be fragmented on their way. */
  #identify(count: number): number {
    const identification = this.#identification;
    this.#identification = identification + count & 0xffff;
    return identification;
  }

  /** Whether a transport header that has a checksum to adjust is there up to it. */
  #hasChecksum(payload: number, end: number, protocol: number): boolean {
    const offset = checksumOffset(protocol);
    return offset < 0 || payload + offset + 2 <= end && (protocol !== UDP || payload + 8 <= end);
  }

  #readVnet(
    packet: Uint8Array,
    version: 4 | 6,
    protocol: number,
    payload: number,
    end: number,
    fragment: boolean,
  ): boolean {
    return this.#gap === 0 ||
      this.#vnet.read(packet, 0, version, protocol, payload, end, fragment);
  }

  #writeVnet(
    packet: Uint8Array,
    payload: number,
    out: Uint8Array,
    outPayload: number,
    version: 4 | 6,
    segmentBytes: number,
  ): void {
    translateVnetHeader(packet, 0, out, 0, outPayload - payload, version, segmentBytes);
  }

  /** Makes fragments of the IPv6 packet that was just written of an IPv4 one. */
  #split(out: Uint8Array, total: number, outPayload: number, protocol: number): number {
    const gap = this.#gap;
    const { fragmentOffset, more, identification } = this.#header4;
    const payloadBytes = gap + total - outPayload;
    const piece = pieceBytes(this.#fragmentBytes);
    const bytes = gap + splitBytes(payloadBytes, piece, gap);
    if (bytes > out.length) return this.#refuse(Refusal.noRoom);
    if (this.#vnet.partial) {
      completeChecksum(out, outPayload, outPayload + payloadBytes, protocol, 0);
    }
    if (gap > 0) clearVnetHeader(out, 0);
    split(
      out,
      gap,
      outPayload,
      payloadBytes,
      piece,
      gap,
      protocol,
      fragmentOffset,
      more,
      identification,
    );
    this.stride = gap + HEADER6_BYTES + FRAGMENT_BYTES + piece;
    this.translated++;
    return bytes;
  }
}

/** Whether a fragment can be part of a datagram, and be it one of the longest (RFC 8200, 4.5). */
function fits(fragmentOffset: number, more: boolean, bytes: number): boolean {
  return (!more || bytes % 8 === 0) && fragmentOffset * 8 + bytes + HEADER4_BYTES <= MAX_TOTAL4;
}

function inRange(name: string, value: number, least: number): number {
  if (Number.isInteger(value) && value >= least && value <= MAX_TOTAL4) return value;
  throw new TranslatorOptionError(
    `cannot translate with ${name} ${value}: it must be a whole number ` +
      `from ${least} to ${MAX_TOTAL4}`,
  );
}
