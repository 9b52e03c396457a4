import { APPLICATION_NAMES, applicationInfo } from "../application/application.ts";
import { arpInfo } from "../network/arp.ts";
import { decodeIcmp } from "../network/icmp.ts";
import { decodeIcmp6 } from "../network/icmp6.ts";
import { FieldReader } from "../network/reader.ts";
import type { Frame } from "../file/frame.ts";
import { hexNumber, ip4Text, ip6Text, macText } from "../headers/address_text.ts";
import { applicationOf } from "../headers/application.ts";
import { ETHER, type Headers, IP, readHeaders } from "../headers/headers.ts";
import { etherTypeName, protocolName } from "../headers/numbers.ts";
import { Conversations } from "./conversations.ts";
import { type Protocol, protocolsOf } from "./protocols.ts";
import { tcpInfo } from "./tcp_info.ts";

/** What a list of packets shows of one, and what filters look at. */
export interface PacketSummary {
  /** The protocol in a word, for example `TCP`, `DNS`, `ICMPv6`. */
  readonly protocol: string;
  /** The sender's address: IP, else MAC; empty if the frame has none. */
  readonly source: string;
  /** The receiver's address: IP, else MAC; empty if the frame has none. */
  readonly destination: string;
  /** The sender's port of TCP or UDP; -1 without one. */
  readonly sourcePort: number;
  /** The receiver's port of TCP or UDP; -1 without one. */
  readonly destinationPort: number;
  /** One line, as Wireshark has it. Printable; what programs sent is ASCII. */
  readonly info: string;
  /** All protocols of the frame, from the link on. */
  readonly protocols: readonly Protocol[];
  /** The VLAN of the outer tag; -1 without one. */
  readonly vlan: number;
  /** Bytes on the wire. */
  readonly length: number;
}

/** Characters of a line: more are left out. */
const MOST_INFO = 400;

/** What nothing quotes: summaries do not show it. */
const unread = () => {};

/**
 * Says what a frame is in one line. It never throws and takes bounded time.
 *
 * @param conversations What was seen before, for numbers that are relative to the start of their
 * connection; without it, each frame stands for itself.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readCapture } from "../file/reader.ts";
 * import { Conversations } from "./conversations.ts";
 *
 * const conversations = new Conversations();
 * const { frames } = readCapture(new Uint8Array());
 * const lines = frames.map((frame) => summarise(frame, conversations).info);
 * assertEquals(lines, []);
 * ```
 */
export function summarise(frame: Frame, conversations?: Conversations): PacketSummary {
  return summariseBytes(frame.data, frame.interface.linkType, frame.length, conversations);
}

/** As {@link summarise}, of bytes that are in no file. */
export function summariseBytes(
  data: Uint8Array,
  linkType: number,
  length: number = data.length,
  conversations: Conversations = new Conversations(),
): PacketSummary {
  const headers = readHeaders(data, linkType);
  const source = addressText(headers, headers.sourceIpAt, headers.sourceMacAt);
  const destination = addressText(headers, headers.destinationIpAt, headers.destinationMacAt);
  const application = applicationOf(headers);
  let protocol: string;
  let info: string | undefined;
  if (application) {
    protocol = APPLICATION_NAMES[application];
    info = applicationInfo(headers, application);
    // The connection is followed nevertheless.
    if (headers.protocol === IP.tcp) tcpInfo(headers, source, destination, conversations);
  } else protocol = protocolText(headers);
  info ??= infoOf(headers, source, destination, conversations);
  return {
    protocol,
    source,
    destination,
    sourcePort: headers.sourcePort,
    destinationPort: headers.destinationPort,
    info: info.length > MOST_INFO ? `${info.slice(0, MOST_INFO)}…` : info,
    protocols: protocolsOf(headers, linkType, application),
    vlan: headers.vlan,
    length,
  };
}

function addressText(headers: Headers, ipAt: number, macAt: number): string {
  if (ipAt >= 0) {
    return headers.ipVersion === 6 ? ip6Text(headers.bytes, ipAt) : ip4Text(headers.bytes, ipAt);
  }
  return macAt < 0 ? "" : macText(headers.bytes, macAt);
}

function protocolText(headers: Headers): string {
  const { etherType, ipVersion, protocol } = headers;
  if (ipVersion === 0) {
    if (etherType < 0x600) return etherType < 0 ? "unknown" : "LLC";
    return etherTypeName(etherType) ?? hexNumber(etherType, 4);
  }
  if (headers.fragmentOffset > 0 || protocol < 0) return `IPv${ipVersion}`;
  return protocolName(protocol) ?? `IPv${ipVersion}`;
}

function infoOf(
  headers: Headers,
  source: string,
  destination: string,
  conversations: Conversations,
): string {
  const { bytes, etherType, protocol, transportAt, networkEnd } = headers;
  if (headers.ipVersion === 0) {
    if (etherType === ETHER.arp) return arpInfo(bytes, headers.networkAt, headers.end);
    if (etherType === ETHER.ipv4 || etherType === ETHER.ipv6) return "header cut off or damaged";
    const size = Math.max(0, headers.end - Math.max(0, headers.networkAt));
    if (etherType >= 0 && etherType < 0x600) return `802.3, ${size} bytes`;
    return `${etherType < 0 ? "unknown" : hexNumber(etherType, 4)}, ${size} bytes`;
  }
  if (headers.fragmentOffset > 0) return fragmentInfo(headers);
  if (protocol < 0) return "extension header cut off or damaged";
  if (protocol === IP.tcp) return tcpInfo(headers, source, destination, conversations);
  if (protocol === IP.udp) {
    const first = headers.isFragment ? ` ${fragmentInfo(headers)}` : "";
    return udpInfo(headers) + first;
  }
  if (protocol === IP.icmp || protocol === IP.icmp6) {
    const part = new FieldReader(bytes, transportAt, networkEnd);
    const decode = protocol === IP.icmp ? decodeIcmp : decodeIcmp6;
    return decode(part, headers.ttl, unread);
  }
  return `${protocolName(protocol) ?? `protocol ${protocol}`}, ${networkEnd - transportAt} bytes`;
}

function udpInfo({ sourcePort, destinationPort, payloadAt, payloadEnd }: Headers): string {
  if (sourcePort < 0 || destinationPort < 0) return "UDP, cut off";
  const ports = `${sourcePort} → ${destinationPort}`;
  return payloadAt < 0 ? `${ports} cut off` : `${ports} Len=${payloadEnd - payloadAt}`;
}

function fragmentInfo(headers: Headers): string {
  const { protocol, fragmentOffset, identification, ipVersion } = headers;
  const name = protocolName(protocol) ?? `protocol ${protocol}`;
  const id = hexNumber(identification, ipVersion === 6 ? 8 : 4);
  return `Fragmented ${name} (offset ${fragmentOffset}, ID ${id}${
    headers.moreFragments ? "" : ", last"
  })`;
}
