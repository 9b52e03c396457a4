import { isPartitioned, type Partitions } from "../../bridge/partitions.ts";
import { dropInDetours } from "./impair.ts";
import { loadBridgeRules } from "../wiring/bridge_rules.ts";
import { partitionsState } from "../model/bridge_event_state.ts";
import type { LabCore } from "../model/lab.ts";
import type { InterfaceRecord, Segment } from "../model/records.ts";
import { addressesOf, removeNeighboursAt } from "../wiring/neighbours.ts";

/** The partitions of a bridge: changing and applying them. */

/** Changes the partitions of a bridge and applies them; restores the former ones on failure. */
export function changePartitions(
  core: LabCore,
  segment: Segment,
  change: (partitions: Partitions) => void,
): void {
  const { bridging } = segment;
  const before = bridging.partitions;
  const was = partitionsState(segment);
  const { pairs, oneWay, all, isolated } = before;
  bridging.partitions = {
    pairs: new Set(pairs),
    oneWay: new Set(oneWay),
    all,
    isolated: new Set(isolated),
  };
  try {
    change(bridging.partitions);
    loadBridgeRules(segment);
  } catch (error) {
    bridging.partitions = before;
    throw error;
  }
  const partitions = partitionsState(segment);
  if (JSON.stringify(partitions) === JSON.stringify(was)) return;
  dropInDetours(segment, ({ from, to }) => isClosed(bridging.partitions, from, to));
  forgetFailedNeighbours(segment, before, bridging.partitions);
  core.bus.emit({ kind: "bridge-partitions-changed", bridge: segment.name, partitions });
}

function isClosed(
  partitions: Partitions,
  { node: { name: from } }: InterfaceRecord,
  { node: { name: to } }: InterfaceRecord,
): boolean {
  const { isolated } = partitions;
  return isolated.has(from) || isolated.has(to) || isPartitioned(partitions, from, to);
}

/**
 * Removes failed neighbour entries of members that reach each other again: the kernel would ask again
 * only a second later.
 */
function forgetFailedNeighbours(
  { members, neighbours }: Segment,
  before: Partitions,
  now: Partitions,
): void {
  for (const one of members.keys()) {
    if (!one.up || !one.node.used) continue;
    const back = [...members.keys()].filter((other) =>
      other !== one && !neighbours.get(one)?.has(other) &&
      (isClosed(before, one, other) || isClosed(before, other, one)) &&
      !isClosed(now, one, other) && !isClosed(now, other, one)
    );
    if (back.length > 0) removeNeighboursAt(one.node, one.index, back.flatMap(addressesOf));
  }
}
