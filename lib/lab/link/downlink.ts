import type { LinkCondition } from "../../link/mod.ts";
import { applyCondition } from "./conditions.ts";
import { discardImpairment, effective } from "../model/condition_state.ts";
import type { LabCore } from "../model/lab.ts";
import type { RouterRecord, Segment } from "../model/records.ts";
import { type Defer, undoing } from "../model/undo.ts";
import { ensureBridge } from "../wiring/links.ts";

/**
 * The condition of a router's downlink: of all packets that it sends into its LAN. It applies to the
 * Linux bridge of the LAN, which exists then even for one member: the link itself may have another.
 */

/** Sets the condition; restores the former one on failure. */
export function setDownlink(
  core: LabCore,
  { lan }: RouterRecord,
  condition: LinkCondition | null,
): void {
  undoing((defer) => {
    const before = lan.downlink.requested;
    defer(() => {
      lan.downlink.requested = before;
    });
    lan.downlink.requested = condition;
    applyDownlink(core, lan, defer);
  });
}

/** Emits the effective condition; faults count. */
export function emitDownlink(core: LabCore, { name, lan }: RouterRecord): void {
  const condition = effective(lan.downlink);
  core.bus.emit({ kind: "downlink-condition-changed", router: name, condition });
}

/** Applies the effective condition, once the LAN has a link. */
export function applyDownlink(core: LabCore, lan: Segment, defer: Defer): void {
  const { downlink, gatewayLink, owner } = lan;
  if (!gatewayLink) return;
  const { also, shared, impairment } = downlink;
  if (effective(downlink) === null && !also && !shared && !impairment) return;
  const index = ensureBridge(core, lan, gatewayLink, defer);
  if (!gatewayLink.bridge) defer(() => discardImpairment(downlink));
  const { name } = lan.gatewayLink!;
  const label = `${owner.name} ${name} (downlink)`;
  const { namespace } = owner.runtime;
  applyCondition(
    core,
    downlink,
    () => ({ namespace, index, name, label }),
    `${owner.name} downlink`,
  );
}
