import type { LabConfig, RouterConfig } from "./types.ts";
import type { ConfigFaults, ConfigPath } from "./faults.ts";
import { type ConfigNames, namesOf } from "./names.ts";
import { hasV4 } from "../options/families.ts";
import type { RouterProfile } from "../options/router_presets.ts";
import { checkDelegation } from "../options/delegation_checks.ts";
import {
  checkAdvertisement,
  checkFamilies,
  checkNatV6,
  checkRouterMtu,
  routerProfile,
} from "../options/checks.ts";

/** A router of a `LabConfig`. */
export interface PlannedRouter {
  config: RouterConfig;
  /** What it has by its preset and its options. */
  profile: RouterProfile;
  /** Where the configuration has it. */
  path: ConfigPath;
}

/** Returns the routers, each after its upstream; records the faults that they have. */
export function planRouters(
  config: LabConfig,
  names: ConfigNames,
  faults: ConfigFaults,
): PlannedRouter[] {
  const all = new Map<string, PlannedRouter>();
  config.routers?.forEach((router, i) => {
    const planned = { config: router, profile: routerProfile(router), path: ["routers", i] };
    // A second router of the same name is recorded as a fault already.
    if (!all.has(router.name)) all.set(router.name, planned);
  });
  for (const router of all.values()) {
    checkPlace(router, all, names, faults);
    checkAddressing(router, all, faults);
  }
  return upstreamFirst(all, faults);
}

/** Checks what a router is attached to. */
function checkPlace(
  { config: { upstream, region }, profile, path }: PlannedRouter,
  all: ReadonlyMap<string, PlannedRouter>,
  names: ConfigNames,
  faults: ConfigFaults,
): void {
  if (upstream === undefined) return;
  const at = [...path, "upstream"];
  const above = all.get(upstream);
  if (!above) {
    faults.unknown(at, upstream, "router", namesOf(names, "router"), names.get(upstream));
    return;
  }
  if (region !== undefined) {
    faults.add(
      [...path, "region"],
      `: a router behind "${upstream}" is in the region of that router; ` +
        "leave out the region, or the upstream",
    );
  }
  const lan = { name: upstream, ipSupport: above.profile.ipSupport };
  faults.attempt(at, (what) => checkFamilies(what, profile.ipSupport, lan));
}

/** The upstream of a router, as far as the checks need it. */
function upstreamOf({ upstream = "" }: RouterConfig, all: ReadonlyMap<string, PlannedRouter>) {
  const above = all.get(upstream);
  if (!above) return null;
  const { config: { prefixDelegation: delegation }, profile: { ipSupport } } = above;
  return { name: upstream, ipSupport, delegation };
}

function checkAddressing(
  { config, profile, path }: PlannedRouter,
  all: ReadonlyMap<string, PlannedRouter>,
  faults: ConfigFaults,
): void {
  const { mtu, downstreamCidr, routerAdvertisement } = config;
  if (routerAdvertisement !== undefined) {
    faults.attempt(path, (what) => checkAdvertisement(what, profile.ipSupport));
  }
  if (mtu !== undefined) {
    faults.attempt([...path, "mtu"], (what) => checkRouterMtu(what, mtu, profile.ipSupport));
  }
  if (profile.natV6 !== "none") {
    faults.attempt([...path, config.natV6 === undefined ? "preset" : "natV6"], (what) => {
      checkNatV6(what, profile.natV6, { ...profile, upstream: upstreamOf(config, all) });
    });
  }
  faults.attempt([...path, "prefixDelegation"], (what) => {
    checkDelegation(what, config.prefixDelegation, {
      ...profile,
      upstream: upstreamOf(config, all),
    });
  });
  if (downstreamCidr !== undefined && !hasV4(profile.ipSupport)) {
    faults.add(
      [...path, "downstreamCidr"],
      ` is "${downstreamCidr}", but the router is v6-only; leave it out`,
    );
  }
}

/** Orders routers so that each comes after its upstream; records circles. */
function upstreamFirst(
  all: ReadonlyMap<string, PlannedRouter>,
  faults: ConfigFaults,
): PlannedRouter[] {
  const ordered = new Set<PlannedRouter>();
  const trail: PlannedRouter[] = [];
  const visit = (router: PlannedRouter) => {
    const start = trail.indexOf(router);
    if (start >= 0) return recordCycle(trail.slice(start), faults);
    if (ordered.has(router)) return;
    trail.push(router);
    const above = all.get(router.config.upstream ?? "");
    if (above) visit(above);
    trail.pop();
    ordered.add(router);
  };
  for (const router of all.values()) visit(router);
  return [...ordered];
}

function recordCycle(cycle: PlannedRouter[], faults: ConfigFaults): void {
  const names = [...cycle, cycle[0]].map(({ config }) => config.name);
  faults.add(
    [...cycle[0].path, "upstream"],
    cycle.length === 1
      ? ": a router cannot be behind itself; leave it out, or name another router"
      : ` is "${names[1]}", which is behind it in turn: ${names.join(" -> ")}; ` +
        "attach one of them to the IX",
  );
}
