import type { ResolvedNat } from "./config.ts";
import { tcpLifetimes, udpLifetimes } from "./lifetimes.ts";
import {
  canEnter,
  chain,
  type FamilyWords,
  mappingKey,
  ONCE,
  type Protocol,
  PROTOCOLS,
  wordsFor,
} from "./parts.ts";
import { renewal } from "./renewal.ts";

/** The router of a NAT, and what its kernel can do. */
export interface NatPlace {
  /** The interface towards the Internet, for example `ix`. */
  uplink: string;
  /** The external address. Its family is the family of all rules. */
  ip: string;
  /** The source addresses that are translated, a CIDR block. Default: all that leave by the uplink. */
  source?: string;
  /** The seed of the external ports that are not preserved. */
  seed: number;
  /** Whether the kernel matches open sockets (nft_socket); nearly all do. Default true. */
  socketMatch?: boolean;
  /**
   * Whether the kernel counts connections (nft_connlimit); nearly all do. If it does not, the latest
   * connection of a port decides alone how long its mapping lives. Default true.
   */
  connectionCount?: boolean;
  /**
   * Whether the kernel has named counters (nft_objref); nearly all do. If it does not,
   * {@link UNTRANSLATED_COUNTER} is missing. Default true.
   */
  namedCounters?: boolean;
}

/** The table that holds a router's NAT, one in each family. */
export const NAT_TABLE = "netyard_nat";

// No size: nft(8) then allows 65,535 elements, and the kernel grows the table as needed. With a size,
// the kernel allocates and clears a megabyte immediately.
const DYNAMIC = "flags dynamic,timeout;";
/** The number of ports to try, one after the other, when the preserved one is taken. */
const ATTEMPTS = 5;
/** Marks a flow that an internal host began to an external address of its own router. */
const HAIRPIN_MARK = "0x4e59";

const PORTS = "meta l4proto { tcp, udp }";
/** The hook that translates sources. */
export const POSTROUTING = "type nat hook postrouting priority srcnat; policy accept;";
/** The hook that translates destinations. */
export const PREROUTING = "type nat hook prerouting priority dstnat; policy accept;";

/**
 * Returns the nftables text of a router's NAT. For IPv6 the only one is the masquerade:
 * endpoint-independent mapping, replies only, no hairpinning.
 *
 * Linux alone does not provide endpoint-independent mappings: conntrack lets two hosts share an
 * external port for different destinations, and moves one of them to another port when their
 * destinations become equal. So the mappings are in maps of the ruleset, one each for UDP and TCP:
 *
 * - `out`: internal address and port (and, for dependent mappings, the
 *   destination) to external port; read for the first packet of each flow.
 * - `taken`: external ports in use. Claiming one is an atomic test-and-set:
 *   the element carries a limit that lets one packet a week pass.
 * - `in`: external port to internal address and port, if external hosts may begin flows.
 * - `contacted`: external port and remote address, for address-dependent filtering.
 * - `lasting`: elements renewed by a flow of the longer of two lifetimes.
 * - `open`, `shared`: whether any TCP connection, or more than one, uses a port, so that the end of
 *   one connection leaves the mapping to the others (RFC 5382, REQ-1).
 *
 * Every later packet of a flow renews them for as long as conntrack keeps the flow.
 * Address-and-port-dependent filtering needs no map: only packets that conntrack knows as replies
 * pass.
 *
 * Source: nft(8); RFC 4787; RFC 5382.
 */
export function natRuleset(nat: ResolvedNat, place: NatPlace): string {
  return isPlainSymmetric(nat) ? symmetricTable(place) : mappedTable(nat, place);
}

/**
 * Returns the nftables text for a router whose NAT was removed: it translates existing flows and no
 * new ones. For that the kernel needs a chain of this type and a rule that looks at conntrack.
 */
export function formerNatRuleset(ip: FamilyWords["ip"] = "ip"): string {
  return table(ip, [
    ...chain("prerouting", PREROUTING, ["ct state new accept"]),
    ...chain("postrouting", POSTROUTING, []),
  ]);
}

/** The counter of {@link NAT_TABLE} for packets that were dropped because they were not translated. */
export const UNTRANSLATED_COUNTER = "untranslated";

/** What the NAT of a router counts, for IPv4 and IPv6 together. */
export interface NatCounters {
  /** The flows that conntrack keeps, as `conntrack -C`; it removes those that timed out within a minute. */
  mappings: number;
  /**
   * Packets that it dropped because it could not translate them: of flows that it has forgotten, or
   * segments that conntrack calls invalid.
   */
  untranslatedPackets: number;
  /** The bytes of these. */
  untranslatedBytes: number;
}

/** The table that blocks a router while its NAT state is flushed. */
export const CLOSED_TABLE = "netyard_closed";

/**
 * Returns the nftables text for a router that reboots: no packet of a family comes in, not even as far
 * as conntrack. Neighbour discovery (RFC 4861) still works: otherwise some neighbours would be
 * unreachable for a second.
 */
export function closedRuleset(ip: FamilyWords["ip"] = "ip"): string {
  const found = ip === "ip6"
    ? ["icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept"]
    : [];
  return table(
    ip,
    chain("closed", "type filter hook prerouting priority raw; policy drop;", found),
    CLOSED_TABLE,
  );
}

/** Whether each flow gets a random port and only replies come in, as conntrack does without maps. */
function isPlainSymmetric(nat: ResolvedNat): boolean {
  return nat.mapping === "address-and-port-dependent" && !nat.portPreservation && !canEnter(nat);
}

function symmetricTable(place: NatPlace): string {
  const words = wordsFor(place.ip);
  const out = outwards(place, words);
  return table(words.ip, [
    ...chain("postrouting", POSTROUTING, [
      `${out} ${PORTS} snat to ${place.ip} fully-random`,
      `${out} snat to ${place.ip}`,
    ]),
    ...untranslated(out, words.ip, place.namedCounters),
    // Without mappings there is no port to protect; the router then answers that the port is closed.
    ...place.socketMatch === false ? [] : unsolicited(place),
  ]);
}

/** Matches packets that leave by the uplink and must be translated to its address. */
function outwards({ uplink, ip: external, source }: NatPlace, { ip }: FamilyWords): string {
  // Packets from a link-local address stay on the link (RFC 4291, section 2.5.6).
  const local = ip === "ip6" ? ` ip6 saddr != fe80::/10` : "";
  const whose = source === undefined ? `!= ${external}` : source;
  return `oifname "${uplink}"${local} ${ip} saddr ${whose}`;
}

/**
 * Drops, and counts, what would leave with an internal source address: packets of no flow that conntrack
 * knows, such as a FIN after the mappings were flushed, or a segment that it calls invalid. The chains
 * that translate never see them. Flows that it knows stay, also those that began before the NAT.
 *
 * Neighbour discovery is untracked and stays on the link, and so does what has no address yet.
 *
 * Source: RFC 1918, section 3; nft(8), "CONNTRACK EXPRESSIONS".
 *
 * @param outwards what matches packets that must have been translated
 */
export function untranslated(
  outwards: string,
  ip: FamilyWords["ip"],
  namedCounters = true,
): string[] {
  const found =
    "{ nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert, mld2-listener-report }";
  const none = ip === "ip6" ? "::" : "0.0.0.0";
  const counter = namedCounters ? `counter name ${UNTRANSLATED_COUNTER} ` : "";
  return [
    ...namedCounters ? [`counter ${UNTRANSLATED_COUNTER} { }`] : [],
    ...chain("untranslated", "type filter hook postrouting priority srcnat + 20; policy accept;", [
      ...ip === "ip6" ? [`icmpv6 type ${found} accept`] : [],
      `ct state invalid,untracked,new ${outwards} ${ip} saddr != ${none} ${counter}drop`,
    ]),
  ];
}

function mappedTable(nat: ResolvedNat, place: NatPlace): string {
  const words = wordsFor(place.ip);
  const out = outwards(place, words);
  const counting = place.connectionCount !== false;
  const hairpin = `ct mark ${HAIRPIN_MARK} ct status dnat`;
  return table(words.ip, [
    ...PROTOCOLS.flatMap((p) => sets(p, nat, counting, words)),
    ...PROTOCOLS.flatMap((p) => chain(`translate_${p}`, undefined, translate(p, nat, place))),
    ...chain("postrouting", POSTROUTING, [
      ...PROTOCOLS.map((p) => `${out} meta l4proto ${p} goto translate_${p}`),
      `${out} snat to ${place.ip}`,
      ...nat.hairpin
        ? PROTOCOLS.map((p) => `${hairpin} meta l4proto ${p} goto translate_${p}`)
        : [],
    ]),
    ...canEnter(nat) ? chain("prerouting", PREROUTING, prerouting(nat, place)) : [],
    ...renewal(nat, counting, words),
    ...untranslated(out, words.ip, place.namedCounters),
    ...unsolicited(place),
  ]);
}

function sets(
  protocol: Protocol,
  nat: ResolvedNat,
  counting: boolean,
  words: FamilyWords,
): string[] {
  const counted = protocol === "tcp" && counting && tcpLifetimes(nat) !== undefined;
  const lasting = counted || (protocol === "udp" && udpLifetimes(nat) !== undefined);
  const contacted = nat.filtering === "address-dependent";
  const pair = "inet_service . ipv4_addr";
  const set = (name: string, type: string, flags = DYNAMIC) =>
    `set ${name}_${protocol} { type ${type}; ${flags} }`;
  const map = (name: string, type: string) =>
    `map ${name}_${protocol} { type ${type}; ${DYNAMIC} }`;
  const flows = (suffix: string, type: string) => [
    ...lasting ? [set(`lasting${suffix}`, type)] : [],
    ...counted
      ? ["open", "shared"].map((name) => set(`${name}${suffix}`, type, "flags dynamic;"))
      : [],
  ];
  return [
    map("out", `${mappingKey(nat.mapping, words).types} : inet_service`),
    ...canEnter(nat) ? [map("in", "inet_service : ipv4_addr . inet_service")] : [],
    set("taken", "inet_service"),
    ...flows("", "inet_service"),
    ...contacted ? [set("contacted", pair), ...flows("_contacted", pair)] : [],
  ];
}

/** Translates the first packet of a flow: to its existing mapping, to the same port, or to a random one. */
function translate(protocol: Protocol, nat: ResolvedNat, place: NatPlace): string[] {
  const words = wordsFor(place.ip);
  const { outward } = mappingKey(nat.mapping, words);
  const external = words.ip === "ip" ? place.ip : `[${place.ip}]`;
  const match = `meta l4proto ${protocol}`;
  const claim = (port: string) =>
    `${match} add @taken_${protocol} { ${port} timeout ${nat.timeouts.udpSecs}s ${ONCE} } ` +
    `snat to ${external}:${port}`;
  const drawn = Array.from(
    { length: ATTEMPTS },
    (_, i) => claim(`jhash ${outward} mod 64512 seed ${(place.seed + i) >>> 0} offset 1024`),
  );
  return [
    ...words.before,
    `${match} snat to ${external}:${outward} map @out_${protocol}`,
    ...nat.portPreservation ? [claim(`${protocol} sport`)] : [],
    ...drawn,
    "drop",
  ];
}

function prerouting(nat: ResolvedNat, place: NatPlace): string[] {
  return PROTOCOLS.flatMap((p) => {
    const match = `ip daddr ${place.ip} meta l4proto ${p}`;
    const enter = `dnat ip to ${p} dport map @in_${p}`;
    const rules: string[] = [];
    if (nat.filtering !== "address-and-port-dependent") {
      const known = nat.filtering === "address-dependent"
        ? ` ${p} dport . ip saddr @contacted_${p}`
        : "";
      rules.push(`iifname "${place.uplink}" ${match}${known} ${enter}`);
    }
    if (nat.hairpin) {
      // Packets from internal hosts are not filtered.
      rules.push(`iifname != "${place.uplink}" ${match} ct mark set ${HAIRPIN_MARK} ${enter}`);
    }
    return rules;
  });
}

/**
 * Drops packets from outside that match no mapping, unless a program on the router listens. If they
 * came in, conntrack would remember them, and an internal host that sends to the same peer from the
 * same port a moment later would be moved to another port: hole punching would fail.
 */
function unsolicited(place: NatPlace): string[] {
  const fresh = `iifname "${place.uplink}" ${wordsFor(place.ip).ip} daddr ${place.ip} ct state new`;
  // If the kernel cannot match sockets, ports without a mapping are accepted. "!=", since a lookup of
  // a taken port would run its limit, which never lets a second packet pass.
  const listening = place.socketMatch === false
    ? PROTOCOLS.map((p) => `${fresh} ${p} dport != @taken_${p} accept`)
    : [`${fresh} ${PORTS} socket wildcard { 0, 1 } accept`];
  return chain("input", "type filter hook input priority filter; policy accept;", [
    ...listening,
    `${fresh} ${PORTS} drop`,
  ]);
}

function table(ip: FamilyWords["ip"], lines: string[], name = NAT_TABLE): string {
  return [`table ${ip} ${name} {`, ...lines.map((line) => `  ${line}`), "}", ""].join("\n");
}
