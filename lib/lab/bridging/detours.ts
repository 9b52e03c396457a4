import type { LabCore } from "../model/lab.ts";
import { addVethHere, deleteLink, setLink } from "../../../native/netlink/link.ts";
import { setSysctl } from "../../../native/sysctl.ts";
import { discardImpairment, unimpaired } from "../model/condition_state.ts";
import { inside } from "../wiring/rtnetlink.ts";
import { removeIfPresent } from "../../../native/netlink/refusal.ts";
import type { Detour, InterfaceRecord, Segment } from "../model/records.ts";
import { ETHERNET_MTU } from "../options/families.ts";
import { step } from "../model/steps.ts";
import { withFreeNames } from "../wiring/links.ts";
import { impairmentsState, partitionsState } from "../model/bridge_event_state.ts";
import { frameLimits, UNIMPAIRED } from "../../bridge/impairments.ts";
import { removeDirections } from "../../bridge/partitions.ts";
import { interfacesOn, loadBridgeRules } from "../wiring/bridge_rules.ts";

/** The detours of a bridge, and what becomes of them and of its settings when members come and go. */

/**
 * Makes the veth pair of a detour, in the namespace of the bridge. It only forwards frames: it has no
 * addresses, answers nothing, and takes frames of any length.
 */
export function makeDetour(
  core: LabCore,
  segment: Segment,
  at: Pick<Detour, "from" | "to" | "direction">,
): Detour {
  step("detour");
  const { owner, bridging } = segment;
  const number = ++bridging.lastDetour;
  const [entry, exit] = withFreeNames([owner], undefined, () => {
    const ends = ["a", "b"].map((end) => ({
      name: nameOf(number, end, (name) => owner.links.has(name)),
      index: owner.nextIndex++,
    }));
    inside(owner, (batch) => {
      addVethHere(batch, ends[0], ends[1], Math.max(segment.mtu, ETHERNET_MTU));
    });
    return ends;
  });
  try {
    owner.runtime.namespace.enter(() => {
      // Otherwise the kernel would send multicast reports on it, as on any link.
      for (const { name } of [entry, exit]) setSysctl(`net.ipv6.conf.${name}.disable_ipv6`, 1);
    });
    inside(owner, (batch) => {
      for (const { index } of [entry, exit]) setLink(batch, index, { up: true });
    });
    core.unsettled.add(owner, [entry.index, exit.index]);
  } catch (error) {
    removeIfPresent(() => inside(owner, (batch) => deleteLink(batch, entry.index)));
    throw error;
  }
  for (const { name } of [entry, exit]) owner.links.add(name);
  const detour: Detour = { ...at, number, entry, exit, condition: unimpaired(), closing: false };
  bridging.detours.add(detour);
  return detour;
}

function nameOf(number: number, end: string, taken: (name: string) => boolean): string {
  for (let n = number;; n += 1_000) if (!taken(`p${n}${end}`)) return `p${n}${end}`;
}

/** Applies the impairments of the whole bridge to what a new member sends. */
export function applyBridgeImpairments(iface: InterfaceRecord): void {
  const { bridging: { whole, rate } } = iface.segment;
  const { up } = iface.conditions;
  const limits = frameLimits(whole);
  up.also = Object.keys(limits).length > 0 ? limits : undefined;
  up.shared = rate;
}

/**
 * Removes the one-way rules of a member that has left, and emits what has changed. Rules for both
 * directions stay, for when it joins again.
 */
export function leaveBridge(core: LabCore, segment: Segment, iface: InterfaceRecord): void {
  const { bridging, name: bridge } = segment;
  const before = {
    partitions: bridging.partitions.oneWay.size,
    directions: bridging.directions.size,
  };
  const { name: member } = iface.node;
  if (interfacesOn(segment, member).length === 0) {
    removeDirections(bridging.directions, member);
    removeDirections(bridging.partitions.oneWay, member);
  }
  dropDetours(
    segment,
    [...bridging.detours].filter(({ from, to }) => from === iface || to === iface),
  );
  loadBridgeRules(segment);
  if (bridging.disconnected.delete(iface)) {
    core.bus.emit({ kind: "member-reconnected", bridge, member });
  }
  if (bridging.partitions.oneWay.size !== before.partitions) {
    const partitions = partitionsState(segment);
    core.bus.emit({ kind: "bridge-partitions-changed", bridge, partitions });
  }
  if (bridging.directions.size !== before.directions) {
    const impairments = impairmentsState(segment);
    core.bus.emit({ kind: "bridge-impairments-changed", bridge, impairments });
  }
}

/** Removes detours, with the frames in transit. */
export function dropDetours(segment: Segment, detours: readonly Detour[]): void {
  for (const detour of detours) {
    if (!segment.bridging.detours.delete(detour)) continue;
    discardImpairment(detour.condition);
    for (const { name } of [detour.entry, detour.exit]) segment.owner.links.delete(name);
    removeIfPresent(() => inside(segment.owner, (batch) => deleteLink(batch, detour.entry.index)));
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
