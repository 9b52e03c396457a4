import { copy, get16 } from "./bytes.ts";
import { addressSum4, addressSum6, difference } from "./checksum.ts";
import { Header4, illegal4 } from "./header4.ts";
import {
  FRAGMENT_BYTES,
  HEADER6_BYTES,
  illegal6,
  writeFragmentHeader,
  writeHeader6,
} from "./header6.ts";
import { echo4to6, icmp6Sum, ICMP_BYTES, icmpRefusal, writeIcmpChecksum } from "./icmp.ts";
import { IcmpErrors, MAX_ERROR6_BYTES } from "./icmp_errors.ts";
import { icmp4Kind, IcmpKind } from "./icmp_types.ts";
import type { Settings } from "./options.ts";
import { FRAGMENT, ICMP4, ICMP6, IGMP, only6, TCP, UDP } from "./protocols.ts";
import { Refusal } from "./refusal.ts";
import { pieceBytes, split, splitBytes } from "./split.ts";
import { adjustChecksum, completeChecksum, fits, hasChecksum } from "./transport.ts";
import { clearVnetHeader, translateVnetHeader, VnetHeader } from "./vnet.ts";

/** Translates IPv4 packets to IPv6 (RFC 7915, 4). */
export class FourToSix {
  /** The distance between the packets that the last translation wrote. */
  stride = 0;
  readonly #settings: Settings;
  readonly #errors: IcmpErrors;
  readonly #header4 = new Header4();
  readonly #vnet = new VnetHeader();
  /** The kind of the current packet's ICMP message; 0 for another protocol. */
  #kind = 0;
  /** Whether the current packet is a UDP datagram without a checksum. */
  #noChecksum = false;

  /** Uses the settings of its translator. */
  constructor(settings: Settings) {
    this.#settings = settings;
    this.#errors = new IcmpErrors(settings.map, settings.mtu4, settings.mtu6);
  }

  /** Returns the number of bytes written, or a {@linkcode Refusal} as a negative number. */
  translate(packet: Uint8Array, length: number, out: Uint8Array): number {
    const refusal = this.#read(packet, length) || this.#writeAddresses(out);
    if (refusal) return -refusal;
    const end = this.#writePayload(packet, out);
    if (end < 0) return end;
    this.#writeHeaders(out, end);
    return this.#fit(packet, out, end);
  }

  /** The offset of the payload in the result. */
  get #outPayload(): number {
    return this.#settings.gap + HEADER6_BYTES + (this.#header4.fragment ? FRAGMENT_BYTES : 0);
  }

  /** The protocol of the payload in IPv6. */
  get #next(): number {
    return this.#header4.protocol === ICMP4 ? ICMP6 : this.#header4.protocol;
  }

  /** Reads the headers of the packet; returns a refusal, or 0. */
  #read(packet: Uint8Array, length: number): number {
    const { hops, gap } = this.#settings;
    const header = this.#header4;
    const refusal = header.read(packet, gap, length, false);
    if (refusal) return refusal;
    const { protocol, payload, end, fragment, fragmentOffset } = header;

    if (protocol === IGMP) return Refusal.discovery;
    if (only6(protocol)) return Refusal.protocol;
    if (header.sourceRouted) return Refusal.sourceRoute;
    this.#kind = 0;
    if (protocol === ICMP4) {
      if (fragment) return Refusal.icmpFragment;
      if (end - payload < ICMP_BYTES) return Refusal.malformed;
      this.#kind = icmp4Kind(packet[payload]);
      const refusal = icmpRefusal(this.#kind);
      if (refusal) return refusal;
    } else if (fragmentOffset === 0 && !hasChecksum(payload, end, protocol)) {
      return Refusal.malformed;
    }
    if (fragment && !fits(fragmentOffset, header.more, end - payload)) return Refusal.malformed;
    if (gap > 0 && !this.#vnet.read(packet, 0, 4, protocol, payload, end, fragment)) {
      return Refusal.offload;
    }
    this.#noChecksum = protocol === UDP && fragmentOffset === 0 && !this.#vnet.partial &&
      get16(packet, payload + 6) === 0;
    if (this.#noChecksum && (fragment || get16(packet, payload + 4) !== end - payload)) {
      return Refusal.noUdpChecksum;
    }
    if (illegal4(header.source) || illegal4(header.destination)) return Refusal.illegalAddress;
    return header.ttl <= hops ? Refusal.hopLimit : 0;
  }

  /** Writes the addresses of the result; returns a refusal, or 0. */
  #writeAddresses(out: Uint8Array): number {
    const { map, gap } = this.#settings;
    const { payload, end, source, destination } = this.#header4;
    const room = this.#kind === IcmpKind.error
      ? gap + MAX_ERROR6_BYTES
      : this.#outPayload + end - payload;
    if (room > out.length) return Refusal.noRoom;
    if (!map.v6OfSource(source, out, gap + 8)) return Refusal.source;
    if (!map.v6OfDestination(destination, out, gap + 24)) return Refusal.destination;
    return illegal6(out, gap + 8) || illegal6(out, gap + 24) ? Refusal.illegalAddress : 0;
  }

  /** Writes the payload after the addresses; returns its end, or a refusal as a negative number. */
  #writePayload(packet: Uint8Array, out: Uint8Array): number {
    const { protocol, payload, end, fragmentOffset, source, destination } = this.#header4;
    const at = this.#outPayload;
    const sum6 = addressSum6(out, this.#settings.gap);
    if (this.#kind === IcmpKind.error) {
      const outEnd = this.#errors.to6(packet, payload, end, out, at);
      if (outEnd >= 0) writeIcmpChecksum(out, at, outEnd, sum6 + icmp6Sum(outEnd - at));
      return outEnd;
    }
    copy(packet, payload, end, out, at);
    const bytes = end - payload;
    if (this.#kind === IcmpKind.echo) {
      echo4to6(out, at, at + bytes, sum6 + icmp6Sum(bytes));
    } else if (this.#noChecksum) {
      completeChecksum(out, at, at + bytes, UDP, sum6 + UDP + bytes);
    } else if (fragmentOffset === 0) {
      const change = difference(addressSum4(source, destination), sum6);
      adjustChecksum(out, at, at + bytes, protocol, change, this.#vnet.partial);
    }
    return at + bytes;
  }

  #writeHeaders(out: Uint8Array, end: number): void {
    const { hops, gap } = this.#settings;
    const { fragment, fragmentOffset, more, identification, tos, ttl } = this.#header4;
    const at = gap + HEADER6_BYTES;
    writeHeader6(out, gap, tos, end - at, fragment ? FRAGMENT : this.#next, ttl - hops);
    if (fragment) writeFragmentHeader(out, at, this.#next, fragmentOffset, more, identification);
  }

  /**
   * Makes the written packet fit the MTU, and writes its virtio-net header. Returns the end of the result,
   * or a refusal as a negative number.
   */
  #fit(packet: Uint8Array, out: Uint8Array, end: number): number {
    const { mtu6, fragmentBytes, gap } = this.#settings;
    const { protocol, payload, dontFragment } = this.#header4;
    const { segmentBytes, segmentHeaderBytes } = this.#vnet;
    const headerBytes = this.#outPayload - gap;
    const growth = this.#outPayload - payload;
    const wire = segmentBytes > 0 ? headerBytes + segmentHeaderBytes + segmentBytes : end - gap;
    const limit = dontFragment ? mtu6 : fragmentBytes;
    if (wire > limit) {
      if (dontFragment) return -Refusal.tooBig;
      if (segmentBytes === 0) return this.#split(out, end);
      // The segments of a TCP stream can be made shorter, if its packets may be fragmented. UDP
      // datagrams cannot: their sender gets an error.
      const shorter = limit - headerBytes - segmentHeaderBytes;
      if (protocol !== TCP || shorter <= 0) return -Refusal.tooBig;
      translateVnetHeader(packet, 0, out, 0, growth, 6, shorter);
    } else if (gap > 0) {
      translateVnetHeader(packet, 0, out, 0, growth, 6, segmentBytes);
    }
    return this.stride = end;
  }

  /** Splits the written packet into fragments. */
  #split(out: Uint8Array, end: number): number {
    const { gap, fragmentBytes } = this.#settings;
    const { fragmentOffset, more, identification } = this.#header4;
    const at = this.#outPayload;
    const payloadBytes = end - at;
    const piece = pieceBytes(fragmentBytes);
    const bytes = gap + splitBytes(payloadBytes, piece, gap);
    if (bytes > out.length) return -Refusal.noRoom;
    const protocol = this.#next;
    if (this.#vnet.partial) completeChecksum(out, at, end, protocol, 0);
    if (gap > 0) clearVnetHeader(out, 0);
    split(
      out,
      gap,
      at,
      payloadBytes,
      piece,
      gap,
      protocol,
      fragmentOffset,
      more,
      identification,
    );
    this.stride = gap + HEADER6_BYTES + FRAGMENT_BYTES + piece;
    return bytes;
  }
}
