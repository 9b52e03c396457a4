import { z } from "zod";
import { conditionToml } from "../../lab/config/toml_options.ts";
import {
  directionSchema,
  type LinkCondition,
  type LinkDirection,
  type LinkDirections,
} from "../../link/mod.ts";
import { text } from "./fields.ts";
import { common, type StepBase, stepKind } from "./kind.ts";

/** Changes the condition of a device's link. */
export interface SetLinkConditionStep extends StepBase {
  /** The action. */
  action: "set-link-condition";
  /** The device. */
  device: string;
  /** Default: the first interface. */
  interface?: string;
  /** The condition; null removes the active one. */
  condition: LinkCondition | LinkDirections | null;
  /** Default `"both"`. */
  direction?: LinkDirection;
}

/** Takes an interface down, or brings it up. */
export interface LinkStep extends StepBase {
  /** The action. */
  action: "link-down" | "link-up";
  /** The device. */
  device: string;
  /** Default: the first interface. */
  interface?: string;
}

/** Moves a device's default route to another interface. */
export interface SetDefaultRouteStep extends StepBase {
  /** The action. */
  action: "set-default-route";
  /** The device. */
  device: string;
  /** The interface. */
  to: string;
}

/** Attaches an interface to another router or bridge. */
export interface ReplugStep extends StepBase {
  /** The action. */
  action: "replug";
  /** The device. */
  device: string;
  /** Default: the first interface. */
  interface?: string;
  /** The router or bridge. */
  to: string;
}

const device = text("The device.");
const linkInterface = text("The interface. Default: the device's first.").optional();

export const linkKinds = {
  "set-link-condition": stepKind({
    olderName: "set-impair",
    schema: z.strictObject({
      action: z.enum(["set-link-condition", "set-impair"])
        .describe("Sets the condition of a link, in place of the active one."),
      ...common,
      device,
      interface: linkInterface,
      condition: conditionToml.describe("The condition. Default: none.").optional(),
      impair: conditionToml.describe("The condition, in older files.").optional(),
      direction: directionSchema.describe('The direction, as the device sees it. Default "both".')
        .optional(),
    }).refine(
      ({ condition, impair }) => condition === undefined || impair === undefined,
      '"condition" and "impair" mean the same; give one of them',
    ).refine(
      ({ condition, impair = condition, direction }) =>
        direction === undefined || typeof impair !== "object" ||
        !("up" in impair || "down" in impair),
      'the condition has "up" and "down"; leave "direction" out',
    ),
    toStep: (
      { device, interface: name, impair = null, condition = impair, direction },
      reader,
    ) => ({
      device: reader.device(device),
      interface: reader.interface(name, device),
      condition,
      direction,
    }),
  }),
  "link-down": upOrDown("link-down", "Takes an interface down."),
  "link-up": upOrDown("link-up", "Brings an interface up."),
  "set-default-route": stepKind({
    olderName: "switch-route",
    schema: z.strictObject({
      action: z.enum(["set-default-route", "switch-route"])
        .describe("Moves a device's default route to another interface."),
      ...common,
      device,
      to: text("The interface."),
    }),
    toStep: ({ device, to }, reader) => ({
      device: reader.device(device),
      to: reader.interface(to, device, ["to"]),
    }),
  }),
  replug: stepKind({
    schema: z.strictObject({
      action: z.literal("replug").describe("Attaches an interface to another router or bridge."),
      ...common,
      device,
      interface: linkInterface,
      to: text("The router or bridge."),
    }),
    toStep: ({ device, interface: name, to }, reader) => ({
      device: reader.device(device),
      interface: reader.interface(name, device),
      to: reader.bridge(to, ["to"]),
    }),
  }),
};

function upOrDown(action: LinkStep["action"], what: string) {
  return stepKind({
    schema: z.strictObject({
      action: z.literal(action).describe(what),
      ...common,
      device,
      interface: linkInterface,
    }),
    toStep: ({ device, interface: name }, reader) => ({
      device: reader.device(device),
      interface: reader.interface(name, device),
    }),
  });
}
