/** What a NAT or a firewall does, in words. Presets are those of `nat/config.ts` and `firewall/config.ts`. */

type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const NAT_PRESETS: Record<string, Json> = {
  home: {},
  corporate: { mapping: "address-and-port-dependent", timeouts: { udpStreamSecs: 120 } },
  cgnat: { filtering: "endpoint-independent", hairpin: true },
  "cloud-nat": {
    mapping: "address-and-port-dependent",
    timeouts: { udpSecs: 350, udpStreamSecs: 350, tcpEstablishedSecs: 350 },
  },
  "full-cone": { filtering: "endpoint-independent", hairpin: true },
};

const MAPPING: Record<string, string> = {
  "endpoint-independent": "one external port for all destinations",
  "address-dependent": "another external port for each destination address",
  "address-and-port-dependent": "another external port for each destination address and port",
};

const FILTERING: Record<string, string> = {
  "endpoint-independent": "any host may send in through a mapping",
  "address-dependent": "only addresses that were sent to may send in",
  "address-and-port-dependent": "only addresses and ports that were sent to may send in",
};

/** Describes the IPv4 NAT of a router, a sentence a line. */
export function natWords(nat: unknown): string[] {
  if (nat === "none" || nat === undefined) return ["Addresses are not translated."];
  const config = typeof nat === "string" ? own(NAT_PRESETS, nat) : nat;
  if (!isObject(config)) return [`NAT "${String(nat)}", which is not known here.`];
  const mapping = String(config.mapping ?? "endpoint-independent");
  const filtering = String(config.filtering ?? "address-and-port-dependent");
  const keeps = config.portPreservation ?? mapping === "endpoint-independent";
  const timeouts = isObject(config.timeouts) ? config.timeouts : {};
  const { udpSecs = 30, udpStreamSecs = 300, tcpEstablishedSecs = 7440 } = timeouts;
  return [
    `Mapping: ${own(MAPPING, mapping) ?? mapping}.`,
    `Filtering: ${own(FILTERING, filtering) ?? filtering}.`,
    keeps ? "The internal port is kept where it is free." : "The external port is random.",
    config.hairpin
      ? "Hosts inside reach each other by external addresses (hairpin)."
      : "No hairpin: external addresses do not work from inside.",
    `Idle mappings end after: UDP ${udpSecs} s, UDP with replies ${udpStreamSecs} s, ` +
    `TCP ${tcpEstablishedSecs} s.`,
  ];
}

const FIREWALL_PRESETS: Record<string, Json> = {
  none: {},
  "block-inbound": { inbound: "block" },
  corporate: { inbound: "block", outbound: { tcp: [80, 443], udp: [53], other: "block" } },
  "captive-portal": { inbound: "block", outbound: { udp: [53], other: "block" } },
};

/** Describes the firewall of a router, a sentence a line. */
export function firewallWords(firewall: unknown): string[] {
  const config = typeof firewall === "string" ? own(FIREWALL_PRESETS, firewall) : firewall ?? {};
  if (!isObject(config)) return [`Firewall "${String(firewall)}", which is not known here.`];
  const outbound = isObject(config.outbound) ? config.outbound : {};
  const limits = (["tcp", "udp", "icmp", "other"] as const).flatMap((protocol) => {
    const policy = outbound[protocol] ?? "allow";
    if (policy === "allow") return [];
    const name = protocol === "other" ? "other protocols" : protocol.toUpperCase();
    if (!Array.isArray(policy)) return [`${name} ${protocol === "other" ? "are" : "is"} dropped`];
    return [`${name} only to ${policy.length === 1 ? "port" : "ports"} ${policy.join(", ")}`];
  });
  return [
    config.inbound === "block"
      ? "Inbound: flows that external hosts begin are dropped."
      : "Inbound: everything is accepted.",
    limits.length === 0
      ? "Outbound: everything is accepted."
      : `Outbound: ${limits.join("; ")}; the rest is accepted.`,
  ];
}

const NAT_V6: Record<string, string> = {
  none: "IPv6 is not translated.",
  nptv6: "IPv6 prefixes are translated one to one (NPTv6).",
  masquerade: "IPv6 hosts share the address of the router (NAT66).",
  nat64: "IPv6 hosts reach IPv4 through the router (NAT64).",
};

/** Describes the IPv6 translation of a router. */
export function natV6Words(natV6: unknown): string {
  return own(NAT_V6, String(natV6)) ?? `IPv6 translation: ${String(natV6)}.`;
}

function own<T>(record: Record<string, T>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
