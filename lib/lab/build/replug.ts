import { parseIp } from "../../address/mod.ts";
import { plug, release, unplug } from "./attach.ts";
import { reserveAt } from "./device.ts";
import { checkMtu } from "../options/checks.ts";
import { addExtra, configure, removeExtra, renumber, setDown } from "../wiring/addresses.ts";
import type { LabCore } from "../model/lab.ts";
import { defaultInterface, type InterfaceRecord, type Segment } from "../model/records.ts";
import { TopologyError } from "../options/errors.ts";
import { explained } from "../options/named_errors.ts";
import { leaveBridge } from "../bridging/detours.ts";
import { addedNetworks, announce, withdraw } from "../routing/announce.ts";
import { step } from "../model/steps.ts";
import { undoing, withoutUndo } from "../model/undo.ts";

/**
 * Moves an interface to another router or bridge: same name and MAC, new addresses; routes follow. On
 * the router that it is on already, it keeps its addresses, as DHCP leases would.
 */
export function replug(core: LabCore, iface: InterfaceRecord, target: Segment): void {
  const what = `${iface.node.name}: replug("${iface.name}")`;
  const { node } = iface;
  if (node.kind !== "device" && node.kind !== "vm") {
    throw new Error(`${what}: it is a ${node.kind}`);
  }
  const isDefault = defaultInterface(node) === iface;
  const { up, requestedUp, heldDown } = iface;
  checkMtu(what, node.kind === "device" ? node.mtu : undefined, target);
  const before = iface.segment;
  if (target === before) {
    if (up) flap(core, iface, isDefault);
    return;
  }
  undoing((defer) => {
    // Addresses first: if the new network is full, nothing has happened yet.
    const next = reserveAt(core, node, target, iface.name, {
      mac: iface.mac,
      conditions: iface.conditions,
      broken: iface.broken,
    }, defer);
    const old = { ...iface };
    core.joined(iface, -1);
    unplug(core, iface);
    defer(() => {
      Object.assign(iface, old);
      plug(core, iface, isDefault, withoutUndo);
      if (!up) setDown(core, iface);
      core.joined(iface, 1);
    });
    Object.assign(iface, next, { up, requestedUp, heldDown });
    plug(core, iface, isDefault, defer);
    if (!up) setDown(core, iface);
    core.joined(iface, 1);
    release(old);
  });
  leaveBridge(core, before, iface);
}

function flap(core: LabCore, iface: InterfaceRecord, isDefault: boolean): void {
  setDown(core, iface);
  configure(core, iface, isDefault);
}

/** Gives an interface another IPv4 address of its network, as a new DHCP lease would. */
export function renewIp(core: LabCore, iface: InterfaceRecord): string {
  const what = `${iface.node.name}: renewIp() of "${iface.name}"`;
  const hosts = iface.segment.v4?.hosts;
  const old = iface.ip;
  if (!hosts || !old) throw new TopologyError(`${what}: it has no IPv4 address to renew`);
  const isDefault = defaultInterface(iface.node) === iface;
  return undoing((defer) => {
    const ip = explained(what, () => hosts.take());
    defer(() => hosts.untake(ip));
    step("addresses");
    defer(() => renumber(core, iface, old, isDefault));
    renumber(core, iface, ip, isDefault);
    hosts.release(old);
    return ip;
  });
}

/** Removes an address that {@link addIp} added. */
export function dropIp(core: LabCore, iface: InterfaceRecord, text: string): void {
  const ip = parseIp(text).toString();
  removeExtra(core, iface, ip);
  const network = ip.includes(":") ? iface.segment.v6 : iface.segment.v4;
  if (network?.cidr.contains(ip)) network.hosts.release(ip);
  const { node } = iface;
  if (node.kind === "router") withdraw(core, node, addedNetworks(node, [ip]));
}

/** Adds an address to an interface, beside those that the lab gave it. */
export function addIp(
  core: LabCore,
  iface: InterfaceRecord,
  text: string,
  prefix: number,
): string {
  const what = `${iface.node.name}: addIp("${text}", ${prefix}) on "${iface.name}"`;
  const address = explained(what, () => parseIp(text));
  const bits = address.family === 4 ? 32 : 128;
  if (!Number.isInteger(prefix) || prefix < 1 || prefix > bits) {
    throw new TopologyError(`${what}: the prefix length must be a whole number from 1 to ${bits}`);
  }
  const ip = address.toString();
  const has = [iface.ip, iface.ip6, iface.linkLocal6, ...iface.extra.map((e) => e.ip)];
  if (has.includes(ip)) throw new TopologyError(`${what}: the interface has this address already`);
  const network = address.family === 4 ? iface.segment.v4 : iface.segment.v6;
  return undoing((defer) => {
    // An address of the segment's own network: no other member may get it.
    if (network?.cidr.contains(ip)) {
      explained(what, () => network.hosts.take(ip));
      defer(() => network.hosts.untake(ip));
    }
    step("addresses");
    const { node } = iface;
    if (node.kind === "router") {
      const networks = addedNetworks(node, [ip]);
      defer(() => withdraw(core, node, networks));
      announce(core, node, networks);
    }
    addExtra(core, iface, ip, prefix, defer);
    return ip;
  });
}
