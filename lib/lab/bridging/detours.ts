import { deleteLink } from "../../../native/netlink/link.ts";
import { frameLimits, UNIMPAIRED } from "../../bridge/impairments.ts";
import { forgetWays } from "../../bridge/partitions.ts";
import { interfacesOn, loadBridgeRules } from "../wiring/bridge_rules.ts";
import { abandon } from "../model/condition_state.ts";
import { inside } from "../wiring/rtnetlink.ts";
import { takeAway } from "../../../native/netlink/refusal.ts";
import type { Detour, InterfaceRecord, Segment } from "../model/records.ts";

/** What becomes of a bridge's detours, and of what was asked of it, when members come and go. */

/** Has what a new member sends meet the impairments of the whole bridge. */
export function meetBridge(iface: InterfaceRecord): void {
  const { bridging: { whole, rate } } = iface.segment;
  const { up } = iface.conditions;
  const limits = frameLimits(whole);
  up.also = Object.keys(limits).length > 0 ? limits : undefined;
  up.shared = rate;
}

/**
 * Forgets what was asked of one direction only, once a member has left; what holds both directions stays,
 * for when it comes back. Returns what has changed.
 */
export function leaveBridge(
  segment: Segment,
  iface: InterfaceRecord,
): { partitions: boolean; impairments: boolean; disconnected: boolean } {
  const { bridging } = segment;
  const [partitions, impairments] = [bridging.partitions.oneWay.size, bridging.directions.size];
  const { name } = iface.node;
  if (interfacesOn(segment, name).length === 0) {
    forgetWays(bridging.directions, name);
    forgetWays(bridging.partitions.oneWay, name);
  }
  dropDetours(
    segment,
    [...bridging.detours].filter(({ from, to }) => from === iface || to === iface),
  );
  loadBridgeRules(segment);
  return {
    disconnected: bridging.disconnected.delete(iface),
    partitions: bridging.partitions.oneWay.size !== partitions,
    impairments: bridging.directions.size !== impairments,
  };
}

/** Takes detours away, with what is on them. */
export function dropDetours(segment: Segment, detours: readonly Detour[]): void {
  for (const detour of detours) {
    if (!segment.bridging.detours.delete(detour)) continue;
    abandon(detour.condition);
    for (const { name } of [detour.entry, detour.exit]) segment.owner.links.delete(name);
    takeAway(() => inside(segment.owner, (batch) => deleteLink(batch, detour.entry.index)));
  }
}

/** Takes note that what puts impairments in force failed: there are none any more. */
export function loseImpairments(segment: Segment): void {
  const { bridging, owner } = segment;
  bridging.whole = UNIMPAIRED;
  bridging.rate = undefined;
  bridging.directions.clear();
  if (owner.removed || bridging.detours.size === 0) return;
  const detours = [...bridging.detours];
  for (const detour of detours) detour.closing = true;
  loadBridgeRules(segment);
  dropDetours(segment, detours);
  loadBridgeRules(segment);
}
