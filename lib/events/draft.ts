import { EventConflictError } from "./errors.ts";
import type {
  DeviceState,
  InterfaceState,
  LabEvent,
  LabState,
  RouterState,
  VmMachineState,
} from "./types.ts";

/** Refuses an event. */
export function fail(event: LabEvent, why: string): never {
  throw new EventConflictError(`event ${event.seq} (${event.kind}) does not fit the lab: ${why}`);
}

/** The value of a key, which may be a name of `Object.prototype` such as "constructor". */
export function own<T>(record: Record<string, T>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

/** The node of every lab that no event adds: its internet exchange. */
const IX = "ix";

/** What the nodes of regions are called, before the region's name. */
const REGION_PREFIX = "region-";

/** A node of any sort. */
export function mustExist(draft: LabState, event: LabEvent, name: string): void {
  if (name === IX || own(draft.routers, name) || own(draft.devices, name)) return;
  if (own(draft.bridges ?? {}, name) || own(draft.vms ?? {}, name)) return;
  const region = name.startsWith(REGION_PREFIX) && name.slice(REGION_PREFIX.length);
  if (region && own(draft.regions, region)) return;
  fail(event, `there is no node "${name}"`);
}

/** Neither router nor device nor bridge nor virtual machine. */
export function mustBeNew(draft: LabState, event: LabEvent, name: string): void {
  if (own(draft.routers, name)) fail(event, `there is a router "${name}" already`);
  if (own(draft.devices, name)) fail(event, `there is a device "${name}" already`);
  if (own(draft.bridges ?? {}, name)) fail(event, `there is a bridge "${name}" already`);
  if (own(draft.vms ?? {}, name)) fail(event, `there is a virtual machine "${name}" already`);
}

/** The name that an event gives beside the state that it carries. */
export function mustMatch(event: LabEvent, name: string, inside: string): void {
  if (name !== inside) fail(event, `it names "${name}", but carries the state of "${inside}"`);
}

/** The router of that name. */
export function router(draft: LabState, event: LabEvent, name: string): RouterState {
  return own(draft.routers, name) ??
    fail(
      event,
      own(draft.devices, name) ? `"${name}" is a device` : `there is no router "${name}"`,
    );
}

/** The device of that name. */
export function device(draft: LabState, event: LabEvent, name: string): DeviceState {
  return own(draft.devices, name) ??
    fail(
      event,
      own(draft.routers, name) ? `"${name}" is a router` : `there is no device "${name}"`,
    );
}

/** The virtual machine of that name. */
export function machine(draft: LabState, event: LabEvent, name: string): VmMachineState {
  return own(draft.vms ?? {}, name) ?? fail(event, `there is no virtual machine "${name}"`);
}

/** Replaces the device or the virtual machine of that name. */
export function setHost(
  draft: LabState,
  event: LabEvent,
  name: string,
  change: (old: DeviceState) => Partial<DeviceState>,
): void {
  const vm = own(draft.vms ?? {}, name);
  if (vm) draft.vms![name] = { ...vm, ...change(vm) };
  else {
    const old = device(draft, event, name);
    draft.devices[name] = { ...old, ...change(old) };
  }
}

/** Replaces some fields of the router that the event names. */
export function setRouter(
  draft: LabState,
  event: LabEvent<
    | "nat-changed"
    | "nat-v6-changed"
    | "firewall-changed"
    | "ra-changed"
    | "icmp-frag-needed-blocked"
  >,
  change: Partial<RouterState>,
): void {
  draft.routers[event.router] = { ...router(draft, event, event.router), ...change };
}

/** Replaces what a router does to IPv6 addresses, and the network by which others know its LAN. */
export function setTranslationV6(draft: LabState, event: LabEvent<"nat-v6-changed">): void {
  const { natV6, externalCidr6 } = event;
  setRouter(draft, event, { natV6 });
  const changed = draft.routers[event.router];
  if (externalCidr6 === undefined) delete changed.externalCidr6;
  else changed.externalCidr6 = externalCidr6;
}

/** Replaces the prefix that a router was delegated, and the network behind it. */
export function setPrefix(draft: LabState, event: LabEvent<"prefix-delegated">): void {
  const {
    delegatedPrefix: _,
    downstreamCidr6: _cidr,
    downstreamGateway6: _gateway,
    ...bare
  } = router(draft, event, event.router);
  const { prefix, downstreamCidr6, downstreamGateway6 } = event;
  draft.routers[event.router] = {
    ...bare,
    ...prefix !== null && { delegatedPrefix: prefix },
    ...downstreamCidr6 !== null && { downstreamCidr6 },
    ...downstreamGateway6 !== null && { downstreamGateway6 },
  };
}

/** Replaces the interfaces of a router, a device or a virtual machine. */
export function setInterfaces(
  draft: LabState,
  event: LabEvent,
  node: string,
  change: (interfaces: InterfaceState[]) => InterfaceState[],
): void {
  const asRouter = own(draft.routers, node);
  if (asRouter) {
    const interfaces = change(asRouter.interfaces);
    // The first is its uplink, which may get an address while it runs (NAT64).
    const uplinkIp = interfaces[0]?.ip ?? asRouter.uplinkIp;
    draft.routers[node] = { ...asRouter, interfaces, ...uplinkIp ? { uplinkIp } : {} };
    return;
  }
  if (!own(draft.devices, node) && !own(draft.vms ?? {}, node)) {
    fail(event, `there is no router or device "${node}"`);
  }
  setHost(draft, event, node, (old) => {
    const interfaces = change(old.interfaces);
    // Each interface has the MTU that was asked for the device, or else its router's.
    const mtu = interfaces.length > 0 ? Math.min(...interfaces.map((i) => i.mtu)) : old.mtu;
    return { mtu, interfaces };
  });
}

/** Where in the list the interface stands. */
export function interfaceIndex(
  event: LabEvent,
  interfaces: InterfaceState[],
  name: string,
): number {
  const index = interfaces.findIndex((one) => one.name === name);
  if (index >= 0) return index;
  const names = interfaces.map((one) => one.name).join(", ") || "none";
  return fail(event, `the node has no interface "${name}"; it has ${names}`);
}

/** Replaces the interface that the event names. */
export function setInterface(
  draft: LabState,
  event: LabEvent & { node: string; name: string },
  change: (old: InterfaceState) => InterfaceState,
): void {
  setInterfaces(draft, event, event.node, (interfaces) => {
    const index = interfaceIndex(event, interfaces, event.name);
    return interfaces.with(index, change(interfaces[index]));
  });
}

/** Takes the interface away, and the default route that left by it. */
export function removeInterface(draft: LabState, event: LabEvent<"interface-removed">): void {
  setInterfaces(
    draft,
    event,
    event.node,
    (interfaces) => interfaces.toSpliced(interfaceIndex(event, interfaces, event.name), 1),
  );
  const left = own(draft.devices, event.node) ?? own(draft.vms ?? {}, event.node);
  if (left?.defaultInterface === event.name) {
    setHost(draft, event, event.node, () => ({ defaultInterface: null }));
  }
}
