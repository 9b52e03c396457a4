import { parseCidr } from "../../address/mod.ts";
import type { NatV6 } from "../../nat/config_v6.ts";
import type { LabCore } from "../model/lab.ts";
import { type RegionRecord, type RouterRecord, type Segment } from "../model/records.ts";
import { hasV4, hasV6 } from "../options/families.ts";
import { fullPrefix } from "../wiring/neighbours.ts";
import { spread, unspread } from "./region_routes.ts";
import { addRoute, removeRoute } from "../wiring/segment_routes.ts";

/** A router and those behind it, as far as routes go: what is needed to decide. */
export interface Announcer {
  nat: unknown;
  natV6?: NatV6;
  /** The prefix that NPTv6 gives its LAN. */
  external6?: { toString(): string };
  /** The prefix that was delegated to it, of which its LAN is a part. */
  delegated?: { toString(): string };
  ipSupport: RouterRecord["ipSupport"];
  lan: { v4?: { cidr: { toString(): string } }; v6?: { cidr: { toString(): string } } };
}

/**
 * The networks that a router makes known upstream: its own and those that
 * routers behind it made known to it. A NAT hides all of IPv4, a masquerade all
 * of IPv6; NPTv6 shows its LAN by another prefix.
 */
export function announcements(router: Announcer, behind: Iterable<string>): string[] {
  const own = [
    hasV4(router.ipSupport) ? router.lan.v4?.cidr.toString() : undefined,
    hasV6(router.ipSupport) ? shownV6(router) : undefined,
  ].filter((cidr) => cidr !== undefined);
  return [...own, ...behind].filter((cidr) => shows(router, cidr));
}

function shownV6({ natV6, external6, delegated, lan }: Announcer): string | undefined {
  return (natV6 === "nptv6" ? external6 : delegated ?? lan.v6?.cidr)?.toString();
}

/** Whether a router lets others know of a network behind it. */
function shows({ nat, natV6 }: Pick<Announcer, "nat" | "natV6">, cidr: string): boolean {
  return cidr.includes(":") ? natV6 !== "masquerade" : nat === "none";
}

/** What a router's uplink is attached to. */
export function segmentAbove(
  core: LabCore,
  { upstream, region }: Pick<RouterRecord, "upstream" | "region">,
): Segment {
  return upstream?.lan ?? region?.segment ?? core.ix.segment;
}

/**
 * Makes networks behind a router known to every router above that no NAT hides them from, to the
 * exchange and to all regions.
 */
export function announce(core: LabCore, router: RouterRecord, cidrs: string[]): void {
  climb(core, router, cidrs, {
    above: (segment, cidr, via) => addRoute(segment, cidr, via.uplink),
    beyond: (region, cidrs) => spread(core, region, cidrs),
  });
}

/** Takes back what {@link announce} made known. */
export function withdraw(core: LabCore, router: RouterRecord, cidrs: string[]): void {
  climb(core, router, cidrs, {
    above: (segment, cidr) => removeRoute(segment, cidr),
    beyond: (region, cidrs) => unspread(core, region, cidrs),
  });
}

/** What a router makes known now. */
export function announcedBy(router: RouterRecord): string[] {
  // What is routed to a device is of the router's own network.
  const behind = [...router.lan.routes].filter(([, { node }]) => node.kind !== "device");
  return announcements(router, behind.map(([cidr]) => cidr));
}

/**
 * The networks of those added addresses of a router's uplink that its region must make known, since
 * they are none of the region's own.
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
    // What is above cannot send back what has no address to be sent to.
    left = left.filter((cidr) => parseCidr(cidr).family === 4 ? ip : ip6);
    for (const cidr of left) above(segment, cidr, via);
    if (!via.upstream) {
      if (via.region) beyond(via.region, left);
      return;
    }
    const next = via.upstream;
    left = left.filter((cidr) => shows(next, cidr));
    via = next;
  }
}
