import { NodeRemovedError } from "../../node/process/errors.ts";
import type { Cidr } from "../../address/mod.ts";
import { type ClientEvent, PrefixPool } from "../../dhcp6/mod.ts";
import type { LabCore } from "../model/lab.ts";
import { DelegatingSide } from "./delegating_router.ts";
import { isOffer, LAN_LENGTH, LIFETIMES, requestOf } from "../options/delegation_options.ts";
import { serveAbove } from "./offer.ts";
import { TopologyError } from "../options/errors.ts";
import { PrefixDelegationError } from "../../dhcp6/errors.ts";
import { setDelegatedPrefix } from "./renumber.ts";
import type { NodeRecord, RouterRecord } from "../model/records.ts";
import { RequestingSide } from "../../dhcp6/requesting_router.ts";
import { segmentAbove } from "../routing/announce.ts";
import { interfaceState } from "../model/event_state.ts";

/**
 * Prefix delegation between the routers of a lab. The packets are real, by which a router is given a
 * prefix; what a daemon's hooks would do with it, routes and addresses, the lab does.
 */

/** How long a router may wait for a prefix: the fifth solicitation of RFC 8415 is after 15 s. */
const PATIENCE_MS = 15_000;
/** How long a server may removePrefix for what is given back, before it is left to expire. */
const RELEASE_MS = 1_000;
/** How much longer the prefixes are that a home router hands on: 16 of its own. */
const SUBDELEGATED_BITS = 4;

/** Requests the prefix that a router was built to have; resolves when its LAN has it. */
export async function requestPrefix(core: LabCore, router: RouterRecord): Promise<void> {
  const request = requestOf(router.delegation);
  if (!request) return;
  const { runtime: { namespace }, uplink: { index, mac }, name } = router;
  const side = new RequestingSide({
    name: `router "${name}"`,
    enter: (fn) => namespace.enter(fn),
    index,
    mac,
    length: request.length,
    random: Math.random,
    happened: (event) => onEvent(core, router, event),
  });
  core.delegations.requesting.set(router, side);
  serveAbove(core, router);
  await core.links.ready();
  // Its link must be there: what is lost is sent again only a second later.
  core.unsettled.settle();
  await side.start(PATIENCE_MS);
  if (router.removed) throw new NodeRemovedError(`router "${name}" was removed`);
}

function onEvent(core: LabCore, router: RouterRecord, event: ClientEvent): void {
  if (router.removed) return;
  if (event.kind === "lost" || event.kind === "released") return removePrefix(core, router);
  if (event.kind !== "bound") return;
  setPrefix(core, router, event.lease.prefix);
}

function setPrefix(core: LabCore, router: RouterRecord, prefix: Cidr): void {
  if (prefix.prefix > LAN_LENGTH) {
    throw new PrefixDelegationError(
      `router "${router.name}": it was given ${prefix}, which is too small for a LAN's /${LAN_LENGTH}`,
    );
  }
  const former = router.delegated?.toString();
  setDelegatedPrefix(core, router, prefix);
  delegateRest(core, router, prefix);
  if (!router.pending) emitPrefix(core, router, former);
}

function removePrefix(core: LabCore, router: RouterRecord): void {
  const former = router.delegated?.toString();
  if (former === undefined) return;
  setDelegatedPrefix(core, router, undefined);
  emitPrefix(core, router, former);
}

/** Has a router hand out what it does not need itself of a prefix. */
function delegateRest(core: LabCore, router: RouterRecord, prefix: Cidr): void {
  const { delegating } = core.delegations;
  const pool = new PrefixPool(prefix);
  pool.take(LAN_LENGTH);
  const length = Math.min(prefix.prefix + SUBDELEGATED_BITS, LAN_LENGTH);
  const side = delegating.get(router);
  if (side) side.server.usePool(pool, length);
  else delegating.set(router, new DelegatingSide(router, router.lan, pool, length, LIFETIMES));
  core.delegations.follow(router.lan);
}

/** Tells what a router's LAN is now, and what those on it are. */
export function emitPrefix(core: LabCore, router: RouterRecord, former: string | undefined): void {
  if (core.bus.closed) return;
  const { name, delegated, lan } = router;
  core.bus.emit({
    kind: "prefix-delegated",
    router: name,
    prefix: delegated?.toString() ?? null,
    former: former ?? null,
    downstreamCidr6: lan.v6?.cidr.toString() ?? null,
    downstreamGateway6: lan.v6?.gateway ?? null,
  });
  for (const iface of lan.members.keys()) {
    // Of one that makes its address itself, it is told when it has.
    if (iface.autoconf) continue;
    core.bus.emit({
      kind: "interface-changed",
      node: iface.node.name,
      name: iface.name,
      interface: interfaceState(iface),
    });
  }
  // All downstream ask the name server of its NAT64 by the address that changed.
  if (router.natV6 === "nat64") core.refreshNames();
  core.changed();
  // Guests on the LAN. The server may send this at any time, so that no caller waits for it; a guest
  // that cannot be configured now is at the next change, which reports why it failed.
  core.settle().catch(() => {});
}

/**
 * Has a router's ISP setPrefix it another prefix, and those behind it other parts of it.
 *
 * @throws {PrefixDelegationError} If there is no other, or nobody answers.
 */
export async function renewPrefix(core: LabCore, router: RouterRecord): Promise<Cidr> {
  const what = `${router.name}: renewPrefix()`;
  const side = core.delegations.requesting.get(router);
  if (!side) {
    throw new TopologyError(
      `${what}: it was not made to have a prefix delegated; add it with prefixDelegation: true`,
    );
  }
  const above = core.delegations.delegating.get(segmentAbove(core, router).owner);
  const former = side.lease?.prefix.toString();
  above?.server.renumber(side.duid);
  const { prefix } = await side.renew(PATIENCE_MS);
  if (prefix.toString() === former) {
    throw new PrefixDelegationError(`${what}: there is no other prefix than its ${former}`);
  }
  await Promise.all(requestersOf(core, router).map((behind) => renewDownstream(core, behind)));
  await core.settle(downstreamMembers(core, router));
  return prefix;
}

/** Who has addresses of a router's prefix. */
function downstreamMembers(core: LabCore, router: RouterRecord): NodeRecord[] {
  const own = [...router.lan.members.keys()].map(({ node }) => node);
  return [
    ...own,
    ...requestersOf(core, router).flatMap((behind) => downstreamMembers(core, behind)),
  ];
}

/** The routers right behind one that ask it for prefixes. */
function requestersOf(core: LabCore, router: RouterRecord): RouterRecord[] {
  return [...core.delegations.requesting.keys()].filter(({ upstream }) => upstream === router);
}

/** As a server's Reconfigure would (RFC 8415, section 18.3.11). One that does not answer has its own timers. */
async function renewDownstream(core: LabCore, router: RouterRecord): Promise<void> {
  if (!router.uplink.up) return;
  await core.delegations.requesting.get(router)?.renew(PATIENCE_MS).catch(() => {});
  await Promise.all(requestersOf(core, router).map((behind) => renewDownstream(core, behind)));
}

/**
 * Has a router that is to be removed setPrefix its prefix back, and be done with all of this; also a region.
 * One that cannot be removed, since something is attached to it, goes on.
 */
export async function endDelegation(core: LabCore, node: NodeRecord): Promise<void> {
  const { delegating, requesting } = core.delegations;
  const router = node.kind === "router" ? node : undefined;
  const segment = router?.lan ?? (node.kind === "region" ? node.segment : undefined);
  if (segment && segment.members.size > 0) return;
  const used = delegating.get(node);
  if (router) await requesting.get(router)?.release(router.uplink.up ? RELEASE_MS : 0);
  await core.delegations.forget(node);
  if (!used) return;
  const own = !router || isOffer(router.delegation);
  if (own) core.addresses.releaseOffer(node.name, used.server.pool.cidr);
}
