import { pairKey, type Partitions, wayKey } from "../bridge/partitions.ts";
import { dropOnWay } from "./bridge_impair.ts";
import { loadBridgeRules } from "./bridge_rules.ts";
import { partitionsState } from "./bridge_state.ts";
import type { LabCore } from "./core.ts";
import { announceMember } from "./detours.ts";
import type { Detour, Segment } from "./model.ts";

/** Who on a bridge is kept from whom: changing it, and putting it in force. */

/** Changes the partitions of a bridge, and puts them in force; on failure all is as before. */
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
  dropOnWay(segment, (detour) => isClosed(bridging.partitions, detour));
  // Who asked for a peer in vain would ask again a second later.
  for (const iface of segment.members.keys()) announceMember(iface);
  core.bus.emit({ kind: "bridge-partitions-changed", bridge: segment.name, partitions });
}

function isClosed({ pairs, oneWay, all, isolated }: Partitions, { from, to }: Detour): boolean {
  const [a, b] = [from.node.name, to.node.name];
  return all || isolated.has(a) || isolated.has(b) || pairs.has(pairKey(a, b)) ||
    oneWay.has(wayKey(a, b));
}
