import { linkLocalFromMac } from "../../address/mod.ts";
import { allSettled } from "../model/all_settled.ts";
import { bridgeState } from "../model/bridge_event_state.ts";
import type { LabCore } from "../model/lab.ts";
import { TopologyError } from "../options/errors.ts";
import { discardImpairment } from "../model/condition_state.ts";
import { memberNodes } from "../bridging/members.ts";
import { detachMember } from "./members.ts";
import type { BridgeRecord, OwnFields, Segment } from "../model/records.ts";
import { ETHERNET_MTU } from "../options/families.ts";
import { checkNodeName } from "../options/names.ts";
import { removeBridgeRoutes } from "../routing/bridge_routes.ts";
import { newSegment } from "../model/segment.ts";
import { step } from "../model/steps.ts";
import { undoing } from "../model/undo.ts";
import { disableUplink } from "../bridging/uplink.ts";

/** Finds a bridge by name, a router's LAN included; makes it if there is none. */
export function bridgeNamed(core: LabCore, name: string): Segment {
  const what = `bridge("${name}")`;
  core.open(what);
  const known = core.routers.get(name)?.lan ?? core.bridges.get(name)?.segment;
  if (known && !known.owner.removed) return known;
  checkNodeName(what, name, (n) => core.taken(n));
  const bridge = undoing((defer) => {
    step("plan");
    const v4 = core.addresses.takeLan4("private", undefined, name, defer);
    const v6 = core.addresses.takeLan6("private", name, defer);
    const node = core.node("bridge", name, defer);
    const mac = core.nextMac(defer);
    const gateway = { mac, linkLocal: linkLocalFromMac(mac), mtu: ETHERNET_MTU };
    const segment = newSegment("lan", node, gateway, v4, v6);
    step("register");
    const record: BridgeRecord = Object.assign(node, { segment } satisfies OwnFields<BridgeRecord>);
    core.bridges.set(name, record);
    return record;
  });
  core.bus.emit({ kind: "bridge-added", name, bridge: bridgeState(bridge) });
  return bridge.segment;
}

/**
 * Unplugs a bridge for good and detaches its members. Its name stays taken until its node is gone.
 */
export function unplugBridge(core: LabCore, bridge: BridgeRecord): void {
  const { segment } = bridge;
  for (const name of memberNodes(segment)) detachMember(core, segment, name, "close()");
  removeBridgeRoutes(core, segment);
  bridge.removed = true;
  discardImpairment(segment.downlink);
  segment.bridging.rate?.remove();
  if (segment.v4) core.addresses.releaseLan4(segment.v4);
  if (segment.v6) core.addresses.releaseLan6(segment.v6);
  core.unsettled.drop(bridge);
}

/** Removes a bridge; idempotent. Refused for a router's LAN. */
export async function closeBridge(core: LabCore, segment: Segment): Promise<void> {
  const { owner, name } = segment;
  if (owner.kind !== "bridge") {
    throw new TopologyError(
      `bridge "${name}": close(): it is the LAN of router "${name}" and goes with it; ` +
        `call remove("${name}")`,
    );
  }
  if (owner.removed || core.closed) return await owner.runtime.close();
  const outside = disableUplink(core, segment);
  unplugBridge(core, owner);
  const settled = core.settle();
  settled.catch(() => {}); // Awaited once the bridge is gone.
  try {
    await allSettled([outside, owner.runtime.close()]);
  } finally {
    core.links.release(owner.runtime.namespace);
    core.bridges.delete(name);
    if (!core.bus.closed) core.bus.emit({ kind: "bridge-removed", name });
  }
  await settled;
}
