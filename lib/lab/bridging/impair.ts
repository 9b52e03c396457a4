/**
 * Bridges of a lab: impairments, partitions, captures and the uplink to the host. Frames from one member
 * to another take a detour, a veth pair, if only that direction is impaired. Imports `options`,
 * `model`, `wiring` and `link`. Begin here.
 *
 * @module
 */
import {
  directionLimits,
  frameLimits,
  type Impairments,
  isUnimpaired,
  toKbit,
  UNIMPAIRED,
} from "../../bridge/impairments.ts";
import { directionKey, namesIn } from "../../bridge/partitions.ts";
import { interfacesOn, loadBridgeRules } from "../wiring/bridge_rules.ts";
import { applyCondition, applyEnd } from "../link/conditions.ts";
import type { LabCore } from "../model/lab.ts";
import { dropDetours, makeDetour } from "./detours.ts";
import { applyDownlink } from "../link/downlink.ts";
import type { Detour, Segment } from "../model/records.ts";
import { step } from "../model/steps.ts";
import { type Defer, undoing, withoutUndo } from "../model/undo.ts";

/** Sets the impairments of the whole bridge; restores the former ones on failure. */
export function impairWhole(core: LabCore, segment: Segment, wanted: Impairments): void {
  const before = segment.bridging.whole;
  undoing((defer) => {
    // Restores everything, however much was applied.
    defer(() => applyWhole(core, segment, before, withoutUndo));
    applyWhole(core, segment, wanted, defer);
  });
}

function applyWhole(core: LabCore, segment: Segment, wanted: Impairments, defer: Defer): void {
  const { bridging, downlink, owner } = segment;
  const hadRate = bridging.rate;
  if (wanted.bandwidthBps) {
    const rateKbit = toKbit(wanted.bandwidthBps);
    const place = { namespace: owner.runtime.namespace, label: `bridge ${segment.name}` };
    if (hadRate) hadRate.change(rateKbit);
    else bridging.rate = core.links.shareRate(rateKbit, place);
  } else {
    bridging.rate = undefined;
  }
  bridging.whole = wanted;
  const frame = frameLimits(wanted);
  const also = Object.keys(frame).length > 0 ? frame : undefined;
  const { rate: shared } = bridging;
  Object.assign(downlink, { also, shared });
  applyDownlink(core, segment, defer);
  for (const iface of segment.members.keys()) {
    step("impairment");
    Object.assign(iface.conditions.up, { also, shared });
    applyEnd(core, iface, "up");
  }
  if (hadRate && !shared) hadRate.remove();
}

/** Sets the impairments from one member to another; restores the former ones on failure. */
export function impairDirection(
  core: LabCore,
  segment: Segment,
  from: string,
  to: string,
  wanted: Impairments,
): void {
  const { directions, detours } = segment.bridging;
  const had = new Set(detours);
  const key = directionKey(from, to);
  const before = directions.get(key) ?? UNIMPAIRED;
  const set = (to: Impairments) => {
    if (isUnimpaired(to)) directions.delete(key);
    else directions.set(key, to);
    applyDirection(core, segment, key);
  };
  undoing((defer) => {
    defer(() => {
      set(before);
      dropDetours(segment, [...detours].filter((detour) => !had.has(detour)));
      loadBridgeRules(segment);
    });
    set(wanted);
  });
}

/** Returns the impairments from one member to another. */
export function impairmentsOf({ bridging }: Segment, from: string, to: string): Impairments {
  return bridging.directions.get(directionKey(from, to)) ?? UNIMPAIRED;
}

function applyDirection(core: LabCore, segment: Segment, key: string): void {
  const { bridging, members } = segment;
  const wanted = bridging.directions.get(key);
  const [from, to] = namesIn(key).map((name) => interfacesOn(segment, name));
  if (!wanted) {
    for (const detour of bridging.detours) if (detour.direction === key) detour.closing = true;
    loadBridgeRules(segment);
    for (const { condition, closing } of bridging.detours) {
      if (!closing) continue;
      condition.requested = null;
      condition.impairment?.remove();
      condition.impairment = undefined;
    }
    return;
  }
  for (const a of from) {
    for (const b of to) {
      const at = { from: a, to: b, direction: key };
      const detour = find(segment, at) ?? makeDetour(core, segment, at);
      detour.closing = false;
      detour.condition.requested = directionLimits(wanted);
      const label = `${a.node.name} to ${b.node.name} (${segment.name})`;
      const { namespace } = segment.owner.runtime;
      applyCondition(core, detour.condition, () => ({ namespace, ...detour.entry, label }), label);
    }
  }
  // With one member there is no Linux bridge yet.
  if (members.size > 1) loadBridgeRules(segment);
}

function find({ bridging }: Segment, { from, to }: Pick<Detour, "from" | "to">) {
  return [...bridging.detours].find((detour) => detour.from === from && detour.to === to);
}

/** Removes closing detours, once the link engine has released them. */
export function removeClosingDetours(segment: Segment): void {
  const closing = [...segment.bridging.detours].filter(({ closing }) => closing);
  if (closing.length === 0) return;
  dropDetours(segment, closing);
  loadBridgeRules(segment);
}

/** Drops the frames in transit on detours that are closed. */
export function dropInDetours({ bridging }: Segment, isClosed: (detour: Detour) => boolean): void {
  for (const detour of bridging.detours) if (isClosed(detour)) detour.condition.impairment?.drop();
}
