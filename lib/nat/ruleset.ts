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

/** Where a NAT stands. */
export interface NatPlace {
  /** The interface towards the Internet, for example `ix`. */
  uplink: string;
  /** The external address, of IPv4 or IPv6: its family is that of all rules. */
  ip: string;
  /** Whose packets are translated: a block of addresses. Default: whatever leaves by the uplink. */
  source?: string;
  /** Chooses the external ports that are not preserved. */
  seed: number;
  /** Whether this kernel matches open sockets (nft_socket); nearly all do. Default true. */
  socketMatch?: boolean;
  /**
   * Whether this kernel counts connections (nft_connlimit); nearly all do. Where it does not, the
   * latest connection of a port alone says how long its mapping is kept. Default true.
   */
  connectionCount?: boolean;
}

/** The table that holds a router's NAT, one in each family. */
export const NAT_TABLE = "netyard_nat";

// No size: nft(8) then allows 65,535 elements, and the kernel grows the table as they come. A size
// that is written makes it take and clear a megabyte at once.
const DYNAMIC = "flags dynamic,timeout;";
/** Ports tried, one after the other, when the preserved one is taken. */
const ATTEMPTS = 5;
/** Marks a flow that a host inside started to an external address of the router itself. */
const HAIRPIN_MARK = "0x4e59";

const PORTS = "meta l4proto { tcp, udp }";
/** Where sources are translated. */
export const POSTROUTING = "type nat hook postrouting priority srcnat; policy accept;";
/** Where destinations are translated. */
export const PREROUTING = "type nat hook prerouting priority dstnat; policy accept;";

/**
 * The nftables text of a router's NAT. For IPv6 there is one of endpoint-independent mapping that lets
 * only answers in, without hairpin: the masquerade.
 *
 * Linux alone does not give endpoint-independent mappings: conntrack lets two
 * hosts share an external port towards different destinations and moves one of
 * them when they meet. So mappings are kept in maps of their own, one of each
 * for UDP and for TCP:
 *
 * - `out`: internal address and port (and, for dependent mappings, the
 *   destination) to external port; read for the first packet of each flow.
 * - `taken`: external ports in use. Claiming one is an atomic test-and-set:
 *   the element carries a limit that lets one packet a week pass.
 * - `in`: external port to internal address and port, where strangers may enter.
 * - `contacted`: external port and remote address, for address-dependent filtering.
 * - `lasting`: what a flow of the longer of two lifetimes renewed.
 * - `open`, `shared`: whether any TCP connection, or more than one, uses a port; so that the end of
 *   one leaves a mapping to the others (RFC 5382, REQ-1).
 *
 * Every later packet of a flow renews them for as long as conntrack keeps the
 * flow. Address-and-port-dependent filtering needs no map: only packets that
 * conntrack knows as answers pass.
 *
 * Source: nft(8); RFC 4787; RFC 5382.
 */
export function natRuleset(nat: ResolvedNat, place: NatPlace): string {
  return isPlainSymmetric(nat) ? symmetricTable(place) : mappedTable(nat, place);
}

/**
 * The nftables text for a router whose NAT was taken away: nothing new is
 * translated, and what is under way still is, for which the kernel needs a
 * chain of this type and a rule that asks conntrack.
 */
export function formerNatRuleset(ip: FamilyWords["ip"] = "ip"): string {
  return table(ip, [
    ...chain("prerouting", PREROUTING, ["ct state new accept"]),
    ...chain("postrouting", POSTROUTING, []),
  ]);
}

/** The table that is there while a router forgets. */
export const CLOSED_TABLE = "netyard_closed";

/**
 * The nftables text for a router that reboots: nothing of a family comes in, not even as far as
 * conntrack. Neighbours are still found (RFC 4861), or some would be given up for a second.
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

/** Random ports for each flow and answers only: what conntrack does by itself. */
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
    // Without mappings there is no port to keep; the router then says that it has no such port.
    ...place.socketMatch === false ? [] : unsolicited(place),
  ]);
}

/** What leaves by the uplink, and is to leave from its address. */
function outwards({ uplink, ip: external, source }: NatPlace, { ip }: FamilyWords): string {
  // What a link-local address sends stays on the link (RFC 4291, section 2.5.6).
  const local = ip === "ip6" ? ` ip6 saddr != fe80::/10` : "";
  const whose = source === undefined ? `!= ${external}` : source;
  return `oifname "${uplink}"${local} ${ip} saddr ${whose}`;
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

/** The first packet of a flow: the mapping that is there, the same port, or a drawn one. */
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
      // Hosts inside are no strangers: their packets are not filtered.
      rules.push(`iifname != "${place.uplink}" ${match} ct mark set ${HAIRPIN_MARK} ${enter}`);
    }
    return rules;
  });
}

/**
 * A packet from outside that no mapping takes ends at the router. Were it let
 * in, conntrack would remember it, and a host inside that sends to the same
 * peer from the same port a moment later would be moved to another port: hole
 * punching would fail. So it is dropped, unless a program on the router listens.
 */
function unsolicited(place: NatPlace): string[] {
  const fresh = `iifname "${place.uplink}" ${wordsFor(place.ip).ip} daddr ${place.ip} ct state new`;
  // Without sockets to look at, what no mapping needs is left to the router. "!=", since to find a
  // taken port would ask its limit, which never lets a second packet pass.
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
