import type { PortPolicy, ResolvedFirewall } from "./config.ts";

/** The name of the table of a router's firewall. */
export const FIREWALL_TABLE = "netyard_firewall";

/** The counter of that table that counts the packets that the firewall drops. */
export const DROP_COUNTER = "dropped";

/** What the firewall of a router counts. */
export interface FirewallCounters {
  /** Packets that it dropped. */
  droppedPackets: number;
  /** The bytes of these. */
  droppedBytes: number;
}

/**
 * Accepts packets that entered through a mapping of the IPv4 NAT, whose filtering decided about them.
 * NPTv6 translates one to one and filters nothing, so IPv6 has no such rule (RFC 6092, section 3.3).
 */
const ACCEPT_MAPPED = "meta nfproto ipv4 ct status dnat accept";

/**
 * Returns the nftables text of a router's firewall for both families, or `undefined` if it accepts
 * everything.
 *
 * It filters what the router forwards between `uplink` and its other interfaces. An accepted flow
 * stays accepted until it ends (conntrack). Related errors pass, among them the ICMPv6 messages that
 * RFC 4890 requires.
 *
 * @param adopt Whether conntrack did not run until now. TCP connections that began earlier are new to
 * it then; they are recognized by packets that neither open nor close a connection.
 * @param counting Whether {@link DROP_COUNTER} counts what is dropped; that costs nothing for packets
 * that pass. Nearly all kernels can (nft_objref).
 *
 * Source: nft(8), RFC 6092.
 */
export function firewallRuleset(
  firewall: ResolvedFirewall,
  uplink: string,
  adopt = false,
  counting = true,
): string | undefined {
  const drop = counting ? `counter name ${DROP_COUNTER} drop` : "drop";
  const outbound = outboundRules(firewall, drop);
  if (firewall.inbound === "allow" && outbound.length === 0) return undefined;
  const rules = [
    "ct state established,related accept",
    ...adopt ? ["ct state new tcp flags & (syn | rst) == 0 accept"] : [],
    ...firewall.inbound === "block"
      ? [ACCEPT_MAPPED, `iifname "${uplink}" ${drop}`]
      : [`iifname "${uplink}" accept`],
    ...outbound.length ? [`oifname != "${uplink}" accept`, ...outbound] : [],
  ];
  return [
    `table inet ${FIREWALL_TABLE} {`,
    ...counting ? [`  counter ${DROP_COUNTER} { }`] : [],
    "  chain forward {",
    "    type filter hook forward priority filter; policy accept;",
    ...rules.map((rule) => `    ${rule}`),
    "  }",
    "}",
    "",
  ].join("\n");
}

function outboundRules({ outbound }: ResolvedFirewall, drop: string): string[] {
  const rules = [
    ...portRules("tcp", outbound.tcp, drop),
    ...portRules("udp", outbound.udp, drop),
    ...outbound.icmp === "block" ? [`meta l4proto { icmp, ipv6-icmp } ${drop}`] : [],
    ...outbound.other === "block" ? [`meta l4proto != { tcp, udp, icmp, ipv6-icmp } ${drop}`] : [],
  ];
  return rules;
}

function portRules(protocol: "tcp" | "udp", policy: PortPolicy, drop: string): string[] {
  if (policy === "allow") return [];
  if (policy === "block" || policy.length === 0) return [`meta l4proto ${protocol} ${drop}`];
  return [`meta l4proto ${protocol} ${protocol} dport != { ${ranges(policy).join(", ")} } ${drop}`];
}

/** Returns ports sorted and without duplicates, adjacent ones as a range: `80`, `8000-8010`. */
function ranges(ports: number[]): string[] {
  const found: [first: number, last: number][] = [];
  for (const port of [...new Set(ports)].sort((a, b) => a - b)) {
    const open = found.at(-1);
    if (open && open[1] === port - 1) open[1] = port;
    else found.push([port, port]);
  }
  return found.map(([first, last]) => first === last ? `${first}` : `${first}-${last}`);
}
