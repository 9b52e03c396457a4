/**
 * Routes: what routers announce upstream, the links and paths between regions, and the routes between
 * bridges. Imports `options`, `model`, `wiring` and `link`. Begin here with routers; regions begin in
 * `region_links.ts`.
 *
 * @module
 */
import { parseCidr } from "../../address/mod.ts";
import type { NatV6 } from "../../nat/config_v6.ts";
import type { LabCore } from "../model/lab.ts";
import { type RegionRecord, type RouterRecord, type Segment } from "../model/records.ts";
import { hasV4, hasV6 } from "../options/families.ts";
import { fullPrefix } from "../wiring/neighbours.ts";
import { announceToRegions, withdrawFromRegions } from "./region_routes.ts";
import { addRoute, removeRoute } from "../wiring/segment_routes.ts";

/** The properties of a router that decide which networks it announces. */
export interface Announcer {
  nat: unknown;
  natV6?: NatV6;
  /** The external prefix of NPTv6. */
  external6?: { toString(): string };
  /** Its delegated prefix, which contains the network of its LAN. */
  delegated?: { toString(): string };
  ipSupport: RouterRecord["ipSupport"];
  lan: { v4?: { cidr: { toString(): string } }; v6?: { cidr: { toString(): string } } };
}

/**
 * Returns the networks that a router announces upstream: its own, and those that downstream routers
 * announced to it. A NAT hides all of IPv4, a masquerade all of IPv6; NPTv6 announces its external
 * prefix in place of its LAN.
 */
export function announcements(router: Announcer, behind: Iterable<string>): string[] {
  const own = [
    hasV4(router.ipSupport) ? router.lan.v4?.cidr.toString() : undefined,
    hasV6(router.ipSupport) ? announcedV6(router) : undefined,
  ].filter((cidr) => cidr !== undefined);
  return [...own, ...behind].filter((cidr) => announces(router, cidr));
}

function announcedV6({ natV6, external6, delegated, lan }: Announcer): string | undefined {
  return (natV6 === "nptv6" ? external6 : delegated ?? lan.v6?.cidr)?.toString();
}

/** Whether a router announces a downstream network. */
function announces({ nat, natV6 }: Pick<Announcer, "nat" | "natV6">, cidr: string): boolean {
  return cidr.includes(":") ? natV6 !== "masquerade" : nat === "none";
}

/** Returns the segment of a router's uplink. */
export function segmentAbove(
  core: LabCore,
  { upstream, region }: Pick<RouterRecord, "upstream" | "region">,
): Segment {
  return upstream?.lan ?? region?.segment ?? core.ix.segment;
}

/**
 * Adds routes to downstream networks of a router to every upstream router, up to the first NAT that
 * hides them, to the IX and to all regions.
 */
export function announce(core: LabCore, router: RouterRecord, cidrs: string[]): void {
  climb(core, router, cidrs, {
    above: (segment, cidr, via) => addRoute(segment, cidr, via.uplink),
    beyond: (region, cidrs) => announceToRegions(core, region, cidrs),
  });
}

/** Removes the routes that {@link announce} added. */
export function withdraw(core: LabCore, router: RouterRecord, cidrs: string[]): void {
  climb(core, router, cidrs, {
    above: (segment, cidr) => removeRoute(segment, cidr),
    beyond: (region, cidrs) => withdrawFromRegions(core, region, cidrs),
  });
}

/** Returns the networks that a router announces now. */
export function announcedBy(router: RouterRecord): string[] {
  // A route to a device is part of the router's own network.
  const behind = [...router.lan.routes].filter(([, { node }]) => node.kind !== "device");
  return announcements(router, behind.map(([cidr]) => cidr));
}

/**
 * Returns the added addresses of a router's uplink, as networks, that its region must announce because
 * they are outside the region's own networks.
 */
export function addedNetworks({ uplink, upstream, region }: RouterRecord, ips: string[]): string[] {
  if (upstream || !region) return [];
  const { v4, v6 } = uplink.segment;
  return ips.filter((ip) => !(ip.includes(":") ? v6 : v4)?.cidr.contains(ip))
    .map((ip) => `${ip}/${fullPrefix(ip)}`);
}

function climb(
  core: LabCore,
  router: RouterRecord,
  cidrs: string[],
  { above, beyond }: {
    above: (segment: Segment, cidr: string, via: RouterRecord) => void;
    beyond: (region: RegionRecord, cidrs: string[]) => void;
  },
): void {
  let via = router;
  let left = cidrs;
  while (left.length > 0) {
    const segment = segmentAbove(core, via);
    const { ip, ip6 } = via.uplink;
    // The upstream has no next hop without an address of the uplink in that family.
    left = left.filter((cidr) => parseCidr(cidr).family === 4 ? ip : ip6);
    for (const cidr of left) above(segment, cidr, via);
    if (!via.upstream) {
      if (via.region) beyond(via.region, left);
      return;
    }
    const next = via.upstream;
    left = left.filter((cidr) => announces(next, cidr));
    via = next;
  }
}
