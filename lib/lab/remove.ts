import { NodeRemovedError } from "../node/process/errors.ts";
import { endDelegation } from "./delegation/lifecycle.ts";
import { unplugDevice } from "./build/device.ts";
import { unplugRegion } from "./build/region.ts";
import { unplugRouter } from "./build/router.ts";
import { unplugVm } from "./build/vm.ts";
import type { LabCore } from "./model/lab.ts";
import type { DeviceRecord, RegionRecord, RouterRecord, VmRecord } from "./model/records.ts";

/** What `Lab.remove` removes itself; a bridge closes, and the IX stays. */
export type Removable = RegionRecord | RouterRecord | VmRecord | DeviceRecord;

/**
 * Removes a node for good. Its name stays taken until its programs have ended, and is free when the
 * promise resolves.
 *
 * @param what What was requested, as messages begin.
 * @param unplugged Called once the node is off the network, before its programs have ended.
 */
export async function removeNode(
  core: LabCore,
  what: string,
  record: Removable,
  unplugged: () => void,
): Promise<void> {
  if (core.delegations.concern(record)) {
    await endDelegation(core, record);
    core.open(what);
    if (record.removed) throw new NodeRemovedError(`${what}: node "${record.name}" was removed`);
  }
  retire(core, record);
  const settled = core.settle();
  settled.catch(() => {}); // Awaited once the node is gone, whatever else fails.
  unplugged();
  const { kind, runtime } = record;
  const name = kind === "region" ? record.region : record.name;
  try {
    if (kind === "vm") await record.machine.remove();
    await runtime.close();
  } finally {
    core.links.release(runtime.namespace);
    core.translators.release(runtime.namespace);
    core[`${kind}s`].delete(name);
    // Closing the lab meanwhile removes all nodes, without an event for each.
    if (!core.bus.closed) core.bus.emit({ kind: `${kind}-removed`, name });
  }
  await settled;
}

/** Unplugs a node; refused while other nodes need it. */
function retire(core: LabCore, record: Removable): void {
  if (record.kind === "region") unplugRegion(core, record);
  else if (record.kind === "router") unplugRouter(core, record);
  else if (record.kind === "vm") unplugVm(core, record);
  else unplugDevice(core, record);
}
