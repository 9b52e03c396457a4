import type {
  DeviceState,
  InterfaceState,
  RegionState,
  RouterState,
  VmMachineState,
} from "../../events/mod.ts";
import type { BrokenFamilies } from "../../firewall/broken_family.ts";
import { combined, effective } from "./condition_state.ts";
import {
  type DeviceRecord,
  externalCidr6,
  type InterfaceRecord,
  type RegionRecord,
  type RouterRecord,
  type VmRecord,
} from "./records.ts";
import { ETHERNET_MTU, hasV6 } from "../options/families.ts";

/** Converts records to the plain data in events. */

/** Leaves out undefined values, which JSON does not have. */
function compact<T extends object>(object: T): T {
  return Object.fromEntries(
    Object.entries(object).filter(([, value]) => value !== undefined),
  ) as T;
}

const brokenState = (broken: BrokenFamilies) =>
  Object.keys(broken).length > 0 ? { ...broken } : undefined;

export function interfaceState(iface: InterfaceRecord): InterfaceState {
  return compact<InterfaceState>({
    name: iface.name,
    ip: iface.ip,
    prefix: iface.ip ? iface.prefix : undefined,
    ip6: iface.ip6,
    prefix6: iface.ip6 ? iface.prefix6 : undefined,
    linkLocal6: iface.linkLocal6,
    addresses: iface.extra.length > 0 ? iface.extra.map((extra) => ({ ...extra })) : undefined,
    mac: iface.mac,
    mtu: iface.mtu,
    gateway: iface.segment.kind === "exchange" ? null : iface.segment.owner.name,
    up: iface.up,
    condition: combined(iface.conditions) ?? undefined,
    brokenFamilies: brokenState(iface.broken),
  });
}

export function routerState(router: RouterRecord): RouterState {
  const { v4, v6 } = router.lan;
  return compact<RouterState>({
    name: router.name,
    preset: router.preset,
    nat: router.nat,
    natV6: router.natV6,
    externalCidr6: externalCidr6(router),
    firewall: router.firewall,
    ipSupport: router.ipSupport,
    upstream: router.upstream?.name ?? null,
    region: router.region?.region ?? null,
    mtu: router.mtu,
    downlinkCondition: effective(router.lan.downlink) ?? undefined,
    blockIcmpFragNeeded: router.blockIcmpFragNeeded,
    routerAdvertisement: hasV6(router.ipSupport) ? { ...router.advertisement } : undefined,
    brokenFamilies: brokenState(router.broken),
    uplinkIp: router.uplink.ip,
    uplinkIp6: router.uplink.ip6,
    downstreamCidr: v4?.cidr.toString(),
    downstreamGateway: v4?.gateway,
    downstreamCidr6: v6?.cidr.toString(),
    downstreamGateway6: v6?.gateway,
    delegatedPrefix: router.delegated?.toString(),
    interfaces: [...router.interfaces.values()].map(interfaceState),
  });
}

export function regionState({ name, region, segment: { v4, v6 } }: RegionRecord): RegionState {
  return {
    name: region,
    node: name,
    cidr: v4.cidr.toString(),
    ip: v4.gateway,
    cidr6: v6.cidr.toString(),
    ip6: v6.gateway,
  };
}

export function deviceState(device: DeviceRecord): DeviceState {
  return {
    name: device.name,
    mtu: deviceMtu(device),
    defaultInterface: device.defaultInterface ?? null,
    interfaces: [...device.interfaces.values()].map(interfaceState),
  };
}

export function vmState(vm: VmRecord): VmMachineState {
  const { name, profile, memoryBytes, cpus, machine: { state } } = vm;
  const interfaces = [...vm.interfaces.values()];
  return {
    name,
    profile,
    memoryBytes,
    cpus,
    state,
    mtu: Math.min(ETHERNET_MTU, ...interfaces.map(({ mtu }) => mtu)),
    defaultInterface: vm.defaultInterface ?? null,
    interfaces: interfaces.map(interfaceState),
  };
}

/** The requested MTU, or else the smallest of its interfaces; without any, that of Ethernet. */
export function deviceMtu(device: DeviceRecord): number {
  const mtus = [...device.interfaces.values()].map((iface) => iface.mtu);
  return device.mtu ?? (mtus.length > 0 ? Math.min(...mtus) : ETHERNET_MTU);
}
