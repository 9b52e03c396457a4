import type { EndpointDependence, ResolvedNat } from "./config.ts";

/** What the rulesets of a NAT are put together from. */

/** The protocols whose ports are translated by mappings. */
export const PROTOCOLS = ["udp", "tcp"] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/** The endpoint inside, of a flow that began inside. */
export const INTERNAL = "ct original ip saddr . ct original proto-src";

/** Words for rules of a family. */
export interface FamilyWords {
  /** What nftables calls it, of headers and of tables. */
  ip: "ip" | "ip6";
  /** The type of what stands for the host inside in the key of `out`. */
  hostType: string;
  /** That itself, of a flow that began inside. */
  host: string;
  /** Rules that come before it is asked for, by the first packet of a flow. */
  before: string[];
}

const IPV4: FamilyWords = {
  ip: "ip",
  hostType: "ipv4_addr",
  host: "ct original ip saddr",
  before: [],
};

/**
 * nft 1.0.6 gives the key of a map's new element 16 bytes, then puts the data there too, or gives up:
 * an IPv6 address and a port are too long. So each flow is marked with a number for its host, of 32
 * bits. That two of a thousand hosts have the same is one chance in ten thousand; they would
 * then share ports.
 */
const IPV6: FamilyWords = {
  ip: "ip6",
  hostType: "mark",
  host: "ct mark",
  before: ["ct mark set jhash ct original ip6 saddr mod 4294967295 seed 1 offset 1"],
};

/** The words for the family of an address. */
export const wordsFor = (ip: string): FamilyWords => ip.includes(":") ? IPV6 : IPV4;

/** The limit in an element of `taken`: whoever makes the element passes, and nobody after. */
export const ONCE = "limit rate 1/week burst 1 packets";

/** How much of the destination a mapping is kept for, as nftables types and expressions. */
export interface MappingKey {
  types: string;
  /** For the packets of a flow that began inside. */
  outward: string;
  /** For the packets of a flow that entered through a mapping. */
  inward: string;
}

/** The key of `out`: the endpoint inside, and what the mapping depends on. */
export function mappingKey(mapping: EndpointDependence, words: FamilyWords): MappingKey {
  const types = [words.hostType, "inet_service"];
  const outward = [words.host, "ct original proto-src"];
  // Of a flow through a hairpin, the reply tuple alone has the addresses as its target sees them.
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

/** Whether flows can begin outside, or at another host inside, and enter through a mapping. */
export function canEnter(nat: ResolvedNat): boolean {
  return nat.filtering !== "address-and-port-dependent" || nat.hairpin;
}

/** A chain, with a hook or for others to jump to. */
export function chain(name: string, hook: string | undefined, rules: string[]): string[] {
  return [`chain ${name} {`, ...(hook ? [hook, ...rules] : rules).map((r) => `  ${r}`), "}"];
}
