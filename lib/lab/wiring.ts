import { SyscallError } from "../../native/libc.ts";
import { Namespace } from "../../native/namespace.ts";
import type { MessageWriter } from "../../native/netlink/codec.ts";
import {
  addAddress,
  addBridge,
  addNeighbour,
  addVeth,
  deleteAddress,
  deleteLink,
  deleteNeighbour,
  deleteRoute,
  LOOPBACK,
  noLinkLocal,
  replaceRoute,
  setLink,
} from "../../native/netlink/route.ts";
import { rtnetlink } from "../../native/netlink/socket.ts";
import { getSysctl, setSysctl } from "../../native/sysctl.ts";
import { ipBytes, macBytes, parseCidr } from "../address/mod.ts";
import type { InterfaceRecord, NodeRecord, Port, Segment } from "./model.ts";
import { linkName } from "./names.ts";
import { step } from "./steps.ts";

/** The acts of building: each short, each on one namespace, in one netlink datagram where it can be. */

/** Sysctls that a new namespace takes over from the host, and that would bend a lab's traffic. */
const INHERITED = ["net.ipv4.conf.all.rp_filter", "net.ipv4.conf.default.rp_filter"];
let bent: string[] | undefined;

/** Makes a namespace and sets it up as a host, or as one that forwards. */
export function makeNamespace(forwarding: boolean): Namespace {
  step("namespace");
  const namespace = Namespace.create();
  try {
    namespace.enter(() => {
      bent ??= INHERITED.filter((name) => getSysctl(name) !== "0");
      for (const name of bent) setSysctl(name, 0);
      if (!forwarding) return;
      // No address of the kernel's own making: link-local ones are given, and usable at once. A
      // device is told link by link: with a thousand namespaces this lookup takes 0.3 ms.
      setSysctl("net.ipv6.conf.default.addr_gen_mode", 1);
      setSysctl("net.ipv4.ip_forward", 1);
      setSysctl("net.ipv6.conf.all.forwarding", 1);
    });
  } catch (error) {
    namespace.close();
    throw error;
  }
  return namespace;
}

const inside = (node: NodeRecord, write: (batch: MessageWriter) => void) =>
  node.runtime.namespace.enter(() => rtnetlink(write));

/** Gives the exchange the addresses that its members route to. */
export function addLoopbackAddresses(node: NodeRecord, ips: string[]): void {
  inside(node, (batch) => {
    setLink(batch, LOOPBACK, { up: true });
    for (const ip of ips) addAddress(batch, LOOPBACK, ipBytes(ip), ip.includes(":") ? 128 : 32);
  });
}

function nextIndex(node: NodeRecord): number {
  return node.nextIndex++;
}

/** Makes the link between an interface and its segment, and gives both ends what they need. */
export function connect(iface: InterfaceRecord, isDefault: boolean): void {
  step("link");
  const { segment } = iface;
  iface.index = nextIndex(iface.node);
  const port: Port = {
    name: linkName(iface.node.name, (name) => segment.owner.links.has(name)),
    index: nextIndex(segment.owner),
  };
  try {
    if (segment.kind === "ix") connectToIx(iface, port);
    else connectToLan(iface, port);
    step("addresses");
    configure(iface, isDefault);
  } catch (error) {
    segment.members.delete(iface);
    dropLink(segment, port);
    throw error;
  }
  segment.owner.links.add(port.name);
  segment.members.set(iface, port);
  segment.allAcquainted = false;
}

function veth(
  batch: MessageWriter,
  iface: InterfaceRecord,
  port: Port,
  end: { mac: string; master?: number },
): void {
  addVeth(batch, {
    ...port,
    mac: macBytes(end.mac),
    mtu: iface.segment.mtu,
    master: end.master,
  }, {
    name: iface.name,
    index: iface.index,
    mac: macBytes(iface.mac),
    mtu: iface.mtu,
    namespaceFd: iface.node.runtime.namespace.fd,
  });
}

function connectToIx(iface: InterfaceRecord, port: Port): void {
  const { segment } = iface;
  inside(segment.owner, (batch) => {
    veth(batch, iface, port, { mac: segment.mac });
    if (iface.ip6) addAddress(batch, port.index, ipBytes(segment.linkLocal), 64);
    for (const ip of addressesOf(iface)) {
      addNeighbour(batch, port.index, ipBytes(ip), macBytes(iface.mac));
      replaceRoute(batch, { destination: ipBytes(ip), prefix: fullPrefix(ip), index: port.index });
    }
  });
}

function connectToLan(iface: InterfaceRecord, port: Port): void {
  const { segment } = iface;
  const link = segment.gatewayLink;
  if (!link) {
    inside(segment.owner, (batch) => {
      veth(batch, iface, port, { mac: segment.mac });
      gatewayAddresses(batch, segment, port.index, addAddress);
      welcome(batch, port.index, iface);
    });
    segment.gatewayLink = { ...port, bridge: false };
    return;
  }
  const index = link.bridge ? link.index : bridge(segment);
  // A port's own MAC is never seen; it only must not be a member's.
  const mac = iface.mac.replace(/^02/, "06");
  inside(segment.owner, (batch) => {
    veth(batch, iface, port, { mac, master: index });
    welcome(batch, index, iface);
  });
}

/** From the second member on: the gateway's addresses move from the only link to a bridge over it. */
function bridge(segment: Segment): number {
  step("bridge");
  const { owner, gatewayLink: link } = segment;
  if (!link) throw new Error("a segment without members has no link to bridge");
  const made = {
    name: linkName("lan", (name) => owner.links.has(name)),
    index: nextIndex(owner),
    bridge: true,
  };
  inside(owner, (batch) => {
    addBridge(batch, { ...made, mac: macBytes(segment.mac), mtu: segment.mtu });
    gatewayAddresses(batch, segment, link.index, deleteAddress);
    setLink(batch, link.index, { master: made.index });
    gatewayAddresses(batch, segment, made.index, addAddress);
    for (const member of segment.members.keys()) welcome(batch, made.index, member);
    for (const [cidr, via] of segment.routes) route(batch, segment, cidr, via, made.index);
  });
  owner.links.add(made.name);
  segment.gatewayLink = made;
  return made.index;
}

function gatewayAddresses(
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

function addressesOf(iface: InterfaceRecord): string[] {
  return [iface.ip, iface.ip6].filter((ip) => ip !== undefined);
}

const fullPrefix = (ip: string) => ip.includes(":") ? 128 : 32;

/** What the gateway must know of a member. */
function welcome(batch: MessageWriter, index: number, iface: InterfaceRecord): void {
  for (const ip of [...addressesOf(iface), iface.linkLocal6]) {
    if (ip) addNeighbour(batch, index, ipBytes(ip), macBytes(iface.mac));
  }
}

/**
 * Brings an interface up with its addresses, neighbours and routes: a new one, or
 * one that was down, whose routes, neighbours and IPv6 addresses the kernel dropped.
 */
export function configure(iface: InterfaceRecord, isDefault: boolean): void {
  const { index, segment } = iface;
  const mac = macBytes(segment.mac);
  inside(iface.node, (batch) => {
    setLink(batch, LOOPBACK, { up: true });
    noLinkLocal(batch, index);
    setLink(batch, index, { up: true });
    if (iface.ip) addAddress(batch, index, ipBytes(iface.ip), iface.prefix);
    if (iface.ip6) addAddress(batch, index, ipBytes(iface.ip6), iface.prefix6);
    if (iface.linkLocal6) addAddress(batch, index, ipBytes(iface.linkLocal6), 64);
    for (const { ip, prefix } of iface.extra) addAddress(batch, index, ipBytes(ip), prefix);
    if (iface.ip && segment.v4) addNeighbour(batch, index, ipBytes(segment.v4.gateway), mac);
    if (iface.ip6 && segment.v6) {
      addNeighbour(batch, index, ipBytes(segment.v6.gateway), mac);
      addNeighbour(batch, index, ipBytes(segment.linkLocal), mac);
    }
    if (isDefault) defaultRoutes(batch, iface);
  });
  segment.acquainted.delete(iface);
  segment.allAcquainted = false;
}

function defaultRoutes(batch: MessageWriter, iface: InterfaceRecord): void {
  const { index, segment } = iface;
  if (iface.ip && segment.v4) replaceRoute(batch, { gateway: ipBytes(segment.v4.gateway), index });
  if (iface.ip6) replaceRoute(batch, { gateway: ipBytes(segment.linkLocal), index });
}

/** Makes one interface the way to everything else, in the families that it has. */
export function moveDefaultRoute(from: InterfaceRecord | undefined, to: InterfaceRecord): void {
  if (from && from !== to && from.up) {
    for (const family of [4, 6] as const) {
      tolerate(
        "ESRCH",
        () => inside(from.node, (batch) => deleteRoute(batch, { family, index: from.index })),
      );
    }
  }
  if (to.up) inside(to.node, (batch) => defaultRoutes(batch, to));
}

/** Takes an interface off its segment; both ends of the link are gone. */
export function disconnect(iface: InterfaceRecord): void {
  const { segment } = iface;
  const port = segment.members.get(iface);
  if (!port) return;
  segment.members.delete(iface);
  forget(iface, [...addressesOf(iface)]);
  dropLink(segment, port);
  if (segment.gatewayLink?.index === port.index) segment.gatewayLink = undefined;
  segment.owner.links.delete(port.name);
}

function dropLink(segment: Segment, port: Port): void {
  tolerate("ENODEV", () => inside(segment.owner, (batch) => deleteLink(batch, port.index)));
  if (segment.gatewayLink?.index === port.index) segment.gatewayLink = undefined;
}

/** Makes gateway and peers forget addresses that a member no longer has. */
function forget(iface: InterfaceRecord, ips: string[]): void {
  const { segment } = iface;
  if (segment.gatewayLink) {
    for (const ip of [...ips, iface.linkLocal6]) {
      if (ip) forgetAt(segment.owner, segment.gatewayLink.index, ip);
    }
  }
  for (const [peer, known] of segment.acquainted) {
    if (peer === iface || !known.delete(iface) || !peer.up) continue;
    for (const ip of ips) forgetAt(peer.node, peer.index, ip);
  }
  segment.acquainted.delete(iface);
  segment.allAcquainted = false;
}

function forgetAt(node: NodeRecord, index: number, ip: string): void {
  tolerate("ENOENT", () => inside(node, (batch) => deleteNeighbour(batch, index, ipBytes(ip))));
}

/** Gives an interface another IPv4 address in the same network. */
export function renumber(iface: InterfaceRecord, ip: string, isDefault: boolean): void {
  const old = iface.ip;
  if (old) {
    forget(iface, [old]);
    if (iface.up) {
      inside(iface.node, (batch) => deleteAddress(batch, iface.index, ipBytes(old), iface.prefix));
    }
  }
  iface.ip = ip;
  if (segmentLink(iface)) {
    inside(iface.segment.owner, (batch) => welcome(batch, segmentLink(iface) ?? 0, iface));
  }
  if (iface.up) configure(iface, isDefault);
}

function segmentLink({ segment }: InterfaceRecord): number | undefined {
  return segment.gatewayLink?.index;
}

/** Adds one more address to an interface that is up. */
export function addOne(iface: InterfaceRecord, ip: string, prefix: number): void {
  inside(iface.node, (batch) => addAddress(batch, iface.index, ipBytes(ip), prefix));
}

/** Sets an interface down; {@link configure} brings it back. */
export function setDown(iface: InterfaceRecord): void {
  inside(iface.node, (batch) => setLink(batch, iface.index, { up: false }));
}

function route(
  batch: MessageWriter,
  segment: Segment,
  cidr: string,
  via: InterfaceRecord,
  index: number,
): void {
  const { family, prefix, network } = parseCidr(cidr);
  const gateway = family === 4 ? via.ip : via.ip6;
  if (!gateway) return;
  replaceRoute(batch, { destination: ipBytes(network), prefix, gateway: ipBytes(gateway), index });
}

const indexTowards = (segment: Segment, via: InterfaceRecord) =>
  segment.kind === "ix" ? segment.members.get(via)?.index : segment.gatewayLink?.index;

/** Tells a segment's owner that a network is behind a member. */
export function addRoute(segment: Segment, cidr: string, via: InterfaceRecord): void {
  const index = indexTowards(segment, via);
  if (index === undefined) return;
  inside(segment.owner, (batch) => route(batch, segment, cidr, via, index));
  segment.routes.set(cidr, via);
}

/** Takes back what {@link addRoute} told. */
export function removeRoute(segment: Segment, cidr: string): void {
  const via = segment.routes.get(cidr);
  if (!via || !segment.routes.delete(cidr)) return;
  const index = indexTowards(segment, via);
  if (index === undefined) return;
  const { prefix, network } = parseCidr(cidr);
  tolerate(
    "ESRCH",
    () =>
      inside(
        segment.owner,
        (batch) => deleteRoute(batch, { destination: ipBytes(network), prefix, index }),
      ),
  );
}

/**
 * Makes all members of a LAN permanent neighbours of each other. All namespaces
 * share the kernel's table of learnt neighbours, of 1,024 entries: a lab in which
 * everyone talks to everyone would overflow it.
 */
export function acquaint(segment: Segment): void {
  if (segment.allAcquainted || segment.kind === "ix") return;
  for (const member of segment.members.keys()) {
    if (!member.up) continue;
    const known = segment.acquainted.get(member) ?? new Set();
    inside(member.node, (batch) => {
      for (const peer of segment.members.keys()) {
        if (peer === member || known.has(peer)) continue;
        for (const ip of addressesOf(peer)) {
          addNeighbour(batch, member.index, ipBytes(ip), macBytes(peer.mac));
        }
        known.add(peer);
      }
    });
    segment.acquainted.set(member, known);
  }
  segment.allAcquainted = true;
}

function tolerate(code: string, act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof SyscallError && error.code === code)) throw error;
  }
}
