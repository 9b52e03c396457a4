import type { BridgeConfig, VmConfig } from "./types.ts";
import type { ConfigFaults, ConfigPath } from "./faults.ts";
import type { PlannedDevice } from "./members.ts";
import type { PlannedRegions } from "./regions.ts";
import type { PlannedRouter } from "./routers.ts";
import { isOffer, requestOf } from "../options/delegation_options.ts";
import { TopologyError } from "../options/errors.ts";
import { explained } from "../options/named_errors.ts";
import { hasV4, hasV6 } from "../options/families.ts";
import { AddressPlan, type Network } from "../model/address_plan.ts";

/** The networks of a LAN, a region or the exchange, and who has which IPv4 address. */
interface Networks {
  v4?: Network;
  v6?: Network;
  holders: Map<string, string>;
}

/** What gets addresses, in the order in which it is built. */
export interface Addressed extends PlannedRegions {
  routers: PlannedRouter[];
  bridges: [name: string, BridgeConfig][];
  devices: PlannedDevice[];
  vms: [name: string, VmConfig][];
}

const KEEP = () => {};

/**
 * Gives out all addresses of a plan without faults as the lab will do, and notes what there are not
 * enough of, and which cannot be had.
 */
export function checkAddresses(planned: Addressed, faults: ConfigFaults): void {
  const plan = new AddressPlan();
  const ix: Networks = { v4: plan.ix4, v6: plan.ix6, holders: new Map() };
  const lans = new Map<string, Networks>();
  const regions = new Map<string, Networks>();
  const told = new Set<string>();
  const attempt = (path: ConfigPath, act: (what: string) => void) => {
    // Of a counted device, one that gets none says it for all.
    const place = path.join();
    if (told.has(place)) return;
    const known = faults.list.length;
    faults.attempt(path, act);
    if (faults.list.length > known) told.add(place);
  };

  for (const [name, path] of planned.regions) {
    attempt(path, (what) => {
      regions.set(name, { ...plan.takeRegion(what, KEEP), holders: new Map() });
      take(what, name, ix);
    });
  }
  for (const { path } of planned.links) attempt(path, (what) => plan.takeRegionLink(what, KEEP));
  plan.keepLans4(lansAskedFor(planned.routers));
  for (const router of planned.routers) {
    const { config, profile, path } = router;
    const { name, upstream, region, downstreamCidr: wanted, prefixDelegation } = config;
    const { ipSupport, pool } = profile;
    const lan: Networks = { holders: new Map() };
    lans.set(name, lan);
    attempt(wanted === undefined ? path : [...path, "downstreamCidr"], (what) => {
      // Of one that was asked for, the message says for what.
      const v4 = () => plan.takeLan4(pool, wanted, name, KEEP, what);
      if (hasV4(ipSupport)) lan.v4 = wanted === undefined ? explained(what, v4) : v4();
      // What is delegated is asked for when the router is there.
      const isDelegated = requestOf(prefixDelegation) !== undefined;
      if (hasV6(ipSupport) && !isDelegated) {
        lan.v6 = explained(what, () => plan.takeLan6(pool, KEEP));
      }
    });
    if (isOffer(prefixDelegation)) {
      const { pool } = prefixDelegation;
      attempt([...path, "prefixDelegation", "pool"], (what) => {
        plan.takeOffer(what, name, pool === "auto" ? undefined : pool, KEEP);
      });
    }
    const above = lans.get(upstream ?? "") ?? regions.get(region ?? "") ?? ix;
    attempt(path, (what) =>
      take(what, name, {
        ...above,
        v4: hasV4(ipSupport) ? above.v4 : undefined,
        v6: hasV6(ipSupport) ? above.v6 : undefined,
      }));
  }
  for (const [name] of planned.bridges) {
    const lan: Networks = { holders: new Map() };
    lans.set(name, lan);
    attempt(["bridges", name], (what) => {
      lan.v4 = explained(what, () => plan.takeLan4("private", undefined, name, KEEP));
      lan.v6 = explained(what, () => plan.takeLan6("private", KEEP));
    });
  }
  for (const { name, options, path } of planned.devices) {
    for (const [iface, { gateway, ip, ip6 }] of Object.entries(options.interfaces ?? {})) {
      const { v4, v6, holders } = lans.get(String(gateway))!;
      const at = (key: string, asked: unknown) => [
        ...path,
        "interfaces",
        iface,
        asked === undefined ? "gateway" : key,
      ];
      attempt(at("ip", ip), (what) => take(what, name, { v4, holders }, ip));
      attempt(at("ip6", ip6), (what) => take(what, name, { v6, holders }, undefined, ip6));
    }
  }
  for (const [name, { bridges = [] }] of planned.vms) {
    bridges.forEach((bridge, i) => {
      attempt(["vms", name, "bridges", i], (what) => take(what, name, lans.get(bridge)!));
    });
  }
}

/** The IPv4 networks that routers ask for, which nobody else must be given. */
export function lansAskedFor(routers: readonly PlannedRouter[]): string[] {
  return routers.flatMap(({ config: { downstreamCidr } }) => downstreamCidr ?? []);
}

/** Takes addresses for a node: the next ones, or a particular one. */
function take(what: string, node: string, from: Networks, ip?: string, ip6?: string): void {
  const { v4, v6, holders } = from;
  const takeFrom = (network: Network | undefined, asked: string | undefined) => {
    const holder = holders.get(asked ?? "");
    if (holder) throw new TopologyError(`${asked} is the address of "${holder}"; take another`);
    const taken = network?.hosts.take(asked);
    if (taken !== undefined) holders.set(taken, node);
  };
  explained(what, () => {
    if (ip !== undefined && !v4) throw new TopologyError(`${ip} is IPv4, which is not there`);
    if (ip6 !== undefined && !v6) throw new TopologyError(`${ip6} is IPv6, which is not there`);
    takeFrom(v4, ip);
    takeFrom(v6, ip6);
  });
}
