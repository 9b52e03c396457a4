import { Ways } from "../../record/captures/control.ts";
import type { CapturePoint } from "../../record/captures/captures.ts";
import type { ConditionState } from "../model/condition_state.ts";
import type { LabCore } from "../model/lab.ts";
import type { NodeRecord } from "../model/records.ts";

/**
 * Where the packets of a node's interfaces are captured: as they leave it, before the condition of the
 * link applies to them, and as they arrive. What the emulator impairs leaves by a link of its own;
 * netem's queue is beyond the reach of a capture, so that there packets are seen as they leave it.
 */
export function capturePoints(core: LabCore, node: NodeRecord): CapturePoint[] {
  const points: CapturePoint[] = [];
  const add = (name: string, index: number, sent: ConditionState | undefined) => {
    if (index <= 0) return;
    const tap = sent?.impairment?.tap;
    const at = { node: node.name, interface: name };
    points.push({ ...at, index, ways: tap === undefined ? Ways.Both : Ways.In });
    if (tap !== undefined) points.push({ ...at, index: tap, ways: Ways.Out });
  };
  if (node.removed || node.kind === "ix" || node.kind === "bridge") return points;
  for (const { name, index, conditions } of node.interfaces.values()) {
    add(name, index, conditions.up);
  }
  if (node.kind === "router" && node.lan.gatewayLink) {
    const { gatewayLink: { index, bridge }, downlink, members } = node.lan;
    const [only] = members.keys();
    // On a bridge, the condition of a member's link comes after the bridge.
    add("lan", index, downlink.impairment || bridge ? downlink : only?.conditions.down);
  }
  if (node.kind === "region") {
    for (const { ends } of core.regionLinks.values()) {
      for (const { region, name, index, condition } of ends) {
        if (region === node) add(name, index, condition);
      }
    }
  }
  return points;
}
