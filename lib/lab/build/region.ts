import { replaceByDroppingRoute } from "../../../native/netlink/route.ts";
import { ipBytes, linkLocalFromMac, parseCidr } from "../../address/mod.ts";
import { attach, detach, reserve } from "./attach.ts";
import { configureLoopback } from "../wiring/addresses.ts";
import type { LabCore } from "../model/lab.ts";
import { RegionInUseError } from "../options/errors.ts";
import { inside } from "../wiring/rtnetlink.ts";
import type { OwnFields, RegionRecord } from "../model/records.ts";
import { ETHERNET_MTU } from "../options/families.ts";
import { checkNodeName, REGION_PREFIX } from "../options/names.ts";
import { removeLinks } from "../routing/region_links.ts";
import { announceToRegions, ownNetworks, withdrawFromRegions } from "../routing/region_routes.ts";
import { newSegment } from "../model/segment.ts";
import { step } from "../model/steps.ts";
import type { Defer } from "../model/undo.ts";

/** Builds a region: a node that routes between its routers, and from them to the rest of the lab. */
export function buildRegion(core: LabCore, name: string, defer: Defer): RegionRecord {
  const what = `addRegion("${name}")`;
  checkNodeName(what, name, (n) => core.regions.has(n), "region");
  step("plan");
  const { v4, v6 } = core.addresses.takeRegion(what, name, defer);
  const node = core.node("region", REGION_PREFIX + name, defer);
  const wanted = { name: "ix", mtu: ETHERNET_MTU, v4: true, v6: true };
  const uplink = reserve(core, node, core.ix.segment, wanted, defer);
  attach(core, uplink, true, defer);
  configureLoopback(core, node, [v4.gateway, v6.gateway]);

  const mac = core.nextMac(defer);
  const gateway = { mac, linkLocal: linkLocalFromMac(mac), mtu: ETHERNET_MTU };
  const region: RegionRecord = Object.assign(
    node,
    {
      region: name,
      uplink,
      segment: Object.assign(newSegment("exchange", node, gateway, v4, v6), { v4, v6 }),
      paths: new Map(),
    } satisfies OwnFields<RegionRecord>,
  );
  step("routes");
  const networks = ownNetworks(region);
  inside(node, (batch) => {
    // Packets to unused addresses here must not go back to the IX, which would return them.
    for (const { network, prefix } of networks.map(parseCidr)) {
      replaceByDroppingRoute(batch, "unreachable", { destination: ipBytes(network), prefix });
    }
  });
  defer(() => withdrawFromRegions(core, region, networks));
  announceToRegions(core, region, networks);
  step("register");
  defer(() => unregister(core, region));
  for (const other of core.regions.values()) {
    other.paths.set(name, { kind: "ix" });
    region.paths.set(other.region, { kind: "ix" });
  }
  core.regions.set(name, region);
  return region;
}

function unregister(core: LabCore, region: RegionRecord): void {
  core.regions.delete(region.region);
  for (const other of core.regions.values()) other.paths.delete(region.region);
}

/** Unplugs a region and its links for good. Its name stays taken until its programs have ended. */
export function unplugRegion(core: LabCore, region: RegionRecord): void {
  const { segment, region: name } = region;
  const routers = [...segment.members.keys()].map(({ node }) => `"${node.name}"`);
  if (routers.length > 0) {
    throw new RegionInUseError(
      `remove("${region.name}"): ${routers.length === 1 ? "router" : "routers"} ` +
        `${routers.join(", ")} ${routers.length === 1 ? "is" : "are"} in region "${name}"; ` +
        `remove ${routers.length === 1 ? "it" : "them"} first`,
    );
  }
  const links = [...core.regionLinks.values()];
  removeLinks(core, links.filter(({ ends }) => ends.some((end) => end.region === region)));
  region.removed = true;
  withdrawFromRegions(core, region, ownNetworks(region));
  for (const other of core.regions.values()) other.paths.delete(name);
  detach(core, region.uplink);
  core.addresses.releaseRegion(segment.v4);
  core.unsettled.drop(region);
}
