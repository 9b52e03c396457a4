import { linkLocalFromMac } from "../address/mod.ts";
import { parseOptions } from "../options/parse_options.ts";
import { attach, detach } from "./attach.ts";
import { deriveSeed, type LabCore, newSegment } from "./core.ts";
import { RouterInUseError, TopologyError } from "./errors.ts";
import { loadFirewall, loadNat } from "./filters.ts";
import { hasV4, hasV6, type RouterRecord, type Segment } from "./model.ts";
import { checkNodeName } from "./names.ts";
import { type RouterOptions, routerOptionsSchema } from "./options.ts";
import { ROUTER_PRESETS, type RouterProfile } from "./presets.ts";
import { announce, announcedBy, withdraw } from "./routing.ts";
import { step } from "./steps.ts";

const DEFAULT_MTU = 1500;
/** RFC 8200, section 5. */
const IPV6_MIN_MTU = 1280;

interface Plan extends RouterProfile {
  options: RouterOptions;
  upstream: RouterRecord | null;
  mtu: number;
}

/** Decides what a router will be, from its options alone. */
function decide(core: LabCore, name: string, given: RouterOptions): Plan {
  const what = `addRouter("${name}")`;
  checkNodeName(what, name, (n) => core.taken(n));
  const options = parseOptions(routerOptionsSchema, given, what);
  const preset = options.preset ? ROUTER_PRESETS[options.preset] : undefined;
  const nat = options.nat ?? preset?.nat ?? "none";
  const profile: RouterProfile = {
    nat,
    firewall: options.firewall ?? preset?.firewall ?? "none",
    ipSupport: options.ipSupport ?? preset?.ipSupport ?? "dual-stack",
    pool: options.pool ?? preset?.pool ?? (nat === "none" ? "public" : "private"),
  };
  const mtu = options.mtu ?? DEFAULT_MTU;
  if (hasV6(profile.ipSupport) && mtu < IPV6_MIN_MTU) {
    throw new TopologyError(
      `${what}: mtu ${mtu} is too small for IPv6, which needs ${IPV6_MIN_MTU}; ` +
        'raise it, or set ipSupport: "v4-only"',
    );
  }
  const upstream = options.upstream === undefined
    ? null
    : core.router(`${what}: upstream`, options.upstream);
  if (options.downstreamCidr !== undefined && !hasV4(profile.ipSupport)) {
    throw new TopologyError(`${what}: downstreamCidr is IPv4, but the router is v6-only`);
  }
  return { ...profile, options, upstream, mtu };
}

/** Builds a router; on failure nothing of it is left. */
export function addRouter(core: LabCore, name: string, given: RouterOptions): RouterRecord {
  core.open(`addRouter("${name}")`);
  const plan = decide(core, name, given);
  using undo = new DisposableStack();
  step("plan");
  const v4 = hasV4(plan.ipSupport)
    ? core.plan.takeLan4(plan.pool, plan.options.downstreamCidr, name)
    : undefined;
  if (v4) undo.defer(() => core.plan.releaseLan4(v4));
  const v6 = hasV6(plan.ipSupport) ? core.plan.takeLan6(plan.pool) : undefined;
  if (v6) undo.defer(() => core.plan.releaseLan6(v6));

  const node = core.node("router", name);
  undo.defer(() => void node.runtime.close());
  const above = plan.upstream?.lan ?? core.ix.segment;
  const uplink = attach(core, node, above, {
    name: plan.upstream ? "wan" : "ix",
    mtu: Math.min(plan.mtu, above.mtu),
    v4: v4 !== undefined,
    v6: v6 !== undefined,
    isDefault: true,
  });
  undo.defer(() => detach(core, uplink));
  node.links.add(uplink.name);

  const mac = core.nextMac();
  const lan = newSegment(
    "lan",
    node,
    { mac, linkLocal: linkLocalFromMac(mac), mtu: plan.mtu },
    v4,
    v6,
  );
  const router: RouterRecord = Object.assign(node, {
    preset: plan.options.preset,
    nat: plan.nat,
    firewall: plan.firewall,
    ipSupport: plan.ipSupport,
    pool: plan.pool,
    mtu: plan.mtu,
    upstream: plan.upstream,
    uplink,
    lan,
    natSeed: deriveSeed(core.seed, name),
  });
  step("routes");
  const announced = announcedBy(router);
  undo.defer(() => withdraw(core, router, announced));
  announce(core, router, announced);
  if (plan.nat !== "none") loadNat(router, plan.nat, true);
  loadFirewall(router, plan.firewall, true);
  step("register");
  core.routers.set(name, router);
  undo.move();
  return router;
}

/** Who is attached to a router's LAN, as names. */
export function attachedTo(segment: Segment): string[] {
  return [...new Set([...segment.members.keys()].map((iface) => iface.node.name))];
}

/** Removes a router that nothing is attached to. */
export async function removeRouter(core: LabCore, router: RouterRecord): Promise<void> {
  const users = attachedTo(router.lan);
  if (users.length > 0) {
    throw new RouterInUseError(
      `remove("${router.name}"): ${users.map((u) => `"${u}"`).join(", ")} ` +
        `${users.length === 1 ? "is" : "are"} attached to it; remove or replug ` +
        `${users.length === 1 ? "it" : "them"} first`,
    );
  }
  withdraw(core, router, announcedBy(router));
  detach(core, router.uplink);
  router.removed = true;
  core.routers.delete(router.name);
  if (router.lan.v4) core.plan.releaseLan4(router.lan.v4);
  if (router.lan.v6) core.plan.releaseLan6(router.lan.v6);
  await router.runtime.close();
}
