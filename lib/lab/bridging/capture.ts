import { Capture } from "../../node/capture/capture.ts";
import type { CaptureOptions } from "../../node/capture/capture_options.ts";
import { captureTarget } from "../../node/capture/capture_target.ts";
import type { LabCore } from "../model/lab.ts";
import { TopologyError } from "../options/errors.ts";
import type { InterfaceRecord, Segment } from "../model/records.ts";
import { withoutUndo } from "../model/undo.ts";
import { ensureBridge } from "../wiring/links.ts";

/** Captures all frames on a bridge, each once. */
export async function captureBridge(
  core: LabCore,
  segment: Segment,
  options: CaptureOptions,
): Promise<Capture> {
  const { owner, name, members, gatewayLink } = segment;
  const what = `capture of bridge ${name}`;
  const label = `bridge "${name}": capture()`;
  if (members.size === 0) {
    throw new TopologyError(
      `${label}: the bridge has no members and no link yet; call attach() first`,
    );
  }
  // So that the capture sees members that join later, too.
  ensureBridge(core, segment, gatewayLink, withoutUndo);
  core.settleKernel();
  const target = captureTarget(owner.runtime, segment.gatewayLink!.name);
  return await Capture.start(owner.runtime, { ...target, label: what }, options);
}

/** Captures the frames on the link of one member. */
export async function captureMember(
  { node, name, segment }: InterfaceRecord,
  port: string,
  options: CaptureOptions,
): Promise<Capture> {
  const { runtime } = segment.owner;
  const label = `capture of ${node.name} ${name}`;
  return await Capture.start(runtime, { ...captureTarget(runtime, port), label }, options);
}
