import { type Headers, IP } from "./headers.ts";

/** What TCP or UDP carries, as far as it is decoded here. */
export type Application =
  | "dns"
  | "dhcp"
  | "dhcp6"
  | "tls"
  | "quic"
  | "http"
  | "stun"
  | "ntp"
  | "wireguard";

/** The magic cookie of STUN (RFC 8489 5). */
const STUN_COOKIE = 0x2112a442;
/** The lengths of WireGuard's initiation, response and cookie reply. */
const WIREGUARD_BYTES: readonly number[] = [0, 148, 92, 64];
/** Ports on which a packet that begins like QUIC's short header is one. */
const QUIC_PORTS: readonly number[] = [443, 4433, 8443, 853, 784];

const METHODS = "GET |POST |HEAD |PUT |DELETE |OPTIONS |PATCH |CONNECT |TRACE |HTTP/1."
  .split("|").map((word) => new TextEncoder().encode(word));

/**
 * What the payload of a packet is: by its port where the protocol has one of its own, else by how it
 * begins. Only whole packets and first fragments are looked at.
 */
export function applicationOf(headers: Headers): Application | undefined {
  const { payloadAt, payloadEnd, sourcePort, destinationPort } = headers;
  if (destinationPort < 0 || payloadAt < 0 || payloadEnd <= payloadAt) return undefined;
  const on = (port: number) => sourcePort === port || destinationPort === port;
  if (headers.protocol === IP.tcp) {
    if (on(53)) return "dns";
    if (isTls(headers)) return "tls";
    return isHttp(headers) ? "http" : undefined;
  }
  if (on(53) || on(5353) || on(5355)) return "dns";
  if (on(67) || on(68)) return "dhcp";
  if (on(546) || on(547)) return "dhcp6";
  if (isStun(headers)) return "stun";
  if (on(123)) return "ntp";
  if (isWireguard(headers)) return "wireguard";
  return isQuic(headers) ? "quic" : undefined;
}

function isTls({ bytes, payloadAt: at, payloadEnd: end }: Headers): boolean {
  return end - at >= 5 && bytes[at] >= 20 && bytes[at] <= 24 && bytes[at + 1] === 3 &&
    bytes[at + 2] <= 4 && (bytes[at + 3] << 8 | bytes[at + 4]) <= 0x4800;
}

function isHttp({ bytes, payloadAt: at, payloadEnd: end }: Headers): boolean {
  return METHODS.some((word) =>
    end - at >= word.length && word.every((byte, index) => bytes[at + index] === byte)
  );
}

function isStun(headers: Headers): boolean {
  const { bytes, payloadAt: at, payloadEnd: end } = headers;
  return end - at >= 20 && bytes[at] < 0x40 && headers.u32(at + 4) === STUN_COOKIE;
}

function isWireguard({ bytes, payloadAt: at, payloadEnd: end }: Headers): boolean {
  const length = end - at;
  if (length < 32 || bytes[at + 1] !== 0 || bytes[at + 2] !== 0 || bytes[at + 3] !== 0) {
    return false;
  }
  return bytes[at] === 4 ? length % 16 === 0 : WIREGUARD_BYTES[bytes[at]] === length;
}

function isQuic(headers: Headers): boolean {
  const { bytes, payloadAt: at, payloadEnd: end, sourcePort, destinationPort } = headers;
  const first = bytes[at];
  if (first & 0x80) {
    // Version negotiation has no fixed bit (RFC 9000 17.2.1).
    const version = headers.u32(at + 1);
    return end - at >= 7 && bytes[at + 5] <= 20 && isQuicVersion(version, first);
  }
  return (first & 0x40) !== 0 && end - at >= 21 &&
    (QUIC_PORTS.includes(sourcePort) || QUIC_PORTS.includes(destinationPort));
}

/** Versions 1 (RFC 9000) and 2 (RFC 9369), drafts, those that a server refuses, and negotiation. */
function isQuicVersion(version: number, first: number): boolean {
  if (version === 0) return true;
  if ((first & 0x40) === 0) return false;
  return version === 1 || version === 0x6b3343cf || version >>> 8 === 0xff0000 ||
    (version & 0x0f0f0f0f) === 0x0a0a0a0a;
}
