import type { MessageWriter } from "../../../native/netlink/codec.ts";
import { addNeighbour, deleteNeighbour } from "../../../native/netlink/address.ts";
import { deleteRoute, replaceRoute } from "../../../native/netlink/route.ts";
import { ipBytes, macBytes } from "../../address/mod.ts";
import { inside } from "./rtnetlink.ts";
import { removeIfPresent } from "../../../native/netlink/refusal.ts";
import type { Unsettled } from "../model/lab.ts";
import type { InterfaceRecord, NodeRecord, Segment } from "../model/records.ts";

/**
 * Neighbour entries, between members of a segment and with its gateway: they are there before the first
 * packet, which then has the delay and the loss of its link alone, and follow what hosts announce.
 */

/** The prefix length of a single address. */
export const fullPrefix = (ip: string): number => ip.includes(":") ? 128 : 32;

/** The addresses that the lab gave an interface, without the link-local one. */
export function addressesOf(iface: InterfaceRecord): string[] {
  return [iface.ip, iface.ip6].filter((ip) => ip !== undefined);
}

/** The MTU of a member, if it is smaller than that of its segment. */
export function smallerMtu({ mtu, segment }: InterfaceRecord): number | undefined {
  return mtu < segment.mtu ? mtu : undefined;
}

/** The additional addresses of an interface that are of its segment's networks. */
function addedOnLink({ segment, extra }: InterfaceRecord): string[] {
  return extra.map(({ ip }) => ip)
    .filter((ip) => (ip.includes(":") ? segment.v6 : segment.v4)?.cidr.contains(ip));
}

/** Makes the router refuse packets that exceed a member's MTU: on the link they would be lost. */
export function limitMtu(batch: MessageWriter, index: number, iface: InterfaceRecord): void {
  const mtu = smallerMtu(iface);
  if (!mtu || iface.segment.kind !== "lan") return;
  for (const ip of [...addressesOf(iface), ...addedOnLink(iface)]) {
    replaceRoute(batch, { ...host(ip), index, mtu });
  }
}

/** Adds what the gateway needs for a member: neighbour entries, and routes with a smaller MTU. */
export function addMemberNeighbours(
  batch: MessageWriter,
  index: number,
  iface: InterfaceRecord,
): void {
  limitMtu(batch, index, iface);
  // An address from advertisements is resolved by Neighbor Discovery, as on any link.
  addNeighbours(
    batch,
    index,
    iface,
    iface.autoconf ? [iface.ip] : [...addressesOf(iface), iface.linkLocal6],
  );
}

/**
 * Records the IPv6 address that a member's kernel made, or that it no longer has one. `known`
 * makes gateway and member known to each other all the same.
 */
export function adoptAddress(
  iface: InterfaceRecord,
  ip6: string | undefined,
  prefix: number | undefined,
  known: boolean,
): void {
  const { segment, ip6: old } = iface;
  iface.ip6 = ip6;
  iface.prefix6 = prefix ?? iface.prefix6;
  if (old) removeNeighbours(iface, [old]);
  const { gatewayLink } = segment;
  if (!ip6 || !gatewayLink) return;
  inside(segment.owner, (batch) => limitMtu(batch, gatewayLink.index, iface));
  if (known) addNeighbours6(iface);
}

function addNeighbours6(iface: InterfaceRecord): void {
  const { segment, node, index } = iface;
  const { gatewayLink } = segment;
  if (!gatewayLink) return;
  inside(segment.owner, (batch) => {
    addNeighbours(batch, gatewayLink.index, iface, [iface.ip6, iface.linkLocal6]);
  });
  inside(node, (batch) => addGatewayNeighbours6(batch, index, segment));
}

function addNeighbours(
  batch: MessageWriter,
  index: number,
  { mac }: InterfaceRecord,
  ips: (string | undefined)[],
): void {
  for (const ip of ips) if (ip) addNeighbour(batch, index, ipBytes(ip), macBytes(mac));
}

/** Entries of members for which one datagram has room; each has up to three of 60 bytes, and a route. */
const MEMBERS_AT_ONCE = 250;

/** Adds what the gateway needs for some members, as far as they are still attached. */
export function addMembersToGateway(
  segment: Segment,
  members: readonly InterfaceRecord[],
): void {
  const { owner, gatewayLink } = segment;
  const present = members.filter((one) => segment.members.has(one) && !one.removed);
  if (!gatewayLink || owner.removed) return;
  for (let i = 0; i < present.length; i += MEMBERS_AT_ONCE) {
    inside(owner, (batch) => {
      for (const member of present.slice(i, i + MEMBERS_AT_ONCE)) {
        addMemberNeighbours(batch, gatewayLink.index, member);
      }
    });
  }
}

/**
 * Adds the entries again that the kernels of both ends dropped when the link lost its carrier: of the
 * member for its gateway, and of the gateway for it. Those of its peers stayed.
 */
export function restoreNeighbours(unsettled: Unsettled, iface: InterfaceRecord): void {
  const { segment, node } = iface;
  if (segment.gatewayLink?.bridge) unsettled.addMember(iface);
  else {
    const link = segment.members.get(iface);
    if (link) inside(segment.owner, (batch) => addMemberNeighbours(batch, link.index, iface));
  }
  if (node.kind !== "vm") inside(node, (batch) => addGatewayNeighbours(batch, iface));
  noteNeighboursGone(iface);
}

/** Adds the neighbour entries of a member for its gateway. */
export function addGatewayNeighbours(batch: MessageWriter, iface: InterfaceRecord): void {
  const { index, segment } = iface;
  const mac = macBytes(segment.mac);
  if (iface.ip && segment.v4) addNeighbour(batch, index, ipBytes(segment.v4.gateway), mac);
  if (iface.ip6 && !iface.autoconf) addGatewayNeighbours6(batch, index, segment);
}

function addGatewayNeighbours6(
  batch: MessageWriter,
  index: number,
  { v6, mac, linkLocal }: Segment,
): void {
  for (const ip of v6 ? [v6.gateway, linkLocal] : []) {
    addNeighbour(batch, index, ipBytes(ip), macBytes(mac));
  }
}

const host = (ip: string) => ({ destination: ipBytes(ip), prefix: fullPrefix(ip) });

/**
 * Removes addresses that a member no longer has from the neighbour tables of gateway and peers.
 * Learnt entries too: otherwise they would send to the last owner of an address for some seconds.
 */
export function removeNeighbours(iface: InterfaceRecord, ips: (string | undefined)[]): void {
  const { segment } = iface;
  if (segment.kind === "exchange") return; // Its entries go with the link.
  const gone = ips.filter((ip) => ip !== undefined);
  const { owner, gatewayLink } = segment;
  if (gatewayLink) {
    removeNeighboursAt(owner, gatewayLink.index, gone);
    for (const ip of smallerMtu(iface) ? gone : []) {
      const route = { ...host(ip), index: gatewayLink.index };
      removeIfPresent(() => inside(owner, (batch) => deleteRoute(batch, route)));
    }
  }
  for (const peer of segment.members.keys()) {
    if (peer === iface || !peer.up) continue;
    segment.neighbours.get(peer)?.delete(iface);
    removeNeighboursAt(peer.node, peer.index, gone);
  }
  segment.allNeighbours = false;
}

/**
 * Makes peers resolve addresses anew that a member has from now on: removes their entries, which are
 * failed or lead to another member. A real host would announce itself.
 */
export function announceAddresses(iface: InterfaceRecord, ips: string[]): void {
  const { segment } = iface;
  if (segment.kind === "exchange") return;
  for (const peer of segment.members.keys()) {
    const isKnown = segment.neighbours.get(peer)?.has(iface);
    if (peer === iface || !peer.up || !peer.node.used || isKnown) continue;
    removeNeighboursAt(peer.node, peer.index, ips);
  }
}

/** Removes addresses from a node's neighbour table of a link. */
export function removeNeighboursAt(
  node: NodeRecord,
  index: number,
  ips: (string | undefined)[],
): void {
  // All of them are tried, even if the first one has no entry.
  removeIfPresent(() =>
    inside(node, (batch) => {
      for (const ip of ips) if (ip) deleteNeighbour(batch, index, ipBytes(ip));
    })
  );
}

/** Records that the kernel dropped all neighbour entries of an interface. */
export function noteNeighboursGone(iface: InterfaceRecord): void {
  iface.segment.neighbours.delete(iface);
  iface.segment.allNeighbours = false;
}

/** More entries in one datagram might not fit a socket's send buffer, of 208 kB. */
const NEIGHBOURS_AT_ONCE = 1_000;

/**
 * Makes all members of a LAN known to each other, before the first of them is used. Learnt entries would
 * not do: all namespaces share the kernel's table of them, of 1,024, which a lab in which every node
 * talks to every other one would overflow.
 */
export function addAllNeighbours(segment: Segment): void {
  if (segment.allNeighbours || segment.kind === "exchange") return;
  for (const member of segment.members.keys()) {
    if (!member.up) continue;
    const known = segment.neighbours.get(member) ?? new Set();
    segment.neighbours.set(member, known);
    const peers = [...segment.members.keys()].filter((p) => p !== member && !known.has(p));
    for (let i = 0; i < peers.length; i += NEIGHBOURS_AT_ONCE) {
      const some = peers.slice(i, i + NEIGHBOURS_AT_ONCE);
      inside(member.node, (batch) => {
        for (const peer of some) addNeighbours(batch, member.index, peer, addressesOf(peer));
      });
      for (const peer of some) known.add(peer);
    }
  }
  segment.allNeighbours = true;
}
