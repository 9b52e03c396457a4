import { hostMemoryBytes } from "../host/memory.ts";
import defer * as profiles from "../vm/profiles.ts";
import type { ConfigHost } from "./config/members.ts";
import type { RegionLink } from "../link/mod.ts";
import type { DeviceOptions, RouterOptions } from "./options/options.ts";
import type { LabPlan } from "./config/plan.ts";
import type { VmOptions } from "./options/vm_options.ts";

export { checkedPlan } from "./config/plan.ts";

/** The methods of `Lab` with which a plan is built. */
export interface Builder {
  addRegion(name: string): Promise<unknown>;
  linkRegions(a: string, b: string, link: RegionLink): Promise<void>;
  addRouter(name: string, options: RouterOptions): Promise<unknown>;
  addDevice(name: string, options: DeviceOptions): Promise<unknown>;
  bridge(name: string): BuiltBridge;
  vm(name: string, options: VmOptions): unknown;
}

/** The methods of `Bridge` with which a plan is built. */
interface BuiltBridge {
  readonly name: string;
  addLatency(ms: number): Promise<void>;
  dropRate(pct: number): Promise<void>;
  bandwidthLimit(bps: number): Promise<void>;
  route(others: { readonly name: string }[]): Promise<void>;
}

/** Builds a plan in an empty lab. */
export async function buildPlan(lab: Builder, plan: LabPlan): Promise<void> {
  for (const name of plan.regions.keys()) await lab.addRegion(name);
  for (const { a, b, link } of plan.links) await lab.linkRegions(a, b, link);
  for (const { config: { name, ...options } } of plan.routers) await lab.addRouter(name, options);
  // All bridges before their routes, which may lead to any of them.
  for (const [name] of plan.bridges) lab.bridge(name);
  for (const [name, { latencyMs, dropRatePct, bandwidthBps, routes = [] }] of plan.bridges) {
    const bridge = lab.bridge(name);
    if (latencyMs !== undefined) await bridge.addLatency(latencyMs);
    if (dropRatePct !== undefined) await bridge.dropRate(dropRatePct);
    if (bandwidthBps !== undefined) await bridge.bandwidthLimit(bandwidthBps);
    if (routes.length > 0) await bridge.route(routes.map((other) => lab.bridge(other)));
  }
  for (const { name, options } of plan.devices) await lab.addDevice(name, options);
  for (const [name, options] of plan.vms) lab.vm(name, options);
}

/** The host's memory, and the VM profiles of the working directory. */
export function configHost(): ConfigHost {
  return {
    memoryBytes: hostMemoryBytes(),
    checkProfile: (what, name) => profiles.profileNamed(what, name),
  };
}
