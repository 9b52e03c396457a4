import { type Nat, type ResolvedNat, resolveNat } from "./config.ts";
import { chain } from "./parts.ts";
import { NAT_TABLE, POSTROUTING, PREROUTING } from "./ruleset.ts";

/** The two prefixes of an NPTv6 translator (RFC 6296), equally long. */
export interface PrefixPlace {
  /** The interface towards the Internet, for example `ix`. */
  uplink: string;
  /** The prefix of the hosts inside, such as `fd10:0:1::/64`. */
  internal: string;
  /** The prefix by which those outside know them. */
  external: string;
}

/**
 * The NAT that masquerades IPv6: a home router's, as nobody has specified another. Conntrack has one
 * set of timeouts for both families, so they are those of the IPv4 NAT where there is one.
 */
export function resolveMasquerade(nat: Nat): ResolvedNat {
  const home = resolveNat("home")!;
  return { ...home, timeouts: resolveNat(nat)?.timeouts ?? home.timeouts };
}

/**
 * The nftables text of an NPTv6 translator: hosts get another prefix, both ways, and keep the rest of
 * their addresses. Whoever is outside may begin too.
 *
 * A translator without state changes 16 more bits of each address, so that checksums hold without
 * its knowing any protocol (RFC 6296, section 2.6). The kernel knows them and mends checksums, so
 * here those bits stay. It translates by flows and not packet by packet, and so also what is quoted
 * in ICMPv6 errors: without that no sender would learn of a path's MTU.
 *
 * Each rule names a prefix: neighbour discovery is between other addresses, or untracked, and left
 * alone. Hosts inside reach each other by the external prefix too (hairpinning).
 *
 * Source: nft(8), "NAT statements"; RFC 6296.
 */
export function prefixRuleset({ uplink, internal, external }: PrefixPlace): string {
  const outwards = `ip6 saddr ${internal} snat ip6 prefix to ${external}`;
  const lines = [
    ...chain("prerouting", PREROUTING, [
      `ip6 daddr ${external} dnat ip6 prefix to ${internal}`,
    ]),
    ...chain("postrouting", POSTROUTING, [
      `oifname "${uplink}" ${outwards}`,
      `ct status dnat ${outwards}`,
    ]),
  ];
  return [`table ip6 ${NAT_TABLE} {`, ...lines.map((line) => `  ${line}`), "}", ""].join("\n");
}
