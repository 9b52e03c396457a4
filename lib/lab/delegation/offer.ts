import { PrefixPool } from "../../dhcp6/mod.ts";
import type { LabCore } from "../model/lab.ts";
import { DelegatingSide } from "./delegating_router.ts";
import {
  DELEGATED_LENGTH,
  isOffer,
  LIFETIMES,
  lifetimesOf,
} from "../options/delegation_options.ts";
import type { RouterRecord, Segment } from "../model/records.ts";
import { segmentAbove } from "../routing/announce.ts";
import { type Defer, withoutUndo } from "../model/undo.ts";

/** Nodes that delegate prefixes of their own networks: routers with a pool, the IX and regions. */

/** Starts to delegate prefixes from the pool of a router, if it has one. */
export function offerPrefixes(core: LabCore, router: RouterRecord, defer: Defer): void {
  const { delegation: offer, name, lan } = router;
  if (!isOffer(offer)) return;
  const what = `addRouter("${name}"): prefixDelegation: pool`;
  const pool = offer.pool === "auto" ? undefined : offer.pool;
  const cidr = core.addresses.takeOffer(what, name, pool, defer);
  const length = offer.length ?? Math.max(DELEGATED_LENGTH, cidr.prefix);
  const side = new DelegatingSide(router, lan, new PrefixPool(cidr), length, lifetimesOf(offer));
  core.delegations.delegating.set(router, side);
  defer(() => void core.delegations.delegating.delete(router));
}

/** Starts a DHCPv6 server on the segment above a router; the IX and regions start one on demand. */
export function serveAbove(core: LabCore, router: RouterRecord): void {
  const segment = segmentAbove(core, router);
  const { owner, kind } = segment;
  if (kind === "exchange" && !core.delegations.delegating.has(owner)) {
    offerFromTransit(core, segment);
  }
  core.delegations.follow(segment);
}

function offerFromTransit(core: LabCore, segment: Segment): void {
  const { owner } = segment;
  const cidr = core.addresses.takeOffer(
    `prefixes of "${owner.name}"`,
    owner.name,
    undefined,
    withoutUndo,
  );
  const pool = new PrefixPool(cidr);
  const side = new DelegatingSide(owner, segment, pool, DELEGATED_LENGTH, LIFETIMES);
  core.delegations.delegating.set(owner, side);
}
