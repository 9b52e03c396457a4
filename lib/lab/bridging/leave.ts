import { impairmentsState, partitionsState } from "../model/bridge_event_state.ts";
import type { LabCore } from "../model/lab.ts";
import { leaveBridge } from "./detours.ts";
import type { InterfaceRecord, Segment } from "../model/records.ts";

/** Removes the rules of a member that has left a bridge, and emits what has changed. */
export function leave(core: LabCore, segment: Segment, iface: InterfaceRecord): void {
  const changed = leaveBridge(segment, iface);
  const { name: bridge } = segment;
  if (changed.disconnected) {
    core.bus.emit({ kind: "member-reconnected", bridge, member: iface.node.name });
  }
  if (changed.partitions) {
    const partitions = partitionsState(segment);
    core.bus.emit({ kind: "bridge-partitions-changed", bridge, partitions });
  }
  if (changed.impairments) {
    const impairments = impairmentsState(segment);
    core.bus.emit({ kind: "bridge-impairments-changed", bridge, impairments });
  }
}
