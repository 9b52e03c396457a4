import { findRouter } from "../model/lookup.ts";
import { linkLocalFromMac } from "../../address/mod.ts";
import { parseOptions } from "../../options/parse_options.ts";
import { attach, detach, reserve } from "./attach.ts";
import { discardImpairment } from "../model/condition_state.ts";
import { loadBlackHole, removeBlackHole, setBlackHole } from "../wiring/black_hole.ts";
import { removeBridgeRoutes } from "../routing/bridge_routes.ts";
import type { LabCore } from "../model/lab.ts";
import { deriveSeed } from "../model/seed.ts";
import { newSegment } from "../model/segment.ts";
import { RouterInUseError, TopologyError } from "../options/errors.ts";
import { requestPrefix } from "../delegation/lifecycle.ts";
import { offerPrefixes } from "../delegation/offer.ts";
import { requestOf } from "../options/delegation_options.ts";
import { checkDelegation } from "../options/delegation_checks.ts";
import { loadFirewall, loadNat, loadNatV6 } from "../nat/rulesets.ts";
import { startNat64, stopNat64 } from "../nat/nat64.ts";
import { takeExternal6 } from "../nat/nat_v6.ts";
import type { OwnFields, RegionRecord, RouterRecord, Segment } from "../model/records.ts";
import { ETHERNET_MTU, hasV4, hasV6 } from "../options/families.ts";
import { checkNodeName } from "../options/names.ts";
import {
  type RouterOptions,
  routerOptionsSchema,
  type RouterReference,
} from "../options/options.ts";
import type { RouterProfile } from "../options/router_presets.ts";
import { regionOf } from "../routing/find_region.ts";
import {
  addedNetworks,
  announce,
  announcedBy,
  segmentAbove,
  withdraw,
} from "../routing/announce.ts";
import {
  checkAdvertisement,
  checkDownstream,
  checkFamilies,
  checkNatV6,
  checkRouterMtu,
  routerProfile,
} from "../options/checks.ts";
import { RA_DEFAULTS } from "../options/ipv6_options.ts";
import { step } from "../model/steps.ts";
import { undoing } from "../model/undo.ts";

interface ResolvedOptions extends RouterProfile {
  options: RouterOptions;
  upstream: RouterRecord | null;
  region: RegionRecord | null;
  mtu: number;
}

/** Checks the options of a router, and resolves its preset and the nodes that it refers to. */
function resolveOptions(core: LabCore, name: string, given: RouterOptions): ResolvedOptions {
  const what = `addRouter("${name}")`;
  checkNodeName(what, name, (n) => core.taken(n));
  const options = parseOptions(routerOptionsSchema, given, what);
  const profile = routerProfile(options);
  const mtu = options.mtu ?? ETHERNET_MTU;
  checkRouterMtu(what, mtu, profile.ipSupport);
  const upstream = options.upstream === undefined
    ? null
    : findUpstream(core, name, options.upstream);
  if (upstream) checkFamilies(what, profile.ipSupport, upstream);
  checkNatV6(what, profile.natV6, { ...profile, upstream });
  checkDelegation(what, options.prefixDelegation, { ...profile, upstream });
  const region = findRegion(core, what, options, upstream);
  if (options.downstreamCidr !== undefined) checkDownstream(what, profile.ipSupport);
  if (options.routerAdvertisement) checkAdvertisement(what, profile.ipSupport);
  return { ...profile, options, upstream, region, mtu };
}

function findRegion(
  core: LabCore,
  what: string,
  { region }: RouterOptions,
  upstream: RouterRecord | null,
): RegionRecord | null {
  if (region === undefined) return upstream?.region ?? null;
  const found = regionOf(core, `${what}: region`, region);
  if (!upstream) return found;
  throw new TopologyError(
    `${what}: it cannot have both a region and an upstream: router "${upstream.name}" is ` +
      `in ${
        upstream.region ? `region "${upstream.region.region}"` : "no region"
      }; give one of them`,
  );
}

function findUpstream(
  core: LabCore,
  name: string,
  upstream: RouterReference | string,
): RouterRecord {
  if (upstream === name) {
    throw new TopologyError(`addRouter("${name}"): upstream: a router cannot be behind itself`);
  }
  return findRouter(core, `addRouter("${name}"): upstream`, upstream);
}

/** Builds a router; if that fails, nothing of it is left. */
export function addRouter(core: LabCore, name: string, given: RouterOptions): RouterRecord {
  core.open(`addRouter("${name}")`);
  const resolved = resolveOptions(core, name, given);
  return undoing((defer) => {
    step("plan");
    const v4 = hasV4(resolved.ipSupport)
      ? core.addresses.takeLan4(resolved.pool, resolved.options.downstreamCidr, name, defer)
      : undefined;
    const { prefixDelegation } = resolved.options;
    const requestsPrefix = requestOf(prefixDelegation) !== undefined;
    const v6 = hasV6(resolved.ipSupport) && !requestsPrefix
      ? core.addresses.takeLan6(resolved.pool, name, defer)
      : undefined;
    const node = core.node("router", name, defer);
    const above = segmentAbove(core, resolved);
    const uplink = reserve(core, node, above, {
      name: resolved.upstream ? "wan" : "ix",
      mtu: Math.min(resolved.mtu, above.mtu),
      // A NAT64 translates to it, even if the router is v6-only.
      v4: v4 !== undefined || resolved.natV6 === "nat64",
      v6: hasV6(resolved.ipSupport),
    }, defer);
    attach(core, uplink, true, defer);

    const mac = core.nextMac(defer);
    const gateway = { mac, linkLocal: linkLocalFromMac(mac), mtu: resolved.mtu };
    const router: RouterRecord = Object.assign(
      node,
      {
        preset: resolved.options.preset,
        nat: resolved.nat,
        natV6: resolved.natV6,
        external6: undefined,
        firewall: resolved.firewall,
        ipSupport: resolved.ipSupport,
        pool: resolved.pool,
        mtu: resolved.mtu,
        blockIcmpFragNeeded: false,
        broken: {},
        upstream: resolved.upstream,
        region: resolved.region,
        uplink,
        lan: newSegment("lan", node, gateway, v4, v6),
        natSeed: deriveSeed(core.seed, name),
        delegation: prefixDelegation,
        delegated: undefined,
        withdrawn: [],
        pending: requestsPrefix,
        nat64: undefined,
        dnsClosing: undefined,
        dns64: resolved.options.dns64 ?? true,
        advertisement: { ...RA_DEFAULTS, ...resolved.options.routerAdvertisement },
      } satisfies OwnFields<RouterRecord>,
    );
    router.lan.downlink.requested = resolved.options.downlinkCondition ?? null;
    if (resolved.natV6 === "nptv6") takeExternal6(core, router, defer);
    offerPrefixes(core, router, defer);
    step("routes");
    const announced = announcedBy(router);
    defer(() => withdraw(core, router, announced));
    announce(core, router, announced);
    if (resolved.nat !== "none" || resolved.natV6 === "nat64") loadNat(router, resolved.nat, true);
    if (resolved.natV6 !== "none") loadNatV6(router, resolved.natV6, resolved.nat, true);
    if (resolved.natV6 === "nat64") startNat64(core, router, defer);
    loadFirewall(router, resolved.firewall, true);
    loadBlackHole(router.lan);
    if (resolved.options.blockIcmpFragNeeded) setBlackHole(router, true, defer);
    step("register");
    core.routers.set(name, router);
    return router;
  });
}

/** The names of the nodes attached to a router's LAN. */
export function attachedTo(segment: Segment): string[] {
  return [...new Set([...segment.members.keys()].map((iface) => iface.node.name))];
}

/** Unplugs a router for good. Its name stays taken until its programs have ended. */
export function unplugRouter(core: LabCore, router: RouterRecord): void {
  const users = attachedTo(router.lan);
  if (users.length > 0) {
    throw new RouterInUseError(
      `remove("${router.name}"): ${users.map((u) => `"${u}"`).join(", ")} ` +
        `${users.length === 1 ? "is" : "are"} attached to it; remove or replug ` +
        `${users.length === 1 ? "it" : "them"} first`,
    );
  }
  removeBridgeRoutes(core, router.lan);
  router.removed = true;
  stopNat64(router);
  router.lan.bridging.rate?.remove();
  discardImpairment(router.lan.downlink);
  removeBlackHole(router);
  const added = addedNetworks(router, router.uplink.extra.map(({ ip }) => ip));
  withdraw(core, router, [...announcedBy(router), ...added]);
  detach(core, router.uplink);
  if (router.lan.v4) core.addresses.releaseLan4(router.lan.v4);
  if (router.lan.v6 && !router.delegated) core.addresses.releaseLan6(router.lan.v6);
  if (router.external6) core.addresses.releaseExternal6(router.external6);
  core.unsettled.drop(router);
}

/**
 * Waits until the LAN of a new router has the prefix that it requests, if it requests one. If it gets
 * none, nothing of the router is left.
 */
export async function awaitPrefix(core: LabCore, router: RouterRecord): Promise<void> {
  try {
    await requestPrefix(core, router);
    router.pending = false;
  } catch (error) {
    await core.delegations.forget(router);
    if (!core.closed && !router.removed) {
      unplugRouter(core, router);
      core.routers.delete(router.name);
      core.discard(router);
    }
    throw error;
  }
}
