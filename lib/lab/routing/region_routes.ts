import type { MessageWriter } from "../../../native/netlink/codec.ts";
import {
  deleteRoute,
  replaceByDroppingRoute,
  replaceRoute,
} from "../../../native/netlink/route.ts";
import { ipBytes, parseCidr } from "../../address/mod.ts";
import type { LabCore } from "../model/lab.ts";
import { inside } from "../wiring/rtnetlink.ts";
import { removeIfPresent } from "../../../native/netlink/refusal.ts";
import type { RegionRecord } from "../model/records.ts";
import { findLink, here } from "../model/region_link.ts";
import { pathsTo, type RegionEdge, type RegionPath, samePath } from "../model/region_paths.ts";
import { addRoute, removeRoute } from "../wiring/segment_routes.ts";

/** The routes between regions: applies the decisions of `model/region_paths.ts` to the kernel. */

/** The number of routes in one datagram: more may not fit the send buffer of a socket, 208 kB. */
const ROUTES_AT_ONCE = 500;

/** Returns the own networks of a region. */
export function ownNetworks({ segment: { v4, v6 } }: RegionRecord): string[] {
  return [v4, v6].map(({ cidr }) => cidr.toString());
}

/** Returns the regions, without those that are being removed. */
function regionsOf(core: LabCore): RegionRecord[] {
  return [...core.regions.values()].filter(({ removed }) => !removed);
}

/**
 * Updates the routes of all regions to the present links. Each route is replaced atomically: packets
 * that have another path are not lost.
 */
export function reroute(core: LabCore): void {
  const regions = regionsOf(core);
  const names = regions.map(({ region }) => region);
  const links = [...core.regionLinks.values()].map(({ ends, limits, up }): RegionEdge => ({
    a: ends[0].region.region,
    b: ends[1].region.region,
    latencyMs: limits.latencyMs ?? 0,
    up,
  }));
  for (const to of regions) {
    const networks = [...ownNetworks(to), ...to.segment.routes.keys()];
    for (const [name, way] of pathsTo(to.region, names, links)) {
      const from = core.regions.get(name);
      if (!from || samePath(from.paths.get(to.region), way)) continue;
      from.paths.delete(to.region); // Unknown, in case the kernel refuses a route half-way.
      routeVia(core, from, way, networks);
      from.paths.set(to.region, way);
    }
  }
}

/** Adds routes to networks of a region's routers to the IX and to all other regions. */
export function announceToRegions(core: LabCore, region: RegionRecord, networks: string[]): void {
  for (const network of networks) addRoute(core.ix.segment, network, region.uplink);
  for (const other of regionsOf(core)) {
    const way = other.paths.get(region.region);
    if (way && way.kind !== "ix") routeVia(core, other, way, networks);
  }
}

/** Removes the routes that {@link announceToRegions} added. */
export function withdrawFromRegions(core: LabCore, region: RegionRecord, networks: string[]): void {
  for (const other of regionsOf(core)) {
    if (other === region || other.paths.get(region.region)?.kind === "ix") continue;
    routeVia(core, other, { kind: "ix" }, networks);
  }
  for (const network of networks) removeRoute(core.ix.segment, network);
}

/** Routes networks from a region along a path. */
function routeVia(core: LabCore, from: RegionRecord, way: RegionPath, networks: string[]): void {
  for (let i = 0; i < networks.length; i += ROUTES_AT_ONCE) {
    const some = networks.slice(i, i + ROUTES_AT_ONCE).map(parseCidr);
    const write = (batch: MessageWriter) => {
      for (const { family, network, prefix } of some) {
        const to = { destination: ipBytes(network), prefix };
        // Without a route, packets go to the IX.
        if (way.kind === "ix") deleteRoute(batch, to);
        else if (way.kind === "nowhere") replaceByDroppingRoute(batch, "blackhole", to);
        else replaceRoute(batch, { ...to, ...nextHop(core, from, way.next, family) });
      }
    };
    if (way.kind === "ix") removeIfPresent(() => inside(from, write));
    else inside(from, write);
  }
}

/** Returns the link to a neighbouring region, and the gateway there. */
function nextHop(core: LabCore, from: RegionRecord, next: string, family: 4 | 6) {
  const link = findLink(core.regionLinks, from.region, next);
  if (!link) throw new Error(`no link from region ${from.region} to ${next}`);
  const [near, far] = here(link, from);
  const { v4, v6 } = from.segment;
  // Packets of the region itself have the source address by which all others know it.
  const [gateway, source] = family === 4 ? [far.ip, v4.gateway] : [far.linkLocal6, v6.gateway];
  return { gateway: ipBytes(gateway), index: near.index, source: ipBytes(source) };
}
