import { copy, get16 } from "./bytes.ts";
import { addressSum4, addressSum6, difference } from "./checksum.ts";
import { flags4, HEADER4_BYTES, illegal4, MAX_TOTAL4, writeHeader4 } from "./header4.ts";
import { Header6, illegal6 } from "./header6.ts";
import { echo6to4, icmp6Sum, ICMP_BYTES, icmpRefusal, writeIcmpChecksum } from "./icmp.ts";
import { IcmpErrors, wantsDontFragment } from "./icmp_errors.ts";
import { icmp6Kind, IcmpKind } from "./icmp_types.ts";
import type { Identifications } from "./identifications.ts";
import type { Settings } from "./options.ts";
import { ICMP4, ICMP6, IGMP, UDP } from "./protocols.ts";
import { Refusal } from "./refusal.ts";
import { adjustChecksum, fits, hasChecksum } from "./transport.ts";
import { translateVnetHeader, VnetHeader } from "./vnet.ts";

/** Translates IPv6 packets to IPv4 (RFC 7915, 5). */
export class SixToFour {
  readonly #settings: Settings;
  readonly #identifications: Identifications;
  readonly #errors: IcmpErrors;
  readonly #header6 = new Header6();
  readonly #vnet = new VnetHeader();
  /** The kind of the current packet's ICMP message; 0 for another protocol. */
  #kind = 0;
  /** The addresses of the result. */
  #source = 0;
  #destination = 0;

  /** Uses the settings of its translator. */
  constructor(settings: Settings, identifications: Identifications) {
    this.#settings = settings;
    this.#identifications = identifications;
    this.#errors = new IcmpErrors(settings.map, settings.mtu4, settings.mtu6);
  }

  /** Returns the number of bytes written, or a {@linkcode Refusal} as a negative number. */
  translate(packet: Uint8Array, length: number, out: Uint8Array): number {
    const refusal = this.#read(packet, length) || this.#mapAddresses(packet);
    if (refusal) return -refusal;
    const end = this.#writePayload(packet, out);
    if (end < 0) return end;
    const tooBig = this.#writeHeader(out, end);
    if (tooBig) return -tooBig;
    const { gap } = this.#settings;
    const growth = gap + HEADER4_BYTES - this.#header6.payload;
    if (gap > 0) translateVnetHeader(packet, 0, out, 0, growth, 4, this.#vnet.segmentBytes);
    return end;
  }

  /** Reads the headers of the packet; returns a refusal, or 0. */
  #read(packet: Uint8Array, length: number): number {
    const { hops, gap } = this.#settings;
    const header = this.#header6;
    const refusal = header.read(packet, gap, length, false);
    if (refusal) return refusal;
    const { protocol, payload, end, fragment, fragmentOffset } = header;

    if (protocol === ICMP4 || protocol === IGMP) return Refusal.protocol;
    this.#kind = 0;
    if (protocol === ICMP6) {
      if (fragment) return Refusal.icmpFragment;
      if (end - payload < 4) return Refusal.malformed;
      this.#kind = icmp6Kind(packet[payload]);
      const refusal = icmpRefusal(this.#kind);
      if (refusal) return refusal;
      if (end - payload < ICMP_BYTES) return Refusal.malformed;
    } else if (fragmentOffset === 0 && !hasChecksum(payload, end, protocol)) {
      return Refusal.malformed;
    }
    if (fragment && !fits(fragmentOffset, header.more, end - payload)) return Refusal.malformed;
    if (gap > 0 && !this.#vnet.read(packet, 0, 6, protocol, payload, end, fragment)) {
      return Refusal.offload;
    }
    const noChecksum = protocol === UDP && fragmentOffset === 0 && !this.#vnet.partial &&
      get16(packet, payload + 6) === 0;
    // Any IPv6 receiver refuses it too (RFC 8200, 8.1).
    if (noChecksum) return Refusal.noUdpChecksum;
    if (illegal6(packet, gap + 8) || illegal6(packet, gap + 24)) return Refusal.illegalAddress;
    return header.hopLimit <= hops ? Refusal.hopLimit : 0;
  }

  /** Maps the addresses of the packet; returns a refusal, or 0. */
  #mapAddresses(packet: Uint8Array): number {
    const { map, routers4, gap } = this.#settings;
    const isError = this.#kind === IcmpKind.error;
    const source = map.v4OfSource(packet, gap + 8, isError);
    this.#source = source < 0 && isError ? routers4 : source;
    if (this.#source < 0) return Refusal.source;
    this.#destination = map.v4OfDestination(packet, gap + 24);
    if (this.#destination < 0) return Refusal.destination;
    return illegal4(this.#source) || illegal4(this.#destination) ? Refusal.illegalAddress : 0;
  }

  /** Writes the payload of the result; returns its end, or a refusal as a negative number. */
  #writePayload(packet: Uint8Array, out: Uint8Array): number {
    const { gap } = this.#settings;
    const { protocol, payload, end, fragmentOffset } = this.#header6;
    const at = gap + HEADER4_BYTES;
    const bytes = end - payload;
    const outEnd = at + bytes;
    if (HEADER4_BYTES + bytes > MAX_TOTAL4) return -Refusal.tooBig;
    if (outEnd > out.length) return -Refusal.noRoom;
    const sum6 = addressSum6(packet, gap);
    if (this.#kind === IcmpKind.error) {
      const errorEnd = this.#errors.to4(packet, payload, end, sum6 + icmp6Sum(bytes), out, at);
      if (errorEnd >= 0) writeIcmpChecksum(out, at, errorEnd, 0);
      return errorEnd;
    }
    copy(packet, payload, end, out, at);
    if (this.#kind === IcmpKind.echo) {
      echo6to4(out, at, outEnd, sum6 + icmp6Sum(bytes));
    } else if (fragmentOffset === 0) {
      const change = difference(sum6, addressSum4(this.#source, this.#destination));
      adjustChecksum(out, at, outEnd, protocol, change, this.#vnet.partial);
    }
    return outEnd;
  }

  /** Writes the header of the result; returns a refusal if it is too big for the MTU, or 0. */
  #writeHeader(out: Uint8Array, end: number): number {
    const { hops, mtu4, gap } = this.#settings;
    const header = this.#header6;
    const { protocol, payload } = header;
    const { segmentBytes, segmentHeaderBytes } = this.#vnet;
    const total = end - gap;
    const wire = segmentBytes > 0 ? HEADER4_BYTES + segmentHeaderBytes + segmentBytes : total;
    const dontFragment = wantsDontFragment(header, wire);
    if (dontFragment && wire > mtu4) return Refusal.tooBig;
    const data = header.end - payload - segmentHeaderBytes;
    const segments = segmentBytes > 0 ? Math.max(1, Math.ceil(data / segmentBytes)) : 1;
    writeHeader4(
      out,
      gap,
      header.trafficClass,
      total,
      header.fragmentHeader ? header.identification & 0xffff : this.#identifications.take(segments),
      flags4(dontFragment, header.more, header.fragmentOffset),
      header.hopLimit - hops,
      protocol === ICMP6 ? ICMP4 : protocol,
      this.#source,
      this.#destination,
    );
    return 0;
  }
}
