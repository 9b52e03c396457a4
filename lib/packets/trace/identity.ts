import { tcpTime } from "../network/tcp.ts";
import { ip4Text, ip6Text, macText } from "../headers/address_text.ts";
import { type Headers, IP, readHeaders, readQuoted } from "../headers/headers.ts";

/** What routers and NATs may change of a packet. */
export interface Form {
  /** 4 or 6; 0 of what is not IP. */
  readonly family: 0 | 4 | 6;
  readonly source: string;
  readonly destination: string;
  /** -1 without ports. */
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** The TTL or hop limit; -1 of what is not IP. */
  readonly ttl: number;
  /** DSCP and ECN. */
  readonly trafficClass: number;
  /** The identifier of a ping, which NATs change as they do ports; -1 of others. */
  readonly echoId: number;
  /** The identification of IPv4, which stays on the way unless it is 0; -1 of others. */
  readonly ipId: number;
  /** The MAC addresses of an Ethernet frame, which stay on a link and through bridges; else empty. */
  readonly macs: string;
}

/** A packet: what stays on its way, and what may change. */
export interface Identity {
  /** The same for the same packet anywhere on its way. */
  readonly key: string;
  readonly form: Form;
}

/** Bytes of a payload that are hashed at each end of it. */
const HASHED = 256;

/**
 * Says which packet a frame is, by the parts that routers and NATs leave as they are: numbers of TCP, the
 * payload of UDP, the number and data of a ping, the place of a fragment. Of NAT64, both sides have
 * the same key.
 */
export function identify(data: Uint8Array, linkType: number): Identity {
  const headers = readHeaders(data, linkType);
  return { key: keyOf(headers), form: formOf(headers) };
}

function formOf(headers: Headers): Form {
  const { bytes, ipVersion, sourceIpAt, destinationIpAt, networkAt } = headers;
  const text = ipVersion === 6 ? ip6Text : ip4Text;
  const mac = (at: number) => at < 0 ? "" : macText(bytes, at);
  const isEcho = echoKind(headers) !== "";
  return {
    family: ipVersion,
    source: sourceIpAt < 0 ? mac(headers.sourceMacAt) : text(bytes, sourceIpAt),
    destination: destinationIpAt < 0 ? mac(headers.destinationMacAt) : text(bytes, destinationIpAt),
    sourcePort: headers.sourcePort,
    destinationPort: headers.destinationPort,
    ttl: headers.ttl,
    trafficClass: ipVersion === 4
      ? bytes[networkAt + 1]
      : ipVersion === 6
      ? headers.u16(networkAt) >> 4 & 0xff
      : 0,
    echoId: isEcho ? headers.u16(headers.transportAt + 4) : -1,
    ipId: ipVersion === 4 ? headers.identification : -1,
    macs: headers.destinationMacAt < 0 || headers.sourceMacAt < 0
      ? ""
      : `${mac(headers.sourceMacAt)} ${mac(headers.destinationMacAt)}`,
  };
}

function keyOf(headers: Headers): string {
  const { bytes, ipVersion, protocol, payloadAt, payloadEnd } = headers;
  if (ipVersion === 0) {
    const at = Math.max(0, headers.networkAt);
    return `link ${headers.etherType} ${hash(bytes, at, headers.end)}`;
  }
  if (headers.isFragment) return fragmentKey(headers);
  if (protocol === IP.tcp && payloadAt >= 0) {
    const at = headers.transportAt;
    const flags = headers.u16(at + 12) & 0x1ff;
    return `tcp ${headers.u32(at + 4)} ${headers.u32(at + 8)} ${flags} ${payloadEnd - payloadAt} ` +
      `${payloadAt > at + 20 ? tcpTime(headers) : -1} ${hash(bytes, payloadAt, payloadEnd)}`;
  }
  if (protocol === IP.udp && payloadAt >= 0) {
    return `udp ${payloadEnd - payloadAt} ${hash(bytes, payloadAt, payloadEnd)}`;
  }
  if (protocol === IP.icmp || protocol === IP.icmp6) return icmpKey(headers);
  const at = Math.max(headers.transportAt, headers.networkAt);
  return `ip ${protocol} ${hash(bytes, at, headers.networkEnd)}`;
}

/** A fragment by its place and content, without the ports and the checksum that the first one has. */
function fragmentKey(headers: Headers): string {
  const { bytes, protocol, transportAt, networkEnd, fragmentOffset } = headers;
  const hasPorts = fragmentOffset === 0;
  const skipped = !hasPorts ? 0 : protocol === IP.udp ? 8 : protocol === IP.tcp ? 18 : 6;
  const start = Math.min(networkEnd, transportAt + skipped);
  const kind = protocol === IP.icmp6 ? IP.icmp : protocol;
  return `fragment ${kind} ${fragmentOffset} ${hash(bytes, start, networkEnd)}`;
}

/** `request` or `reply` of a ping; empty for others. */
function echoKind({ protocol, transportAt, bytes, networkEnd, fragmentOffset }: Headers): string {
  if (transportAt < 0 || networkEnd - transportAt < 8 || fragmentOffset > 0) return "";
  const type = bytes[transportAt];
  if (protocol === IP.icmp) return type === 8 ? "request" : type === 0 ? "reply" : "";
  if (protocol === IP.icmp6) return type === 128 ? "request" : type === 129 ? "reply" : "";
  return "";
}

function icmpKey(headers: Headers): string {
  const { bytes, protocol, transportAt: at, networkEnd: end } = headers;
  const echo = echoKind(headers);
  if (echo) return `echo ${echo} ${headers.u16(at + 6)} ${hash(bytes, at + 8, end)}`;
  const error = errorKind(protocol, bytes[at], bytes[at + 1]);
  if (error && at + 8 < end) return `error ${error} ${quotedKey(readQuoted(bytes, at + 8, end))}`;
  // The checksum has the addresses in it, of ICMPv6.
  return `icmp ${protocol} ${bytes[at]} ${bytes[at + 1]} ${hash(bytes, at + 4, end)}`;
}

/** The kind of an error, which NAT64 translates; empty for what is none. */
function errorKind(protocol: number, type: number, code: number): string {
  if (protocol === IP.icmp) {
    if (type === 3) return code === 4 ? "too big" : code === 2 ? "parameter" : "unreachable";
    return type === 11 ? "exceeded" : type === 12 ? "parameter" : "";
  }
  return ["", "unreachable", "too big", "exceeded", "parameter"][type] ?? "";
}

/** What errors quote of a packet may be no more than 8 bytes after its header. */
function quotedKey(headers: Headers): string {
  const { protocol, transportAt: at } = headers;
  if (protocol === IP.tcp) return `tcp ${headers.u32(at + 4)}`;
  if (protocol === IP.udp) return `udp ${headers.u16(at + 4)}`;
  if (echoKind(headers)) return `echo ${headers.u16(at + 6)}`;
  return `ip ${protocol}`;
}

/** A hash of some bytes, of which those in the middle of many are left out. */
function hash(bytes: Uint8Array, start: number, end: number): string {
  // FNV-1a, and a second one so that chance does not join two packets.
  let a = 0x811c9dc5;
  let b = 0x9747b28c ^ end - start;
  const skipFrom = end - start > 2 * HASHED ? start + HASHED : end;
  const skipTo = end - HASHED;
  for (let at = start; at < end; at++) {
    if (at === skipFrom) at = skipTo;
    a = Math.imul(a ^ bytes[at], 0x01000193);
    b = Math.imul(b ^ bytes[at], 0x5bd1e995) ^ b >>> 13;
  }
  return `${(a >>> 0).toString(36)}${(b >>> 0).toString(36)}`;
}
