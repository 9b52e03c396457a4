import { parseIp } from "../address/mod.ts";
import { release, reserve } from "./attach.ts";
import { defaultInterface, type LabCore } from "./core.ts";
import { TopologyError } from "./errors.ts";
import type { InterfaceRecord, RouterRecord } from "./model.ts";
import { addOne, connect, disconnect, renumber, setDown } from "./wiring.ts";

/** Moves an interface to another router: same name and MAC, new addresses, routes follow. */
export function replug(core: LabCore, iface: InterfaceRecord, router: RouterRecord): void {
  const isDefault = defaultInterface(iface.node) === iface;
  const device = iface.node as { mtu?: number };
  // Addresses first: when the new network is full, nothing has happened.
  const next = reserve(core, iface.node, router.lan, {
    name: iface.name,
    mtu: device.mtu ?? router.lan.mtu,
    mac: iface.mac,
    v4: true,
    v6: true,
    isDefault,
  });
  next.up = iface.up;
  const old = { ...iface };
  core.joined(iface.segment, -1);
  disconnect(iface);
  Object.assign(iface, next);
  try {
    connect(iface, isDefault);
  } catch (error) {
    // Back to where it was; the old addresses were never given up.
    Object.assign(iface, old);
    connect(iface, isDefault);
    core.joined(iface.segment, 1);
    release(next);
    throw error;
  }
  core.joined(iface.segment, 1);
  release(old);
  if (!iface.up) setDown(iface);
}

/** Gives an interface another IPv4 address of its network, as a new DHCP lease would. */
export function renewIp(iface: InterfaceRecord): string {
  const hosts = iface.segment.v4?.hosts;
  const old = iface.ip;
  if (!hosts || !old) {
    throw new TopologyError(
      `${iface.node.name}: renewIp() of "${iface.name}": it has no IPv4 address to renew`,
    );
  }
  const ip = hosts.take();
  renumber(iface, ip, defaultInterface(iface.node) === iface);
  hosts.release(old);
  return ip;
}

/** Adds an address to an interface, besides those that the lab gave it. */
export function addIp(iface: InterfaceRecord, text: string, prefix: number): string {
  const what = `${iface.node.name}: addIp("${text}", ${prefix}) on "${iface.name}"`;
  const address = parseIp(text);
  const bits = address.family === 4 ? 32 : 128;
  if (!Number.isInteger(prefix) || prefix < 1 || prefix > bits) {
    throw new TopologyError(`${what}: the prefix length must be a whole number from 1 to ${bits}`);
  }
  const ip = address.toString();
  const has = [iface.ip, iface.ip6, iface.linkLocal6, ...iface.extra.map((e) => e.ip)];
  if (has.includes(ip)) throw new TopologyError(`${what}: the interface has this address already`);
  const network = address.family === 4 ? iface.segment.v4 : iface.segment.v6;
  // One of the segment's own: nobody else may get it.
  if (network?.cidr.contains(ip)) network.hosts.take(ip);
  if (iface.up) addOne(iface, ip, prefix);
  iface.extra.push({ ip, prefix });
  return ip;
}
