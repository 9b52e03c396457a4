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
 * Prefix delegation between the routers of a lab. Routers get their prefixes by real DHCPv6 packets; the
 * lab then sets routes and addresses, as the hooks of a daemon would.
 */

/** How long a router waits for a prefix: RFC 8415 sends the fifth solicitation after 15 s. */
const PATIENCE_MS = 15_000;
/** How long to wait for the confirmation of a release; after that the prefix expires. */
const RELEASE_MS = 1_000;
/** The additional length of subdelegated prefixes: a home router divides its own into 16. */
const SUBDELEGATED_BITS = 4;

/** Requests the prefix of a router; resolves when its LAN has it. */
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
  // The link must be up: a lost message is sent again only a second later.
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
      `router "${router.name}": it was delegated ${prefix}, which has no /${LAN_LENGTH} for its LAN`,
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

/** Delegates the rest of a prefix to downstream routers. */
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

/** Emits the new prefix of a router, and the new addresses of the members of its LAN. */
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
    // A device that makes its own address emits this when it has it.
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
 * Makes the ISP delegate another prefix to a router, and renews the prefixes of downstream routers.
 *
 * @throws {PrefixDelegationError} If there is no other prefix, or no server answers.
 */
export async function renewPrefix(core: LabCore, router: RouterRecord): Promise<Cidr> {
  const what = `${router.name}: renewPrefix()`;
  const side = core.delegations.requesting.get(router);
  if (!side) {
    throw new TopologyError(
      `${what}: it has no delegated prefix; add the router with prefixDelegation: true`,
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

/** Returns the nodes with addresses of the prefix of a router. */
function downstreamMembers(core: LabCore, router: RouterRecord): NodeRecord[] {
  const own = [...router.lan.members.keys()].map(({ node }) => node);
  return [
    ...own,
    ...requestersOf(core, router).flatMap((behind) => downstreamMembers(core, behind)),
  ];
}

/** Returns the routers directly downstream that request prefixes. */
function requestersOf(core: LabCore, router: RouterRecord): RouterRecord[] {
  return [...core.delegations.requesting.keys()].filter(({ upstream }) => upstream === router);
}

/** Renews like a Reconfigure message (RFC 8415, section 18.3.11). Routers that get no answer use their timers. */
async function renewDownstream(core: LabCore, router: RouterRecord): Promise<void> {
  if (!router.uplink.up) return;
  await core.delegations.requesting.get(router)?.renew(PATIENCE_MS).catch(() => {});
  await Promise.all(requestersOf(core, router).map((behind) => renewDownstream(core, behind)));
}

/**
 * Releases the prefix of a router or region before it is removed, and ends its delegation. Does nothing
 * if the node cannot be removed since something is attached to it.
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
