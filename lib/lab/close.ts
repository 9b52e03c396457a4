import type { Core } from "./core.ts";
import { LabClosedError } from "./options/errors.ts";
import { closeUplink } from "./bridging/uplink.ts";

/**
 * Ends everything in a lab and removes it; tries all of it, and then throws what failed. Later calls wait for
 * the first.
 */
export function closeLab(core: Core): Promise<void> {
  return core.closing ??= close(core);
}

async function close(core: Core): Promise<void> {
  core.closed = true;
  core.recording?.stop();
  for (const one of [...core.schedules, ...core.faults]) one.stop();
  for (const snapshot of [...core.snapshots]) snapshot.close();
  const nodes = [...core.allNodes()];
  // First, while the nodes still exist.
  const uplinks = [...core.segments()].map((segment) => closeUplink(segment));
  const results = await Promise.allSettled([
    core.advertising.close(),
    core.provisioning.close(),
    ...uplinks,
    core.delegations.close(new LabClosedError(`the lab "${core.label}" was closed`)),
    ...[...core.vms.values()].map(({ machine }) => machine.remove()),
    ...nodes.map((node) => node.runtime.close()),
    core.links.close(),
    ...[...core.routers.values()].map(({ nat64 }) => nat64?.dns?.close()),
    core.translators.close(),
  ]);
  // Before the last event: it may emit some.
  results.push(...await Promise.allSettled([core.telemetry?.close()]));
  core.bus.emit({ kind: "lab-closed" });
  core.bus.close();
  results.push(...await Promise.allSettled([core.recording?.close(), core.output?.close()]));
  const failed = results.filter((result) => result.status === "rejected");
  if (failed.length > 0) {
    throw new AggregateError(failed.map((f) => f.reason), `lab "${core.label}": close failed`);
  }
}
