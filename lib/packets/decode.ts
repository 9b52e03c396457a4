import { ETHER, type Headers, IP, LINK, readHeaders, readQuoted } from "./headers/headers.ts";
import { decodeApplication } from "./application/application.ts";
import { decodeArp } from "./network/arp.ts";
import { decodeIcmp } from "./network/icmp.ts";
import { decodeIcmp6 } from "./network/icmp6.ts";
import { decodeIpv4 } from "./network/ipv4.ts";
import { decodeIpv6 } from "./network/ipv6.ts";
import { decodeLink, decodeVlan } from "./network/link.ts";
import { FieldReader, type PacketNode } from "./network/reader.ts";
import { decodeTcp } from "./network/tcp.ts";
import { decodeUdp } from "./network/udp.ts";

/** As deep may an error quote an error. */
const DEEPEST_QUOTE = 3;

/**
 * Reads a frame into a tree, for a view with the bytes beside it. Each node has its offsets, which are
 * within the frame; children are within their parent, or are parts of the same bytes. It never throws
 * and takes bounded time: what is damaged or cut off is a node that says so.
 *
 * @param data What was captured, from the link header on.
 * @param linkType What kind of link header that is: 1 for Ethernet, 276 for Linux SLL2.
 * @returns The protocols, from the link on.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const arp = Uint8Array.fromHex(
 *   "ffffffffffff020000000001080600010800060400010200000000010a0000010000000000000a000002",
 * );
 * const [ethernet, request] = decodeFrame(arp, 1);
 * assertEquals(ethernet.value, "02:00:00:00:00:01 → ff:ff:ff:ff:ff:ff");
 * assertEquals([request.label, request.value], ["ARP", "Who has 10.0.0.2? Tell 10.0.0.1"]);
 * assertEquals([request.start, request.end], [14, 42]);
 * ```
 */
export function decodeFrame(data: Uint8Array, linkType: number): PacketNode[] {
  const headers = readHeaders(data, linkType);
  const reader = new FieldReader(data, 0, data.length);
  const isRaw = (LINK.raw as readonly number[]).includes(linkType);
  if (!isRaw) {
    if (linkType !== LINK.ethernet && linkType !== LINK.sll && linkType !== LINK.sll2) {
      reader.data(`Link type ${linkType}`, data.length);
      return reader.nodes;
    }
    decodeLink(reader, linkType);
    for (let tag = 0; tag < headers.vlanTags && reader.more; tag++) decodeVlan(reader);
  }
  decodeNetwork(reader, headers, 0);
  const end = headers.networkEnd;
  if (!reader.isCut && end >= 0 && end < data.length) {
    reader.at = Math.max(reader.at, end);
    reader.rest("Padding");
  }
  return reader.nodes;
}

function decodeNetwork(reader: FieldReader, headers: Headers, depth: number): void {
  if (!reader.more) return;
  if (headers.etherType === ETHER.arp) return decodeArp(reader);
  if (headers.etherType === ETHER.ipv4) decodeIpv4(reader);
  else if (headers.etherType === ETHER.ipv6) decodeIpv6(reader);
  else return reader.rest("Data");
  if (reader.isCut || headers.transportAt < 0 || headers.protocol === IP.none) {
    return reader.rest("Data");
  }
  reader.at = headers.transportAt;
  if (reader.at >= headers.networkEnd) return;
  if (headers.fragmentOffset > 0) {
    return reader.data("Fragment", headers.networkEnd - headers.transportAt);
  }
  decodeTransport(reader, headers, depth);
}

function decodeTransport(reader: FieldReader, headers: Headers, depth: number): void {
  const { protocol, transportAt, networkEnd, ttl } = headers;
  const length = networkEnd - transportAt;
  const quoted = (part: FieldReader) => {
    if (depth >= DEEPEST_QUOTE) return part.rest("Data");
    decodeNetwork(part, readQuoted(part.bytes, part.at, part.end), depth + 1);
  };
  if (protocol === IP.icmp) reader.group("ICMP", length, (part) => decodeIcmp(part, ttl, quoted));
  else if (protocol === IP.icmp6) {
    reader.group("ICMPv6", length, (part) => decodeIcmp6(part, ttl, quoted));
  } else if (protocol === IP.tcp || protocol === IP.udp) {
    if (protocol === IP.tcp) decodeTcp(reader);
    else decodeUdp(reader);
    if (reader.isCut || headers.payloadAt < 0) return;
    decodeApplication(reader, headers);
  } else reader.data("Data", length);
}
