import { TopologyError } from "../../lab/options/errors.ts";
import { Device } from "../../lab/device.ts";
import type { Bridge } from "../../lab/bridge.ts";
import type { Interface } from "../../lab/interface.ts";
import type { Lab } from "../../lab/lab.ts";
import type { LinkCondition, LinkDirections } from "../../link/mod.ts";
import { bridgeNamed, interfaceOf, nodeNamed } from "./nodes.ts";
import type { SetDefaultRouteStep, SetLinkConditionStep } from "../step/link.ts";
import type { NetworkStep, StepOf } from "../step/mod.ts";
import type { PartitionStep } from "../step/partition.ts";

/** The function that changes the network as a step says, by the step's action. */
export const networkChanges: {
  [A in NetworkStep["action"]]: (lab: Lab, step: StepOf<A>) => Promise<unknown>;
} = {
  "set-link-condition": setCondition,
  "link-down": async (lab, step) => await stepInterface(lab, step).linkDown(),
  "link-up": async (lab, step) => await stepInterface(lab, step).linkUp(),
  "set-default-route": setDefaultRoute,
  replug: async (lab, step) => await stepInterface(lab, step).replug(step.to),
  "set-nat": (lab, { router, nat }) => lab.router(router).setNat(nat),
  "flush-nat": (lab, { router }) => lab.router(router).flushNatState(),
  "set-nat-v6": (lab, { router, natV6 }) => lab.router(router).setNatV6(natV6),
  "renew-prefix": (lab, { router }) => lab.router(router).renewPrefix(),
  "break-family": (lab, { router, family }) => lab.router(router).setFamilyBroken(family, true),
  "restore-family": (lab, { router, family }) => lab.router(router).setFamilyBroken(family, false),
  "set-firewall": (lab, { router, firewall }) => lab.router(router).setFirewall(firewall),
  "break-region": (lab, { regions: [a, b] }) => lab.breakRegionLink(a, b),
  "restore-region": (lab, { regions: [a, b] }) => lab.restoreRegionLink(a, b),
  partition,
  heal: partition,
};

function stepInterface(lab: Lab, step: { device: string; interface?: string }): Interface {
  return interfaceOf(nodeNamed(lab, step.device), step.interface);
}

async function setCondition(lab: Lab, step: SetLinkConditionStep): Promise<void> {
  const { condition, direction } = step;
  const iface = stepInterface(lab, step);
  if (!isDirections(condition)) return await iface.setCondition(condition, direction);
  const { up = null, down = null } = condition;
  if (direction !== "down") await iface.setCondition(up, "up");
  if (direction !== "up") await iface.setCondition(down, "down");
}

function isDirections(
  condition: LinkCondition | LinkDirections | null,
): condition is LinkDirections {
  return typeof condition === "object" && condition !== null &&
    ("up" in condition || "down" in condition);
}

async function setDefaultRoute(lab: Lab, { device, to }: SetDefaultRouteStep): Promise<void> {
  const node = nodeNamed(lab, device);
  if (node instanceof Device) return await node.setDefaultRoute(to);
  throw new TopologyError(`${device}: only a device has a default route that can be set`);
}

async function partition(lab: Lab, step: PartitionStep): Promise<void> {
  const bridge = bridgeNamed(lab, step.bridge);
  const isHeal = step.action === "heal";
  if (step.members) {
    const [a, b] = step.members;
    return await (isHeal ? bridge.unpartition(a, b) : bridge.partition(a, b));
  }
  if (step.from !== undefined && step.to !== undefined) {
    const direction = { from: step.from, to: step.to };
    return await (isHeal ? bridge.unpartition(direction) : bridge.partition(direction));
  }
  await (isHeal ? healAll(bridge) : bridge.partitionAll());
}

/** Removes all partitions of a bridge, whichever call made them. */
async function healAll(bridge: Bridge): Promise<void> {
  await bridge.restoreAll();
  const { members } = bridge;
  for (const [i, a] of members.entries()) {
    for (const b of members.slice(i + 1)) {
      await bridge.unpartition(a, b);
      if (bridge.isPartitioned(a, b)) await bridge.unpartition({ from: a, to: b });
      if (bridge.isPartitioned(b, a)) await bridge.unpartition({ from: b, to: a });
    }
  }
}
