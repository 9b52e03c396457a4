/**
 * What TCP and UDP carry, each read into nodes and one line: DNS, DHCP, TLS, QUIC, HTTP and others.
 * Imports `headers` and `network`. Begin here; each protocol has a file.
 *
 * @module
 */
import { type Application, applicationOf } from "../headers/application.ts";
import { type Headers, IP } from "../headers/headers.ts";
import { decodeDhcp } from "./dhcp.ts";
import { decodeDhcp6 } from "./dhcp6.ts";
import { decodeDns, decodeDnsStream } from "./dns.ts";
import { decodeHttp } from "./http.ts";
import { decodeNtp } from "./ntp.ts";
import { decodeQuic } from "./quic.ts";
import { FieldReader } from "../network/reader.ts";
import { decodeStun } from "./stun.ts";
import { decodeTls, tlsDataInfo } from "./tls.ts";
import { decodeWireguard } from "./wireguard.ts";

/** The names of protocols as summaries and trees show them. */
export const APPLICATION_NAMES: Readonly<Record<Application, string>> = {
  dns: "DNS",
  dhcp: "DHCP",
  dhcp6: "DHCPv6",
  tls: "TLS",
  quic: "QUIC",
  http: "HTTP",
  stun: "STUN",
  ntp: "NTP",
  wireguard: "WireGuard",
};

const DECODERS: Readonly<Record<Exclude<Application, "dns">, (part: FieldReader) => string>> = {
  dhcp: decodeDhcp,
  dhcp6: decodeDhcp6,
  tls: decodeTls,
  quic: decodeQuic,
  http: decodeHttp,
  stun: decodeStun,
  ntp: decodeNtp,
  wireguard: decodeWireguard,
};

/** Reads what TCP or UDP carries, or quotes of it. */
export function decodeApplication(reader: FieldReader, headers: Headers): void {
  const { payloadAt, payloadEnd } = headers;
  const application = applicationOf(headers);
  reader.at = payloadAt;
  if (!application) return reader.data("Payload", payloadEnd - payloadAt);
  reader.group(
    APPLICATION_NAMES[application],
    payloadEnd - payloadAt,
    (part) => run(part, headers, application),
  );
}

/** One line about what TCP or UDP carries; undefined if there is nothing to say. */
export function applicationInfo(headers: Headers, application: Application): string | undefined {
  if (application === "tls") {
    const info = tlsDataInfo(headers);
    if (info) return info;
  }
  const { bytes, payloadAt, payloadEnd } = headers;
  return run(new FieldReader(bytes, payloadAt, payloadEnd), headers, application) || undefined;
}

function run(part: FieldReader, headers: Headers, application: Application): string {
  if (application !== "dns") return DECODERS[application](part);
  return headers.protocol === IP.tcp ? decodeDnsStream(part) : decodeDns(part);
}
