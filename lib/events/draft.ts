import type { BridgeState } from "./states/bridge.ts";
import type { DeviceState } from "./states/device.ts";
import type { InterfaceState } from "./states/interface.ts";
import type { LabState } from "./states/lab.ts";
import type { RouterState } from "./states/router.ts";
import type { VmMachineState } from "./states/vm.ts";

/*
 * Steps from which the `apply` of an event kind is built. A draft is a state that they may change: the
 * records by name are changed in place; the values in them are replaced, never changed, for snapshots
 * and events share them.
 */

/** Why an event does not fit the state. */
export class Conflict extends Error {}

/** Refuses the event. Call it before the draft is changed. */
export function refuse(why: string): never {
  throw new Conflict(why);
}

/** The value of a key, which may be a name of `Object.prototype` such as "constructor". */
export function own<T>(record: Record<string, T> | undefined, key: string): T | undefined {
  return record && Object.hasOwn(record, key) ? record[key] : undefined;
}

/** The record without a key; undefined where no other is left. */
export function without<T>(
  record: Record<string, T> | undefined,
  key: string,
): Record<string, T> | undefined {
  const { [key]: _, ...others } = record ?? {};
  return Object.keys(others).length > 0 ? others : undefined;
}

/** The node of every lab that no event adds: the IX. */
const IX = "ix";

/** The prefix of the names of the regions' nodes. */
const REGION_PREFIX = "region-";

/** Refuses the event if there is no node of any kind with this name. */
export function requireNode(draft: LabState, name: string): void {
  if (name === IX || own(draft.routers, name) || own(draft.devices, name)) return;
  if (own(draft.bridges, name) || own(draft.vms, name)) return;
  const region = name.startsWith(REGION_PREFIX) && name.slice(REGION_PREFIX.length);
  if (region && own(draft.regions, region)) return;
  refuse(`there is no node "${name}"`);
}

/** Refuses the event if a router, device, bridge or virtual machine has this name. */
export function requireNew(draft: LabState, name: string): void {
  if (own(draft.routers, name)) refuse(`there is a router "${name}" already`);
  if (own(draft.devices, name)) refuse(`there is a device "${name}" already`);
  if (own(draft.bridges, name)) refuse(`there is a bridge "${name}" already`);
  if (own(draft.vms, name)) refuse(`there is a virtual machine "${name}" already`);
}

/** Refuses an event whose name is not that of the state that it carries. */
export function requireSameName(name: string, carried: { name: string }): void {
  if (name !== carried.name) {
    refuse(`it names "${name}", but carries the state of "${carried.name}"`);
  }
}

/** Finds a router by name. */
export function findRouter(draft: LabState, name: string): RouterState {
  return own(draft.routers, name) ??
    refuse(own(draft.devices, name) ? `"${name}" is a device` : `there is no router "${name}"`);
}

/** Finds a device by name. */
export function findDevice(draft: LabState, name: string): DeviceState {
  return own(draft.devices, name) ??
    refuse(own(draft.routers, name) ? `"${name}" is a router` : `there is no device "${name}"`);
}

/** Finds a virtual machine by name. */
export function findVm(draft: LabState, name: string): VmMachineState {
  return own(draft.vms, name) ?? refuse(`there is no virtual machine "${name}"`);
}

/** Finds a bridge by name, or the router whose LAN has this name. */
export function findBridge(draft: LabState, name: string): BridgeState | RouterState {
  return own(draft.bridges, name) ?? own(draft.routers, name) ??
    refuse(`there is no bridge or router "${name}"`);
}

/** Replaces some fields of a router. */
export function updateRouter(draft: LabState, name: string, change: Partial<RouterState>): void {
  draft.routers[name] = { ...findRouter(draft, name), ...change };
}

/** Replaces some fields of a device or of a virtual machine. */
export function updateHost(
  draft: LabState,
  name: string,
  change: (old: DeviceState) => Partial<DeviceState>,
): void {
  const vm = own(draft.vms, name);
  if (vm) {
    draft.vms![name] = { ...vm, ...change(vm) };
  } else {
    const device = findDevice(draft, name);
    draft.devices[name] = { ...device, ...change(device) };
  }
}

/** Replaces the interfaces of a router, a device or a virtual machine. */
export function updateInterfaces(
  draft: LabState,
  node: string,
  change: (interfaces: InterfaceState[]) => InterfaceState[],
): void {
  const router = own(draft.routers, node);
  if (router) {
    const interfaces = change(router.interfaces);
    // The first is its uplink, which may get an address while it runs (NAT64).
    const uplinkIp = interfaces[0]?.ip ?? router.uplinkIp;
    draft.routers[node] = { ...router, interfaces, ...uplinkIp ? { uplinkIp } : {} };
    return;
  }
  if (!own(draft.devices, node) && !own(draft.vms, node)) {
    refuse(`there is no router or device "${node}"`);
  }
  updateHost(draft, node, (old) => {
    const interfaces = change(old.interfaces);
    // Each interface has the MTU that was requested for the device, or else its router's.
    const mtu = interfaces.length > 0 ? Math.min(...interfaces.map((one) => one.mtu)) : old.mtu;
    return { mtu, interfaces };
  });
}

/** Replaces one interface of a node. */
export function updateInterface(
  draft: LabState,
  { node, name }: { node: string; name: string },
  change: (old: InterfaceState) => InterfaceState,
): void {
  updateInterfaces(draft, node, (interfaces) => {
    const index = indexOfInterface(interfaces, name);
    return interfaces.with(index, change(interfaces[index]));
  });
}

/** Finds an interface in the list of its node's interfaces. */
export function indexOfInterface(interfaces: InterfaceState[], name: string): number {
  const index = interfaces.findIndex((one) => one.name === name);
  if (index >= 0) return index;
  const names = interfaces.map((one) => one.name).join(", ") || "none";
  return refuse(`the node has no interface "${name}"; it has ${names}`);
}
