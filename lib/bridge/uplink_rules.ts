import { Cidr, parseCidr } from "../address/mod.ts";

/**
 * A bridge's uplink as plain data and text: a link between the bridge's node and the host. Both translate
 * the source addresses of packets that leave, so that the host needs no routes to the networks of labs,
 * and several labs may have the same networks.
 */

/** The prefix of the names of uplinks on the host. */
export const UPLINK_PREFIX = "netyard";
/** The name of the link in the bridge's node, unless it is taken. */
export const UPLINK_LINK = "uplink";
/** The links to the nodes of other bridges. */
const PARTNERS = "to-*";
/** The nftables table in the bridge's node. */
export const UPLINK_TABLE = "netyard_uplink";

/**
 * The addresses of the links between hosts and bridges: the end of the shared address space for links
 * between two NATs (RFC 6598), of which providers use the beginning, and a part of the unique local
 * addresses (RFC 4193).
 */
const RANGE_4 = parseCidr("100.127.192.0/18");
const RANGE_6 = parseCidr("fd4e:7961:7264::/64");
const PREFIX_4 = 30;
const PREFIX_6 = 126;
/** A route with a shorter prefix is a default route or a half of one, not a network. */
const LEAST_PREFIX = 8;
const NUMBERS = 2 ** (PREFIX_4 - RANGE_4.prefix);

/** The addresses of both ends. */
export interface UplinkAddresses {
  prefix: number;
  /** The address of the host. */
  host: string;
  /** The address of the bridge's node, which is the source of the members' traffic on the host. */
  node: string;
}

/** The name and addresses of a link between a host and a bridge. The name implies the addresses. */
export interface UplinkPlace {
  /** The name of the link on the host. */
  name: string;
  v4: UplinkAddresses;
  v6: UplinkAddresses;
}

/** Yields the places that overlap none of these networks, default routes aside. */
export function* uplinkPlaces(networks: readonly Cidr[]): Iterable<UplinkPlace> {
  const taken = networks.filter(({ prefix }) => prefix >= LEAST_PREFIX);
  for (let number = 0; number < NUMBERS; number++) {
    const v4 = block(RANGE_4, PREFIX_4, number);
    const v6 = block(RANGE_6, PREFIX_6, number);
    if (taken.some((cidr) => cidr.overlaps(v4) || cidr.overlaps(v6))) continue;
    yield { name: `${UPLINK_PREFIX}${number}`, v4: ends(v4), v6: ends(v6) };
  }
}

function block(range: Cidr, prefix: number, number: number): Cidr {
  const size = 1n << BigInt(32 - PREFIX_4);
  return new Cidr(range.family, range.first + BigInt(number) * size, prefix);
}

const ends = (cidr: Cidr): UplinkAddresses => ({
  prefix: cidr.prefix,
  host: cidr.host(1),
  node: cidr.host(2),
});

/** Packets of connections that began inside. */
const KNOWN = "ct state established,related";
const UNKNOWN = "ct state != { established, related }";

/**
 * Returns the rules in the bridge's node: packets leave the uplink with its address, only replies come in,
 * and traffic of other bridges that are routed with this one does not leave through it.
 *
 * Source: nft(8); RFC 4861 for the neighbour discovery, which conntrack does not follow.
 */
export function uplinkNodeRules(link: string): string {
  return table(UPLINK_TABLE, [], {
    input: [
      FILTER,
      `iifname "${link}" ${KNOWN} accept`,
      `iifname "${link}" icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept`,
      `iifname "${link}" drop`,
    ],
    forward: [
      FILTER,
      `iifname "${link}" ${UNKNOWN} drop`,
      `iifname "${PARTNERS}" oifname "${link}" drop`,
    ],
    postrouting: [SRCNAT, `oifname "${link}" masquerade`],
  });
}

/** What an uplink needs from its host's packet filter. */
export interface HostSide {
  place: UplinkPlace;
  /** The links that only forward for uplinks, by family. */
  switched: { ip: readonly string[]; ip6: readonly string[] };
}

/**
 * Returns the rules on the host, in a table that is removed with the socket that created it: packets from
 * the bridge get the host's own addresses. On links that the host did not forward from before, foreign
 * traffic is still dropped.
 */
export function uplinkHostRules({ place: { name, v4, v6 }, switched }: HostSide): string {
  const others = `oifname != "${UPLINK_PREFIX}*"`;
  const strangers = (["ip", "ip6"] as const).flatMap((family) => {
    const links = switched[family];
    if (links.length === 0) return [];
    const list = links.map((link) => `"${link}"`).join(", ");
    const protocol = family === "ip" ? "ipv4" : "ipv6";
    return [`meta nfproto ${protocol} iifname { ${list} } ${others} ${UNKNOWN} drop`];
  });
  return table(uplinkHostTable(name), ["flags owner;"], {
    forward: [
      FILTER,
      `iifname "${name}" oifname "${UPLINK_PREFIX}*" drop`,
      `iifname "${name}" ip saddr != ${v4.node} drop`,
      `iifname "${name}" ip6 saddr != ${v6.node} drop`,
      `oifname "${name}" ${UNKNOWN} drop`,
      ...strangers,
    ],
    postrouting: [SRCNAT, `ip saddr ${v4.node} masquerade`, `ip6 saddr ${v6.node} masquerade`],
  });
}

/** Returns the name of an uplink's table on the host. */
export function uplinkHostTable(name: string): string {
  return `netyard_uplink_${name.slice(UPLINK_PREFIX.length)}`;
}

const FILTER = "type filter hook HOOK priority filter; policy accept;";
const SRCNAT = "type nat hook HOOK priority srcnat; policy accept;";

function table(
  name: string,
  flags: readonly string[],
  chains: Record<string, readonly string[]>,
): string {
  return [
    `table inet ${name} {`,
    ...flags.map((flag) => `  ${flag}`),
    ...Object.entries(chains).flatMap(([hook, rules]) => [
      `  chain ${hook} {`,
      ...rules.map((rule) => `    ${rule.replace("HOOK", hook)}`),
      "  }",
    ]),
    "}",
    "",
  ].join("\n");
}
