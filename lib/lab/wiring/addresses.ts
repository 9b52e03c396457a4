import type { LabCore } from "../model/lab.ts";
import type { MessageWriter } from "../../../native/netlink/codec.ts";
import { addAddress, deleteAddress, proposeAddress } from "../../../native/netlink/address.ts";
import { LOOPBACK, noLinkLocal, setLink } from "../../../native/netlink/link.ts";
import { deleteRoute, replaceRoute } from "../../../native/netlink/route.ts";
import { ipBytes } from "../../address/mod.ts";
import { loadBlackHole } from "./black_hole.ts";
import { inside } from "./rtnetlink.ts";
import { removeIfPresent } from "../../../native/netlink/refusal.ts";
import type { InterfaceRecord, NodeRecord, VmRecord } from "../model/records.ts";
import { IPV6_MIN_MTU } from "../options/families.ts";
import {
  addGatewayNeighbours,
  addMemberNeighbours,
  announceAddresses,
  fullPrefix,
  limitMtu,
  noteNeighboursGone,
  removeNeighbours,
} from "./neighbours.ts";
import type { Defer } from "../model/undo.ts";

/** The node's side of an interface: its addresses, its neighbours and its routes. */

/** Sets the loopback of a node up, with addresses if there are any. */
export function configureLoopback(core: LabCore, node: NodeRecord, ips: string[]): void {
  inside(node, (batch) => {
    setLink(batch, LOOPBACK, { up: true });
    for (const ip of ips) addAddress(batch, LOOPBACK, ipBytes(ip), fullPrefix(ip));
  });
  core.unsettled.add(node, [], ips);
}

/** Whether a node's addresses are in the guest of a virtual machine, and not in its namespace. */
export const isGuest = (node: NodeRecord): node is VmRecord => node.kind === "vm";

/**
 * Brings an interface up with its addresses, neighbours and routes: a new one, or one that was down,
 * whose routes, neighbours and IPv6 addresses the kernel dropped.
 */
export function configure(core: LabCore, iface: InterfaceRecord, isDefault: boolean): void {
  if (isGuest(iface.node)) configureGuestLink(iface);
  else configureInNode(core, iface, isDefault);
  const { owner, members, gatewayLink } = iface.segment;
  // The other end, and the bridge: this may be its first port.
  const ends = [members.get(iface), gatewayLink].filter((end) => end !== undefined);
  core.unsettled.add(owner, ends.map(({ index }) => index));
  noteNeighboursGone(iface);
}

/** Sets the link up that leads to a guest's interface. */
function configureGuestLink({ node, index, mtu }: InterfaceRecord): void {
  inside(node, (batch) => {
    if (mtu >= IPV6_MIN_MTU) noLinkLocal(batch, index);
    setLink(batch, index, { up: true });
  });
}

function configureInNode(core: LabCore, iface: InterfaceRecord, isDefault: boolean): void {
  const { index, node } = iface;
  const add = addressAdder(core, node);
  core.provisioning.beforeUp(iface, isDefault);
  inside(node, (batch) => {
    setLink(batch, LOOPBACK, { up: true });
    // With a smaller MTU the link has no IPv6 at all.
    if (iface.mtu >= IPV6_MIN_MTU && !core.provisioning.isAtWork(iface)) noLinkLocal(batch, index);
    setLink(batch, index, { up: true });
    for (const { ip, prefix } of ownAddresses(iface)) add(batch, index, ipBytes(ip), prefix);
    addGatewayNeighbours(batch, iface);
    if (isDefault) defaultRoutes(batch, iface);
  });
  if (add === addAddress) core.unsettled.add(node, [], ownAddresses(iface).map(({ ip }) => ip));
  core.provisioning.afterUp(iface);
}

/**
 * How to add an address to a node: usable immediately, or once duplicate address detection in its
 * kernel has succeeded.
 */
export function addressAdder({ provisioning }: LabCore, { kind }: NodeRecord): typeof addAddress {
  return provisioning.dad && (kind === "device" || kind === "router") ? proposeAddress : addAddress;
}

/** All addresses that the lab gives an interface, with their prefix lengths. */
export function ownAddresses(iface: InterfaceRecord): { ip: string; prefix: number }[] {
  const { ip, prefix, prefix6, autoconf } = iface;
  // Without those that its kernel makes, and without the link-local one that starts
  // autoconfiguration.
  const { ip6, linkLocal6 } = autoconf ? {} : iface;
  return [
    ...ip ? [{ ip, prefix }] : [],
    ...ip6 ? [{ ip: ip6, prefix: prefix6 }] : [],
    ...linkLocal6 ? [{ ip: linkLocal6, prefix: 64 }] : [],
    ...iface.extra,
  ];
}

function defaultRoutes(batch: MessageWriter, iface: InterfaceRecord): void {
  const { index, segment } = iface;
  if (iface.ip && segment.v4) replaceRoute(batch, { gateway: ipBytes(segment.v4.gateway), index });
  // An interface that listens to advertisements has its routes from them.
  if (iface.ip6 && !iface.autoconf) {
    replaceRoute(batch, { gateway: ipBytes(segment.linkLocal), index });
  }
}

/** Moves the default routes to another interface, in the families that it has. */
export function moveDefaultRoute(
  core: LabCore,
  from: InterfaceRecord | undefined,
  to: InterfaceRecord,
): void {
  if (isGuest(to.node)) return;
  const old = from && from !== to && from.up ? from : undefined;
  try {
    // Replaces the route of the old interface, in the families that the new one has.
    if (to.up) inside(to.node, (batch) => defaultRoutes(batch, to));
  } catch (error) {
    if (old) {
      withoutDefaultRoutes(to);
      inside(old.node, (batch) => defaultRoutes(batch, old));
    }
    throw error;
  }
  if (old) withoutDefaultRoutes(old);
  core.provisioning.prefer(to);
}

function withoutDefaultRoutes({ node, index }: InterfaceRecord): void {
  for (const family of [4, 6] as const) {
    removeIfPresent(() => inside(node, (batch) => deleteRoute(batch, { family, index })));
  }
}

/** Sets an interface down; {@link configure} brings it back. */
export function setDown(core: LabCore, iface: InterfaceRecord): void {
  inside(iface.node, (batch) => setLink(batch, iface.index, { up: false }));
  core.unsettled.drop(iface.node, ownAddresses(iface).map(({ ip }) => ip));
  core.provisioning.down(iface);
  noteNeighboursGone(iface);
}

/** Gives an interface another IPv4 address in the same network. */
export function renumber(
  core: LabCore,
  iface: InterfaceRecord,
  ip: string,
  isDefault: boolean,
): void {
  const { node, index, ip: old, segment } = iface;
  if (old) {
    removeNeighbours(iface, [old]);
    // Also of an interface that is down: unlike an IPv6 address, an IPv4 address stays then.
    removeIfPresent(() =>
      inside(node, (batch) => deleteAddress(batch, index, ipBytes(old), iface.prefix))
    );
  }
  iface.ip = ip;
  const link = segment.gatewayLink;
  if (link) inside(segment.owner, (batch) => addMemberNeighbours(batch, link.index, iface));
  // With an address the kernel drops its secondary addresses, and it may drop routes.
  if (iface.up) configure(core, iface, isDefault);
  announceAddresses(iface, [ip]);
  loadBlackHole(segment);
}

/** Removes an address that {@link addExtra} added. */
export function removeExtra(core: LabCore, iface: InterfaceRecord, ip: string): void {
  const { node, index, segment, extra, up } = iface;
  const at = extra.findIndex((each) => each.ip === ip);
  if (at < 0) return;
  const [{ prefix }] = extra.splice(at, 1);
  if (up && !isGuest(node)) {
    removeIfPresent(() =>
      inside(node, (batch) => deleteAddress(batch, index, ipBytes(ip), prefix))
    );
    core.unsettled.drop(node, [ip]);
  }
  const port = segment.members.get(iface);
  if (segment.kind === "exchange" && port) {
    const route = { destination: ipBytes(ip), prefix: fullPrefix(ip), index: port.index };
    removeIfPresent(() => inside(segment.owner, (batch) => deleteRoute(batch, route)));
  }
  removeNeighbours(iface, [ip]);
  loadBlackHole(segment);
}

/** Adds an additional address to an interface, which has it whenever it is up. */
export function addExtra(
  core: LabCore,
  iface: InterfaceRecord,
  ip: string,
  prefix: number,
  defer: Defer,
): void {
  const { node, index, segment, extra, up } = iface;
  if (up && !isGuest(node)) {
    const add = addressAdder(core, node);
    inside(node, (batch) => add(batch, index, ipBytes(ip), prefix));
    defer(() => inside(node, (batch) => deleteAddress(batch, index, ipBytes(ip), prefix)));
    if (add === addAddress) core.unsettled.add(node, [], [ip]);
    else core.provisioning.afterUp(iface);
    defer(() => core.unsettled.drop(node, [ip]));
  }
  const port = segment.members.get(iface);
  if (segment.kind === "exchange" && port) {
    // An exchange resolves no addresses: it sends to each member what is routed to it.
    const route = { destination: ipBytes(ip), prefix: fullPrefix(ip), index: port.index };
    inside(segment.owner, (batch) => replaceRoute(batch, route));
    defer(() => removeIfPresent(() => inside(segment.owner, (batch) => deleteRoute(batch, route))));
  }
  // It becomes no permanent neighbour: peers resolve it when they need it.
  removeNeighbours(iface, [ip]);
  defer(() => loadBlackHole(segment));
  extra.push({ ip, prefix });
  defer(() => void extra.pop());
  loadBlackHole(segment);
  const { gatewayLink } = segment;
  if (gatewayLink) inside(segment.owner, (batch) => limitMtu(batch, gatewayLink.index, iface));
}
