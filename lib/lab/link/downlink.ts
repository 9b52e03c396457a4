import type { LinkCondition } from "../../link/mod.ts";
import { put } from "./conditions.ts";
import { abandon, inForce } from "../model/condition_state.ts";
import type { LabCore } from "../model/lab.ts";
import type { RouterRecord, Segment } from "../model/records.ts";
import { type Defer, undoing } from "../model/undo.ts";
import { bridgeOf } from "../wiring/links.ts";

/**
 * The condition of a router's downlink: of all that it sends into its LAN. It is that of the bridge
 * over the LAN's links, which there is then even for one member: the link itself may have another.
 */

/** Puts a condition in force; on failure all is as before. */
export function setDownlink(
  core: LabCore,
  { lan }: RouterRecord,
  condition: LinkCondition | null,
): void {
  undoing((defer) => {
    const before = lan.downlink.asked;
    defer(() => {
      lan.downlink.asked = before;
    });
    lan.downlink.asked = condition;
    applyDownlink(core, lan, defer);
  });
}

/** Tells what is in force now: a fault may have put it there. */
export function tellDownlink(core: LabCore, { name, lan }: RouterRecord): void {
  const condition = inForce(lan.downlink);
  core.bus.emit({ kind: "downlink-condition-changed", router: name, condition });
}

/** Puts in force what was asked, once the LAN has a link. */
export function applyDownlink(core: LabCore, lan: Segment, defer: Defer): void {
  const { downlink, gatewayLink, owner } = lan;
  if (!gatewayLink) return;
  const { also, shared, impairment } = downlink;
  if (inForce(downlink) === null && !also && !shared && !impairment) return;
  const index = bridgeOf(core, lan, gatewayLink, defer);
  if (!gatewayLink.bridge) defer(() => abandon(downlink));
  const { name } = lan.gatewayLink!;
  const label = `${owner.name} ${name} (downlink)`;
  const { namespace } = owner.runtime;
  put(core, downlink, () => ({ namespace, index, name, label }), `${owner.name} downlink`);
}
