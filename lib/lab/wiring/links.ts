import type { LabCore } from "../model/lab.ts";
import type { MessageWriter } from "../../../native/netlink/codec.ts";
import { addAddress, deleteAddress } from "../../../native/netlink/address.ts";
import {
  addAltName,
  addBridge,
  addVeth,
  deleteAltName,
  deleteLink,
  linkStates,
  setLink,
} from "../../../native/netlink/link.ts";
import { replaceRoute } from "../../../native/netlink/route.ts";
import { getSysctl, setSysctl } from "../../../native/sysctl.ts";
import { ipBytes, macBytes } from "../../address/mod.ts";
import { loadBridgeRules } from "./bridge_rules.ts";
import { configure } from "./addresses.ts";
import { DuplicateNameError } from "../options/errors.ts";
import { inside } from "./rtnetlink.ts";
import { refusedBy, removeIfPresent } from "../../../native/netlink/refusal.ts";
import type { GatewayLink, InterfaceRecord, NodeRecord, Port, Segment } from "../model/records.ts";
import { linkName } from "../options/names.ts";
import {
  addMemberNeighbours,
  addressesOf,
  announceAddresses,
  fullPrefix,
  noteNeighboursGone,
  removeNeighbours,
  removeNeighboursAt,
} from "./neighbours.ts";
import { route } from "./segment_routes.ts";
import { step } from "../model/steps.ts";
import type { Defer } from "../model/undo.ts";

/** Makes and removes links between nodes. */

/**
 * The name of a router's side of its LAN: of a bridge its name, of a single link an alternative
 * name.
 */
const LAN = "lan";

/** Makes the link between an interface and its segment, and configures both ends. */
export function connect(
  core: LabCore,
  iface: InterfaceRecord,
  isDefault: boolean,
  defer: Defer,
): void {
  const { segment } = iface;
  const { gatewayLink, alwaysBridge } = segment;
  // Runs last, when the port is gone again.
  defer(() => loadBridgeRules(segment));
  const master = gatewayLink || alwaysBridge
    ? ensureBridge(core, segment, gatewayLink, defer)
    : undefined;
  step("link");
  const port = addLink(iface, master);
  segment.members.set(iface, port);
  defer(() => disconnect(core, iface));
  if (segment.kind === "exchange") joinExchange(iface, port);
  else if (master === undefined) makeGateway(core, iface, port);
  // Before the other end is up, so that nothing passes that the rules drop.
  loadBridgeRules(segment);
  step("addresses");
  configure(core, iface, isDefault);
  // Only now has the link a carrier: without one, the kernel might drop them.
  addToGateway(core, iface, port);
  announceAddresses(iface, addressesOf(iface));
}

/** Makes the addresses of a new member known at the other end of its link. */
function addToGateway({ unsettled }: LabCore, iface: InterfaceRecord, port: Port): void {
  const { owner, gatewayLink } = iface.segment;
  if (gatewayLink?.bridge) unsettled.addMember(iface);
  else inside(owner, (batch) => addMemberNeighbours(batch, port.index, iface));
}

/** Removes the link between an interface and its segment. */
export function disconnect(core: LabCore, iface: InterfaceRecord): void {
  const { segment } = iface;
  const port = segment.members.get(iface);
  if (!port) return;
  segment.members.delete(iface);
  segment.owner.links.delete(port.name);
  const ips = [iface.ip, iface.ip6, iface.linkLocal6, ...iface.extra.map(({ ip }) => ip)];
  removeNeighbours(iface, ips);
  noteNeighboursGone(iface);
  core.unsettled.drop(iface.node, ips);
  core.provisioning.down(iface);
  if (segment.gatewayLink?.index === port.index) {
    segment.gatewayLink = undefined;
    core.unsettled.drop(segment.owner, gatewayIps(segment));
  }
  removeIfPresent(() => inside(segment.owner, (batch) => deleteLink(batch, port.index)));
}

/** Makes the link itself, as a port of the bridge `master` if there is one. */
function addLink(iface: InterfaceRecord, master: number | undefined): Port {
  const { node, segment } = iface;
  const { owner } = segment;
  // The MAC of a bridge port is never seen; it only has to differ from those of members.
  const mac = master === undefined ? segment.mac : iface.mac.replace(/^02/, "06");
  const mtu = segment.kind === "exchange" ? iface.mtu : segment.mtu;
  return withFreeNames([node, owner], iface, () => {
    iface.index = node.nextIndex++;
    const port = {
      name: linkName(node.name, (name) => owner.links.has(name)),
      index: owner.nextIndex++,
    };
    inside(owner, (batch) => {
      addVeth(batch, { ...port, mac: macBytes(mac), mtu, master }, {
        name: iface.name,
        index: iface.index,
        mac: macBytes(iface.mac),
        mtu: iface.mtu,
        namespaceFd: node.runtime.namespace.fd,
      });
    });
    owner.links.add(port.name);
    return port;
  });
}

/** Makes a link; retries with other names and indexes if a program in a node took the first ones. */
export function withFreeNames<T>(
  nodes: NodeRecord[],
  iface: InterfaceRecord | undefined,
  make: () => T,
): T {
  try {
    return make();
  } catch (error) {
    if (!refusedBy(error, ["EBUSY", "EEXIST"])) throw error;
    for (const node of nodes) {
      const present = linkStates((write) => inside(node, write));
      if (node === iface?.node && present.some(({ name }) => name === iface.name)) {
        throw new DuplicateNameError(
          `${node.name}: interface "${iface.name}": a program in it made a link of that name; ` +
            "take another name, or remove that link",
          { cause: error },
        );
      }
      const taken = new Set(present.map(({ index }) => index));
      while (taken.has(node.nextIndex)) node.nextIndex++;
      for (const { name } of present) node.links.add(name);
    }
    return make();
  }
}

/**
 * Adds the routes of an exchange to a new member. All its ports have the same link-local address, so
 * that resolving it would not lead to a particular port.
 */
function joinExchange(iface: InterfaceRecord, port: Port): void {
  const { owner, linkLocal } = iface.segment;
  inside(owner, (batch) => {
    if (iface.ip6) addAddress(batch, port.index, ipBytes(linkLocal), 64);
    for (const ip of addressesOf(iface)) {
      replaceRoute(batch, { destination: ipBytes(ip), prefix: fullPrefix(ip), index: port.index });
    }
  });
}

/** Makes the link of the only member the gateway's link. */
function makeGateway(core: LabCore, iface: InterfaceRecord, port: Port): void {
  const { segment } = iface;
  const { owner } = segment;
  segment.gatewayLink = { ...port, bridge: false };
  inside(owner, (batch) => {
    changeGatewayAddresses(batch, segment, port.index, addAddress);
  });
  core.unsettled.add(owner, [], gatewayIps(segment));
  addLanName(segment, port.index);
}

function addLanName({ owner }: Segment, index: number): void {
  try {
    inside(owner, (batch) => addAltName(batch, index, LAN));
  } catch (error) {
    // A link of a program or a member has that name, or the kernel has no alternative names.
    if (!refusedBy(error, ["EEXIST", "EOPNOTSUPP"])) throw error;
  }
}

function removeLanName({ owner }: Segment, index: number): void {
  try {
    inside(owner, (batch) => deleteAltName(batch, index, LAN));
  } catch (error) {
    // It does not have the name; EINVAL where another link has it.
    if (!refusedBy(error, ["EINVAL", "ENOENT", "EOPNOTSUPP"])) throw error;
  }
}

/**
 * Makes the bridge of a segment unless it has one, and returns its index. The second member needs it:
 * the gateway's addresses then move from the only link to a bridge over it. Without any link yet, the
 * bridge gets them first.
 */
export function ensureBridge(
  core: LabCore,
  segment: Segment,
  link: GatewayLink | undefined,
  defer: Defer,
): number {
  if (link?.bridge) return link.index;
  step("bridge");
  const { owner } = segment;
  // The router's NAT and firewall must not see frames between members, whatever modules the host
  // loaded.
  owner.runtime.namespace.enter(bypassIpRules);
  if (link) {
    removeLanName(segment, link.index);
    defer(() => addLanName(segment, link.index));
  }
  const made = withFreeNames([owner], undefined, () => {
    const one = {
      name: linkName(LAN, (name) => owner.links.has(name)),
      index: owner.nextIndex++,
      bridge: true,
    };
    inside(owner, (batch) => {
      addBridge(batch, { ...one, mac: macBytes(segment.mac), mtu: segment.mtu });
    });
    owner.links.add(one.name);
    return one;
  });
  const [first] = segment.members.keys();
  segment.gatewayLink = made;
  defer(() => {
    segment.gatewayLink = link;
    owner.links.delete(made.name);
    inside(owner, (batch) => {
      deleteLink(batch, made.index);
      if (link) configureGateway(batch, segment, link.index, [first]);
    });
    if (link) core.unsettled.add(owner, [link.index], gatewayIps(segment));
    else core.unsettled.drop(owner, gatewayIps(segment));
  });
  inside(owner, (batch) => {
    if (link) {
      changeGatewayAddresses(batch, segment, link.index, deleteAddress);
      setLink(batch, link.index, { master: made.index });
    }
    configureGateway(batch, segment, made.index, segment.members.keys());
  });
  for (const member of segment.members.keys()) core.unsettled.addMember(member);
  if (link) removeNeighboursAt(owner, link.index, [...addressesOf(first), first.linkLocal6]);
  core.unsettled.add(owner, [...link ? [link.index] : [], made.index], gatewayIps(segment));
  return made.index;
}

/**
 * Makes bridged packets bypass the rules for routed packets. With the module br_netfilter, which
 * container engines load, they pass through them in each new namespace.
 */
function bypassIpRules(): void {
  for (const what of ["iptables", "ip6tables", "arptables"]) {
    const name = `net.bridge.bridge-nf-call-${what}`;
    if ((getSysctl(name) ?? "0") !== "0") setSysctl(name, 0);
  }
}

/** Configures the link that becomes the gateway's: addresses, neighbours and routes. */
function configureGateway(
  batch: MessageWriter,
  segment: Segment,
  index: number,
  members: Iterable<InterfaceRecord>,
): void {
  changeGatewayAddresses(batch, segment, index, addAddress);
  for (const member of members) addMemberNeighbours(batch, index, member);
  for (const [cidr, via] of segment.routes) route(batch, cidr, via, index);
}

const gatewayIps = ({ v6, linkLocal }: Segment) => v6 ? [v6.gateway, linkLocal] : [];

function changeGatewayAddresses(
  batch: MessageWriter,
  { v4, v6, linkLocal }: Segment,
  index: number,
  act: typeof addAddress,
): void {
  if (v4) act(batch, index, ipBytes(v4.gateway), v4.cidr.prefix);
  if (v6) {
    act(batch, index, ipBytes(v6.gateway), v6.cidr.prefix);
    act(batch, index, ipBytes(linkLocal), 64);
  }
}
