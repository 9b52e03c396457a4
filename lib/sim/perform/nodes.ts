import type { Bridge } from "../../lab/bridge.ts";
import { NotFoundError } from "../../lab/options/errors.ts";
import type { Device } from "../../lab/device.ts";
import type { Interface } from "../../lab/interface.ts";
import type { Lab } from "../../lab/lab.ts";
import type { Router } from "../../lab/router.ts";
import { Vm } from "../../lab/vm.ts";

/** What a step may name as its device. */
export type SimNode = Device | Router | Vm;

/** The node of a name; throws a {@link NotFoundError}. */
export function nodeNamed(lab: Lab, name: string): SimNode {
  const all: SimNode[] = [...lab.devices, ...lab.routers, ...lab.vms];
  const found = all.find((node) => node.name === name);
  if (found) return found;
  const names = all.map((node) => node.name).join(", ");
  throw new NotFoundError(`there is no device, router or vm "${name}"; there are: ${names}`);
}

/** Whether a node is a virtual machine. */
export function isVm(node: SimNode): node is Vm {
  return node instanceof Vm;
}

/** An interface of a node: the first, unless it is named. */
export function interfaceOf(node: SimNode, name?: string): Interface {
  if (name !== undefined) return node.interface(name);
  const [first] = node.interfaces;
  if (first) return first;
  throw new NotFoundError(`${node.name}: it has no interface`);
}

/** The bridge of a name, or the LAN of a router; throws a {@link NotFoundError}. */
export function bridgeNamed(lab: Lab, name: string): Bridge {
  const names = [...lab.bridges, ...lab.routers].map((one) => one.name);
  // lab.bridge() would make it.
  if (names.includes(name)) return lab.bridge(name);
  throw new NotFoundError(
    `there is no bridge or router "${name}"; there are: ${names.join(", ") || "none"}`,
  );
}

/** `NETYARD_IP_<NODE>` and the rest of what the lab tells programs, and the IPv4 ones as older files call them. */
export function addressVariables(lab: Lab): Record<string, string> {
  const { env } = lab;
  const older = Object.entries(env).flatMap(([name, value]) =>
    name.startsWith("NETYARD_IP_") ? [[name.replace("NETYARD", "NETSIM"), value]] : []
  );
  return { ...env, ...Object.fromEntries(older) };
}
