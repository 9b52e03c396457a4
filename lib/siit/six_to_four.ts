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

  /** Uses the settings of its translator. */
  constructor(settings: Settings, identifications: Identifications) {
    this.#settings = settings;
    this.#identifications = identifications;
    this.#errors = new IcmpErrors(settings.map, settings.mtu4, settings.mtu6);
  }

  /** Returns the number of bytes written, or a {@linkcode Refusal} as a negative number. */
  translate(packet: Uint8Array, length: number, out: Uint8Array): number {
    const { map, hops, mtu4, routers4, gap } = this.#settings;
    const header = this.#header6;
    const refusal = header.read(packet, gap, length, false);
    if (refusal) return -refusal;
    const { protocol, payload, end, fragment, fragmentOffset } = header;

    if (protocol === ICMP4 || protocol === IGMP) return -Refusal.protocol;
    let kind = 0;
    if (protocol === ICMP6) {
      if (fragment) return -Refusal.icmpFragment;
      if (end - payload < 4) return -Refusal.malformed;
      kind = icmp6Kind(packet[payload]);
      const refusal = icmpRefusal(kind);
      if (refusal) return -refusal;
      if (end - payload < ICMP_BYTES) return -Refusal.malformed;
    } else if (fragmentOffset === 0 && !hasChecksum(payload, end, protocol)) {
      return -Refusal.malformed;
    }
    if (fragment && !fits(fragmentOffset, header.more, end - payload)) {
      return -Refusal.malformed;
    }
    if (gap > 0 && !this.#vnet.read(packet, 0, 6, protocol, payload, end, fragment)) {
      return -Refusal.offload;
    }
    const { partial, segmentBytes, segmentHeaderBytes } = this.#vnet;
    // Any IPv6 receiver refuses it too (RFC 8200, 8.1).
    if (
      protocol === UDP && fragmentOffset === 0 && !partial && get16(packet, payload + 6) === 0
    ) return -Refusal.noUdpChecksum;
    if (illegal6(packet, gap + 8) || illegal6(packet, gap + 24)) {
      return -Refusal.illegalAddress;
    }
    if (header.hopLimit <= hops) return -Refusal.hopLimit;
    const isError = kind === IcmpKind.error;
    let source = map.v4OfSource(packet, gap + 8, isError);
    if (source < 0 && isError) source = routers4;
    if (source < 0) return -Refusal.source;
    const destination = map.v4OfDestination(packet, gap + 24);
    if (destination < 0) return -Refusal.destination;
    if (illegal4(source) || illegal4(destination)) return -Refusal.illegalAddress;

    const outPayload = gap + HEADER4_BYTES;
    let total = HEADER4_BYTES + end - payload;
    if (total > MAX_TOTAL4) return -Refusal.tooBig;
    if (gap + total > out.length) return -Refusal.noRoom;
    const sum6 = addressSum6(packet, gap);
    if (isError) {
      const pseudo = sum6 + icmp6Sum(end - payload);
      const outEnd = this.#errors.to4(packet, payload, end, pseudo, out, outPayload);
      if (outEnd < 0) return outEnd;
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
    if (dontFragment && wire > mtu4) return -Refusal.tooBig;
    const data = end - payload - segmentHeaderBytes;
    const segments = segmentBytes > 0 ? Math.max(1, Math.ceil(data / segmentBytes)) : 1;
    writeHeader4(
      out,
      gap,
      header.trafficClass,
      total,
      header.fragmentHeader ? header.identification & 0xffff : this.#identifications.take(segments),
      flags4(dontFragment, header.more, fragmentOffset),
      header.hopLimit - hops,
      protocol === ICMP6 ? ICMP4 : protocol,
      source,
      destination,
    );
    if (gap > 0) translateVnetHeader(packet, 0, out, 0, outPayload - payload, 4, segmentBytes);
    return gap + total;
  }
}
