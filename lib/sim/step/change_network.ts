import { TopologyError } from "../../lab/options/errors.ts";
import { Device } from "../../lab/device.ts";
import type { Bridge } from "../../lab/bridge.ts";
import type { Interface } from "../../lab/interface.ts";
import type { Lab } from "../../lab/lab.ts";
import type { LinkCondition, LinkDirections } from "../../link/mod.ts";
import { bridgeNamed, interfaceOf, nodeNamed } from "./nodes.ts";
import type {
  NetworkStep,
  PartitionStep,
  SetDefaultRouteStep,
  SetLinkConditionStep,
} from "../types/types.ts";

/** Does what a step asks of the network. */
export async function changeNetwork(lab: Lab, step: NetworkStep): Promise<void> {
  switch (step.action) {
    case "set-link-condition":
      return await setCondition(named(lab, step), step);
    case "link-down":
      return await named(lab, step).linkDown();
    case "link-up":
      return await named(lab, step).linkUp();
    case "replug":
      return await named(lab, step).replug(step.to);
    case "set-default-route":
      return await setDefaultRoute(lab, step);
    case "set-nat":
      return await lab.router(step.router).setNat(step.nat);
    case "flush-nat":
      return await lab.router(step.router).flushNatState();
    case "set-nat-v6":
      return await lab.router(step.router).setNatV6(step.natV6);
    case "renew-prefix":
      return void await lab.router(step.router).renewPrefix();
    case "break-family":
    case "restore-family":
      return await lab.router(step.router)
        .setFamilyBroken(step.family, step.action === "break-family");
    case "set-firewall":
      return await lab.router(step.router).setFirewall(step.firewall);
    case "break-region":
      return await lab.breakRegionLink(...step.regions);
    case "restore-region":
      return await lab.restoreRegionLink(...step.regions);
    case "partition":
    case "heal":
      return await partition(lab, step);
  }
}

function named(lab: Lab, step: { device: string; interface?: string }): Interface {
  return interfaceOf(nodeNamed(lab, step.device), step.interface);
}

async function setCondition(
  iface: Interface,
  { condition, direction }: SetLinkConditionStep,
): Promise<void> {
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
    const way = { from: step.from, to: step.to };
    return await (isHeal ? bridge.unpartition(way) : bridge.partition(way));
  }
  await (isHeal ? healAll(bridge) : bridge.partitionAll());
}

/** Takes back what keeps members apart, however it was asked. */
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
