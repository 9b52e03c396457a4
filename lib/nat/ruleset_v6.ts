import { type Nat, type ResolvedNat, resolveNat } from "./config.ts";
import { chain } from "./parts.ts";
import { NAT_TABLE, POSTROUTING, PREROUTING, untranslated } from "./ruleset.ts";

/** The two prefixes of an NPTv6 translator (RFC 6296), equally long. */
export interface PrefixPlace {
  /** The interface towards the Internet, for example `ix`. */
  uplink: string;
  /** The prefix of the internal hosts, such as `fd10:0:1::/64`. */
  internal: string;
  /** The prefix that external hosts see in its place. */
  external: string;
  /** As for `NatPlace`. Default true. */
  namedCounters?: boolean;
}

/**
 * Returns the NAT that masquerades IPv6: that of a home router, since no document specifies another.
 * Conntrack has one set of timeouts for both families, so those of the IPv4 NAT apply if there is one.
 */
export function resolveMasquerade(nat: Nat): ResolvedNat {
  const home = resolveNat("home")!;
  return { ...home, timeouts: resolveNat(nat)?.timeouts ?? home.timeouts };
}

/**
 * Returns the nftables text of an NPTv6 translator. It replaces the prefix in both directions and
 * keeps the rest of each address. External hosts can begin flows too.
 *
 * A stateless translator changes 16 more bits of each address, so that checksums stay valid
 * without knowledge of any protocol (RFC 6296, section 2.6). The kernel knows the protocols and
 * corrects their checksums, so these bits stay as they are here. It translates flows, not single
 * packets, and therefore also the packet that an ICMPv6 error quotes: without that, no sender would
 * learn the MTU of a path.
 *
 * Each rule names a prefix. Neighbour discovery uses other addresses, or is untracked, and is not
 * affected. Internal hosts reach each other by the external prefix too (hairpinning).
 *
 * Source: nft(8), "NAT statements"; RFC 6296.
 */
export function prefixRuleset(place: PrefixPlace): string {
  const { uplink, internal, external } = place;
  const outwards = `ip6 saddr ${internal} snat ip6 prefix to ${external}`;
  const lines = [
    ...chain("prerouting", PREROUTING, [
      `ip6 daddr ${external} dnat ip6 prefix to ${internal}`,
    ]),
    ...chain("postrouting", POSTROUTING, [
      `oifname "${uplink}" ${outwards}`,
      `ct status dnat ${outwards}`,
    ]),
    ...untranslated(`oifname "${uplink}" ip6 saddr ${internal}`, "ip6", place.namedCounters),
  ];
  return [`table ip6 ${NAT_TABLE} {`, ...lines.map((line) => `  ${line}`), "}", ""].join("\n");
}
