import { Cidr, parseCidr } from "../address/mod.ts";

/**
 * What a bridge's uplink is made of, as plain data and text: a link between the bridge's node and the
 * host, of which both translate what leaves. The host so knows nothing of the networks of labs, of
 * which several may have the same.
 */

/** What all links of uplinks begin with on the host. */
export const UPLINK_PREFIX = "netyard";
/** What the link is called in the bridge's node, if nothing else there is. */
export const UPLINK_LINK = "uplink";
/** What the links to the nodes of other bridges begin with. */
const PARTNERS = "to-*";
/** The table in the bridge's node. */
export const UPLINK_TABLE = "netyard_uplink";

/**
 * What the links between hosts and bridges have their addresses from: the end of those for what is
 * between two NATs (RFC 6598), of which providers use the begin, and a part of those for local use
 * (RFC 4193).
 */
const RANGE_4 = parseCidr("100.127.192.0/18");
const RANGE_6 = parseCidr("fd4e:7961:7264::/64");
const PREFIX_4 = 30;
const PREFIX_6 = 126;
/** A route to more than this is a way out, and no network that something is in. */
const LEAST_PREFIX = 8;
const NUMBERS = 2 ** (PREFIX_4 - RANGE_4.prefix);

/** One end's addresses and the other's. */
export interface UplinkAddresses {
  prefix: number;
  /** That of the host. */
  host: string;
  /** That of the bridge's node, which the members' traffic has on the host. */
  node: string;
}

/** A link between a host and a bridge. Who has the name has the addresses. */
export interface UplinkPlace {
  /** What the link is called on the host. */
  name: string;
  v4: UplinkAddresses;
  v6: UplinkAddresses;
}

/** The places in a row that overlap none of these networks, those of default routes and the like aside. */
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

/** What of conntrack belongs to something that was let out. */
const KNOWN = "ct state established,related";
const UNKNOWN = "ct state != { established, related }";

/**
 * The rules in the bridge's node: what leaves by the uplink has its address, nothing comes in by it
 * that was not asked for, and who is routed with the bridge does not leave by it.
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

/** What an uplink needs of its host's packet filter. */
export interface HostSide {
  place: UplinkPlace;
  /** The links that forward for uplinks alone, by family. */
  switched: { ip: readonly string[]; ip6: readonly string[] };
}

/**
 * The rules on the host, in a table that goes with the socket by which it was made: what comes from
 * the bridge gets the host's own addresses. By links that the host did not forward from before,
 * strangers get no further than they did.
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

/** What the table of an uplink is called on the host. */
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
