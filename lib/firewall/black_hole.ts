import { Cidr, IP_BITS, type IpFamily, parseCidr, parseIp } from "../address/mod.ts";

/** The "packet too big" messages that a node suppresses. */
export interface BlackHole {
  /** All of them: its own, and those that it forwards. */
  all: boolean;
  /** Its own about packets to these addresses and networks, for example `198.18.0.2`, `fd00::/64`. */
  towards: string[];
  /** Its own about packets to all other networks. Undefined: none of these. */
  beyond: string[] | undefined;
}

/** The name of the table that makes a path-MTU black hole. */
export const BLACK_HOLE_TABLE = "netyard_black_hole";

/**
 * Matches the messages: "fragmentation needed and DF set" of ICMP (RFC 792, RFC 1191), and "packet
 * too big" of ICMPv6 (RFC 4443, RFC 8201).
 */
const TOO_BIG = {
  4: "icmp type destination-unreachable icmp code frag-needed",
  6: "icmpv6 type packet-too-big",
} as const;

/**
 * The destination address of the quoted packet, as an offset in bits from the start of the message:
 * behind 8 bytes of ICMP, and 16 bytes of the IPv4 header or 24 of the IPv6 header.
 */
const QUOTED_DESTINATION = { 4: "@th,192,32", 6: "@th,256,128" } as const;

const FAMILIES = [4, 6] as const;

/**
 * Returns the nftables text of a node's part in a path-MTU black hole (RFC 2923, section 2.1), for
 * both families, or `undefined` if it suppresses nothing.
 *
 * A node sends these messages about its own links only, so the destination of the quoted packet is
 * enough to decide. It is read before NAT (priority `raw`): there it is the address by which the node
 * chose the link.
 *
 * Source: nft(8).
 */
export function blackHoleRuleset({ all, towards, beyond }: BlackHole): string | undefined {
  const each = (rule: (family: IpFamily) => string | undefined) =>
    FAMILIES.map(rule).filter((text) => text !== undefined).map((text) => `${text} drop`);
  const everything = each((family) => TOO_BIG[family]);
  const output = all ? everything : [
    ...each((family) => about(family, "", towards)),
    ...beyond ? each((family) => about(family, "!= ", beyond) ?? TOO_BIG[family]) : [],
  ];
  if (output.length === 0) return undefined;
  return [
    `table inet ${BLACK_HOLE_TABLE} {`,
    ...all ? chain("forward", "filter", everything) : [],
    ...chain("output", "raw", output),
    "}",
    "",
  ].join("\n");
}

/** Matches messages by the quoted destination; undefined if no network is of this family. */
function about(family: IpFamily, not: string, networks: string[]): string | undefined {
  const elements = ranges(family, networks);
  if (elements.length === 0) return undefined;
  return `${TOO_BIG[family]} ${QUOTED_DESTINATION[family]} ${not}{ ${elements.join(", ")} }`;
}

function chain(hook: "forward" | "output", priority: string, rules: string[]): string[] {
  return [
    `  chain ${hook} {`,
    `    type filter hook ${hook} priority ${priority}; policy accept;`,
    ...rules.map((rule) => `    ${rule}`),
    "  }",
  ];
}

/** Returns networks as sorted numbers without overlap: for nftables, quoted bytes have no type. */
function ranges(family: IpFamily, networks: string[]): string[] {
  const blocks = networks.map(block).filter((one) => one.family === family)
    .sort((a, b) => a.first < b.first ? -1 : a.first > b.first ? 1 : 0);
  const found: { first: bigint; last: bigint }[] = [];
  for (const { first, last } of blocks) {
    const open = found.at(-1);
    if (!open || first > open.last + 1n) found.push({ first, last });
    else if (last > open.last) open.last = last;
  }
  const hex = (value: bigint) => `0x${value.toString(16).padStart(IP_BITS[family] / 4, "0")}`;
  return found.map(({ first, last }) => first === last ? hex(first) : `${hex(first)}-${hex(last)}`);
}

function block(text: string): Cidr {
  if (text.includes("/")) return parseCidr(text);
  const { family, value } = parseIp(text);
  return new Cidr(family, value, IP_BITS[family]);
}
