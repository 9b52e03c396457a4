import { z } from "zod";
import { milliseconds } from "../../options/duration.ts";
import { duration, text } from "./fields.ts";
import { common, type StepBase, stepKind } from "./kind.ts";

/** Captures packets into `captures/<id>.pcap`, until a `wait-for`, its duration, or the end. */
export interface CaptureStep extends StepBase {
  /** The action. */
  action: "capture";
  /** A device or router; give either this or `bridge`. */
  device?: string;
  /** The bridge, or the router for its LAN. */
  bridge?: string;
  /** Default: all interfaces; of a virtual machine, the first. */
  interface?: string;
  /** A pcap-filter(7) expression. Default: all packets. */
  filter?: string;
  /** How long, in milliseconds. */
  durationMs?: number;
}

export const captureKinds = {
  capture: stepKind({
    schema: z.strictObject({
      action: z.literal("capture").describe("Captures packets into captures/<id>.pcap."),
      ...common,
      device: text("The device or router.").optional(),
      bridge: text("The bridge, or the router of the LAN.").optional(),
      interface: text("The interface of the device. Default: all.").optional(),
      filter: text("A pcap-filter(7) expression. Default: all packets.").optional(),
      duration: duration("How long. Default: until a wait-for, or the end.").optional(),
    }).refine(
      (step) => (step.device === undefined) !== (step.bridge === undefined),
      'give either "device" or "bridge"',
    ),
    toStep: ({ device, bridge, interface: name, filter, duration }, reader) => ({
      device: device && reader.deviceOrRouter(device),
      bridge: bridge && reader.bridge(bridge),
      interface: device === undefined ? name : reader.interface(name, device),
      filter,
      durationMs: duration === undefined ? undefined : milliseconds(duration),
    }),
    captures: () => ["path", "packets"],
    isWaitable: true,
  }),
};
