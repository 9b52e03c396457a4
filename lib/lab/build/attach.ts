/**
 * Builds and unplugs nodes: resolves and checks their options, takes their addresses, makes their
 * links and registers them; if a step fails, all of it is undone. Imports all folders of `lib/lab`
 * but the nouns. Begin with `router.ts`; this file attaches interfaces, which all of them do.
 *
 * @module
 */
import { linkLocalFromMac } from "../../address/mod.ts";
import { applyConditions, removeImpairments } from "../link/conditions.ts";
import type { BrokenFamilies } from "../../firewall/broken_family.ts";
import { breakPlugged, forgetBroken } from "../link/broken_families.ts";
import { type Conditions, noConditions } from "../model/condition_state.ts";
import type { LabCore } from "../model/lab.ts";
import { applyBridgeImpairments, leaveBridge } from "../bridging/detours.ts";
import { applyDownlink } from "../link/downlink.ts";
import { TopologyError } from "../options/errors.ts";
import { checkMadeAddress } from "../options/checks.ts";
import { isGuest } from "../wiring/addresses.ts";
import { joinTap } from "../wiring/guest_tap.ts";
import { explained } from "../options/named_errors.ts";
import type { Autoconf, InterfaceRecord, NodeRecord, Segment } from "../model/records.ts";
import type { Network } from "../model/addresses.ts";
import type { Defer } from "../model/undo.ts";
import { connect, disconnect } from "../wiring/links.ts";

/** A requested interface. */
export interface InterfaceRequest {
  name: string;
  mtu: number;
  /** A particular IPv4 address. */
  ip?: string;
  /** A particular IPv6 address. */
  ip6?: string;
  /** The families that the node itself supports. */
  v4: boolean;
  v6: boolean;
  /** The MAC of an interface that existed before. Default: a new one. */
  mac?: string;
  /** Default: none. */
  conditions?: Conditions;
  /** How its kernel makes its IPv6 address. Default: the lab gives it one. */
  autoconf?: Autoconf;
  /** The families that were broken before. Default: none. */
  broken?: BrokenFamilies;
}

/** Reserves addresses of a segment for an interface that has no link yet. */
export function reserve(
  core: LabCore,
  node: NodeRecord,
  segment: Segment,
  requested: InterfaceRequest,
  defer: Defer,
): InterfaceRecord {
  const what = `${node.name}: interface "${requested.name}"`;
  const v4 = requested.v4 ? segment.v4 : undefined;
  const v6 = requested.v6 ? segment.v6 : undefined;
  if (requested.ip !== undefined && !v4) {
    throw new TopologyError(
      `${what}: ip ${requested.ip} was requested, but "${segment.owner.name}" has no IPv4 network`,
    );
  }
  if (requested.ip6 !== undefined && !v6) {
    throw new TopologyError(
      `${what}: ip6 ${requested.ip6} was requested, but "${segment.owner.name}" has no IPv6 network`,
    );
  }
  const take = (network: Network | undefined, ip: string | undefined) =>
    network && explained(
      what,
      () => core.addresses.takeHost(network, node.name, requested.name, ip, defer),
    );
  const ip = take(v4, requested.ip);
  // On a bridge that is not a router's LAN there are no router advertisements.
  const autoconf = v6 && segment.owner.kind === "router" ? requested.autoconf : undefined;
  if (autoconf) checkMadeAddress(what, requested.ip6, segment);
  const ip6 = autoconf ? undefined : take(v6, requested.ip6);
  const mac = requested.mac ?? core.nextMac(defer);
  const full = segment.kind === "exchange";
  return {
    node,
    name: requested.name,
    index: 0,
    mac,
    mtu: requested.mtu,
    segment,
    ip,
    prefix: full ? 32 : segment.v4?.cidr.prefix ?? 0,
    ip6,
    prefix6: full ? 128 : segment.v6?.cidr.prefix ?? 0,
    linkLocal6: v6 ? linkLocalFromMac(mac) : undefined,
    autoconf,
    up: true,
    requestedUp: true,
    heldDown: new Set(),
    conditions: requested.conditions ?? noConditions(),
    broken: requested.broken ?? {},
    extra: [],
    removed: false,
  };
}

/** Releases the addresses that {@link reserve} took. */
export function release(iface: InterfaceRecord): void {
  if (iface.ip) iface.segment.v4?.hosts.release(iface.ip);
  if (iface.ip6 && !iface.autoconf) iface.segment.v6?.hosts.release(iface.ip6);
  for (const { ip } of iface.extra) {
    const network = ip.includes(":") ? iface.segment.v6 : iface.segment.v4;
    if (network?.cidr.contains(ip)) network.hosts.release(ip);
  }
}

/** Attaches a node by an interface for which addresses were reserved. */
export function attach(
  core: LabCore,
  iface: InterfaceRecord,
  isDefault: boolean,
  defer: Defer,
): void {
  plug(core, iface, isDefault, defer);
  register(core, iface);
  defer(() => unregister(core, iface));
}

/** Makes an interface's link, with its conditions. */
export function plug(
  core: LabCore,
  iface: InterfaceRecord,
  isDefault: boolean,
  defer: Defer,
): void {
  connect(core, iface, isDefault, defer);
  if (isGuest(iface.node)) joinTap(iface, iface.node.nics.get(iface.name)!.tap);
  applyBridgeImpairments(iface);
  breakPlugged(iface, defer);
  applyDownlink(core, iface.segment, defer);
  applyConditions(core, iface, defer);
}

/** Removes the link of an interface; its record keeps the conditions. */
export function unplug(core: LabCore, iface: InterfaceRecord): void {
  removeImpairments(iface);
  disconnect(core, iface);
  forgetBroken(iface);
}

/** Removes an interface, and releases its addresses. */
export function detach(core: LabCore, iface: InterfaceRecord): void {
  unregister(core, iface);
  unplug(core, iface);
  leaveBridge(core, iface.segment, iface);
  release(iface);
}

function register(core: LabCore, iface: InterfaceRecord): void {
  core.joined(iface, 1);
  iface.node.interfaces.set(iface.name, iface);
  iface.node.links.add(iface.name);
}

function unregister(core: LabCore, iface: InterfaceRecord): void {
  core.joined(iface, -1);
  iface.node.interfaces.delete(iface.name);
  iface.node.links.delete(iface.name);
  iface.removed = true;
}
