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

  /** Uses the settings of its translator. */
  constructor(settings: Settings) {
    this.#settings = settings;
    this.#errors = new IcmpErrors(settings.map, settings.mtu4, settings.mtu6);
  }

  /** Returns the number of bytes written, or a {@linkcode Refusal} as a negative number. */
  translate(packet: Uint8Array, length: number, out: Uint8Array): number {
    const { map, hops, mtu6, fragmentBytes, gap } = this.#settings;
    const header = this.#header4;
    const refusal = header.read(packet, gap, length, false);
    if (refusal) return -refusal;
    const { protocol, payload, end, fragment, fragmentOffset, source, destination } = header;

    if (protocol === IGMP) return -Refusal.discovery;
    if (only6(protocol)) return -Refusal.protocol;
    if (header.sourceRouted) return -Refusal.sourceRoute;
    let kind = 0;
    if (protocol === ICMP4) {
      if (fragment) return -Refusal.icmpFragment;
      if (end - payload < ICMP_BYTES) return -Refusal.malformed;
      kind = icmp4Kind(packet[payload]);
      const refusal = icmpRefusal(kind);
      if (refusal) return -refusal;
    } else if (fragmentOffset === 0 && !hasChecksum(payload, end, protocol)) {
      return -Refusal.malformed;
    }
    if (fragment && !fits(fragmentOffset, header.more, end - payload)) {
      return -Refusal.malformed;
    }
    if (gap > 0 && !this.#vnet.read(packet, 0, 4, protocol, payload, end, fragment)) {
      return -Refusal.offload;
    }
    const { partial } = this.#vnet;
    const noChecksum = protocol === UDP && fragmentOffset === 0 && !partial &&
      get16(packet, payload + 6) === 0;
    if (noChecksum && (fragment || get16(packet, payload + 4) !== end - payload)) {
      return -Refusal.noUdpChecksum;
    }
    if (illegal4(source) || illegal4(destination)) return -Refusal.illegalAddress;
    if (header.ttl <= hops) return -Refusal.hopLimit;

    const headerBytes = HEADER6_BYTES + (fragment ? FRAGMENT_BYTES : 0);
    let total = headerBytes + end - payload;
    const room = kind === IcmpKind.error ? MAX_ERROR6_BYTES : total;
    if (gap + room > out.length) return -Refusal.noRoom;
    if (!map.v6OfSource(source, out, gap + 8)) return -Refusal.source;
    if (!map.v6OfDestination(destination, out, gap + 24)) {
      return -Refusal.destination;
    }
    if (illegal6(out, gap + 8) || illegal6(out, gap + 24)) {
      return -Refusal.illegalAddress;
    }
    const outPayload = gap + headerBytes;
    const sum6 = addressSum6(out, gap);
    if (kind === IcmpKind.error) {
      const outEnd = this.#errors.to6(packet, payload, end, out, outPayload);
      if (outEnd < 0) return outEnd;
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
    writeHeader6(out, gap, header.tos, total - HEADER6_BYTES, following, header.ttl - hops);
    const { more, identification } = header;
    if (fragment) {
      const at = gap + HEADER6_BYTES;
      writeFragmentHeader(out, at, next, fragmentOffset, more, identification);
    }
    const { segmentBytes, segmentHeaderBytes } = this.#vnet;
    const wire = segmentBytes > 0 ? headerBytes + segmentHeaderBytes + segmentBytes : total;
    const limit = header.dontFragment ? mtu6 : fragmentBytes;
    if (wire > limit) {
      if (header.dontFragment) return -Refusal.tooBig;
      if (segmentBytes === 0) return this.#split(out, total, outPayload, next);
      // The segments of a TCP stream can be made shorter, if its packets may be fragmented. UDP
      // datagrams cannot: their sender gets an error.
      const shorter = limit - headerBytes - segmentHeaderBytes;
      if (protocol !== TCP || shorter <= 0) return -Refusal.tooBig;
      translateVnetHeader(packet, 0, out, 0, outPayload - payload, 6, shorter);
    } else if (gap > 0) {
      translateVnetHeader(packet, 0, out, 0, outPayload - payload, 6, segmentBytes);
    }
    return this.stride = gap + total;
  }

  /** Splits the IPv6 packet that was just written into fragments. */
  #split(out: Uint8Array, total: number, outPayload: number, protocol: number): number {
    const { gap, fragmentBytes } = this.#settings;
    const { fragmentOffset, more, identification } = this.#header4;
    const payloadBytes = gap + total - outPayload;
    const piece = pieceBytes(fragmentBytes);
    const bytes = gap + splitBytes(payloadBytes, piece, gap);
    if (bytes > out.length) return -Refusal.noRoom;
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
    return bytes;
  }
}
