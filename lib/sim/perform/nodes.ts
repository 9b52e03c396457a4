import type { Bridge } from "../../lab/bridge.ts";
import { NotFoundError } from "../../lab/options/errors.ts";
import type { Device } from "../../lab/device.ts";
import type { Interface } from "../../lab/interface.ts";
import type { Lab } from "../../lab/lab.ts";
import type { Router } from "../../lab/router.ts";
import { Vm } from "../../lab/vm.ts";

/** A node that a step may name as its device. */
export type SimNode = Device | Router | Vm;

/** Returns the node with a name; throws a {@link NotFoundError}. */
export function nodeNamed(lab: Lab, name: string): SimNode {
  const all: SimNode[] = [...lab.devices, ...lab.routers, ...lab.vms];
  const found = all.find((node) => node.name === name);
  if (found) return found;
  const names = all.map((node) => node.name).join(", ");
  throw new NotFoundError(`there is no device, router or vm "${name}"; there are: ${names}`);
}

/** Returns whether a node is a virtual machine. */
export function isVm(node: SimNode): node is Vm {
  return node instanceof Vm;
}

/** Returns the interface with a name; without a name, the node's first. */
export function interfaceOf(node: SimNode, name?: string): Interface {
  if (name !== undefined) return node.interface(name);
  const [first] = node.interfaces;
  if (first) return first;
  throw new NotFoundError(`${node.name}: it has no interface`);
}

/** Returns the bridge with a name, or the LAN of the router with it; throws a {@link NotFoundError}. */
export function bridgeNamed(lab: Lab, name: string): Bridge {
  const names = [...lab.bridges, ...lab.routers].map((one) => one.name);
  // lab.bridge() would add a bridge that does not exist.
  if (names.includes(name)) return lab.bridge(name);
  throw new NotFoundError(
    `there is no bridge or router "${name}"; there are: ${names.join(", ") || "none"}`,
  );
}

/** Returns the lab's variables for programs, with those of older files: `NETSIM_IP_<NODE>`. */
export function addressVariables(lab: Lab): Record<string, string> {
  const { env } = lab;
  const older = Object.entries(env).flatMap(([name, value]) =>
    name.startsWith("NETYARD_IP_") ? [[name.replace("NETYARD", "NETSIM"), value]] : []
  );
  return { ...env, ...Object.fromEntries(older) };
}
