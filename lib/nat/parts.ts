import type { EndpointDependence, ResolvedNat } from "./config.ts";

/** The parts that the rulesets of a NAT are built from. */

/** The protocols whose ports are translated through mappings. */
export const PROTOCOLS = ["udp", "tcp"] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/** The internal endpoint of a flow that an internal host began. */
export const INTERNAL = "ct original ip saddr . ct original proto-src";

/** The nftables words of an address family. */
export interface FamilyWords {
  /** The family's name in headers and tables. */
  ip: "ip" | "ip6";
  /** The type of the value that identifies the internal host in the key of `out`. */
  hostType: string;
  /** The expression of that value, for a flow that an internal host began. */
  host: string;
  /** Rules for the first packet of a flow that must run before `host` is read. */
  before: string[];
}

const IPV4: FamilyWords = {
  ip: "ip",
  hostType: "ipv4_addr",
  host: "ct original ip saddr",
  before: [],
};

/**
 * nft 1.0.6 stores the key of a new map element in 16 bytes, beside the data: an IPv6 address and a
 * port do not fit. So each flow carries a mark, a 32-bit hash of its host's address. The chance that two
 * of a thousand hosts have the same mark is one in ten thousand; these two would share ports.
 */
const IPV6: FamilyWords = {
  ip: "ip6",
  hostType: "mark",
  host: "ct mark",
  before: ["ct mark set jhash ct original ip6 saddr mod 4294967295 seed 1 offset 1"],
};

/** Returns the words for the family of an address. */
export const wordsFor = (ip: string): FamilyWords => ip.includes(":") ? IPV6 : IPV4;

/** The limit in an element of `taken`: the packet that adds the element passes, and no later one. */
export const ONCE = "limit rate 1/week burst 1 packets";

/** The key of a mapping as nftables types and expressions; it has as much of the destination as the mapping depends on. */
export interface MappingKey {
  types: string;
  /** For packets of a flow that an internal host began. */
  outward: string;
  /** For packets of a flow that entered through a mapping. */
  inward: string;
}

/** Returns the key of `out`: the internal endpoint, and the part of the destination that the mapping depends on. */
export function mappingKey(mapping: EndpointDependence, words: FamilyWords): MappingKey {
  const types = [words.hostType, "inet_service"];
  const outward = [words.host, "ct original proto-src"];
  // Only the reply tuple of a hairpinned flow has the addresses as the target sees them.
  const inward = ["ct reply ip saddr", "ct reply proto-src"];
  if (mapping !== "endpoint-independent") {
    types.push("ipv4_addr");
    outward.push("ct original ip daddr");
    inward.push("ct reply ip daddr");
  }
  if (mapping === "address-and-port-dependent") {
    types.push("inet_service");
    outward.push("ct original proto-dst");
    inward.push("ct reply proto-dst");
  }
  const join = (parts: string[]) => parts.join(" . ");
  return { types: join(types), outward: join(outward), inward: join(inward) };
}

/** Whether external hosts, or other internal hosts, can begin flows that enter through a mapping. */
export function canEnter(nat: ResolvedNat): boolean {
  return nat.filtering !== "address-and-port-dependent" || nat.hairpin;
}

/** Returns the text of a chain: a base chain with a hook, or one that others jump to. */
export function chain(name: string, hook: string | undefined, rules: string[]): string[] {
  return [`chain ${name} {`, ...(hook ? [hook, ...rules] : rules).map((r) => `  ${r}`), "}"];
}
