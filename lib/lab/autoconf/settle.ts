import type { LabCore } from "../model/lab.ts";
import type { NodeRecord } from "../model/records.ts";

/**
 * Waits until nodes have the IPv6 addresses and routes that their kernels make of advertisements, and
 * until nobody was found to have their addresses already. Of static addresses that are not looked for,
 * there is nothing to wait for.
 *
 * @throws {DuplicateAddressError} If somebody has one of them.
 * @throws {AutoconfigurationError} If a router that advertises is not heard.
 */
export async function settleAddresses(core: LabCore, nodes: NodeRecord[]): Promise<void> {
  if (!core.provisioning.isWaiting(nodes)) return;
  await core.provisioning.ready(nodes);
  // What came about is in use from now on.
  if (!core.closed) core.changed();
}
