import { deleteLink } from "../../../native/netlink/link.ts";
import { frameLimits, UNIMPAIRED } from "../../bridge/impairments.ts";
import { forgetWays } from "../../bridge/partitions.ts";
import { interfacesOn, loadBridgeRules } from "../wiring/bridge_rules.ts";
import { abandon } from "../model/condition_state.ts";
import { inside } from "../wiring/rtnetlink.ts";
import { takeAway } from "../../../native/netlink/refusal.ts";
import type { Detour, InterfaceRecord, Segment } from "../model/records.ts";

/** The detours and the rules of a bridge, when members join and leave. */

/** Applies the impairments of the whole bridge to what a new member sends. */
export function applyBridgeImpairments(iface: InterfaceRecord): void {
  const { bridging: { whole, rate } } = iface.segment;
  const { up } = iface.conditions;
  const limits = frameLimits(whole);
  up.also = Object.keys(limits).length > 0 ? limits : undefined;
  up.shared = rate;
}

/**
 * Removes the one-way rules of a member that has left. Rules for both directions stay, for when it
 * joins again. Returns what has changed.
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

/** Removes detours, with the frames in transit. */
export function dropDetours(segment: Segment, detours: readonly Detour[]): void {
  for (const detour of detours) {
    if (!segment.bridging.detours.delete(detour)) continue;
    abandon(detour.condition);
    for (const { name } of [detour.entry, detour.exit]) segment.owner.links.delete(name);
    takeAway(() => inside(segment.owner, (batch) => deleteLink(batch, detour.entry.index)));
  }
}

/** Clears the impairments of a bridge after the link engine has failed. */
export function clearImpairments(segment: Segment): void {
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
