/**
 * Faults of a lab, injected by hand or on a schedule, and undone one by one: an active fault is an
 * overlay over the requested state. Imports `options`, `model`, `link` and `routing`. Begin here;
 * `effects.ts` has what each kind does.
 *
 * @module
 */
import { z } from "zod";
import {
  conditionSchema,
  directionSchema,
  type LinkCondition,
  type LinkDirection,
  type RegionLink,
  regionLinkSchema,
} from "../../link/mod.ts";
import { type Duration, durationSchema } from "../../options/duration.ts";
import type { RegionReference } from "../options/options.ts";
import type { Schema } from "../../options/schema.ts";

/** A handle of a node of the same lab, or its name. */
export type NodeReference = { readonly name: string } | string;

/** An interface, by its node and its name. */
export interface OnInterface {
  /** The device or router. */
  node: NodeReference;
  /** The name of its interface, such as `wlan0`. */
  interface: string;
}

/** An interface is down. */
export interface LinkDownFault extends OnInterface {
  /** The kind of fault. */
  kind: "link-down";
}

/** An interface goes down and up again and again. */
export interface FlapFault extends OnInterface {
  /** The kind of fault. */
  kind: "flap";
  /** How long it is down each time. */
  down: Duration;
  /** How long it is up between. */
  up: Duration;
  /** How often it goes down. Default: until it is healed. */
  times?: number;
}

/** The link of an interface has another condition than the requested one. */
export interface DegradeFault extends OnInterface {
  /** The kind of fault. */
  kind: "degrade";
  /** The condition during the fault. */
  condition: LinkCondition;
  /** Default `"both"`. */
  direction?: LinkDirection;
}

/** The downlink of a router has another condition than the requested one. */
export interface DegradeDownlinkFault {
  /** The kind of fault. */
  kind: "degrade-downlink";
  /** The router. */
  node: NodeReference;
  /** The condition during the fault. */
  condition: LinkCondition;
}

/** The link of two regions is broken: packets take another path, or are dropped. */
export interface PartitionFault {
  /** The kind of fault. */
  kind: "partition";
  /** One of the regions, or its name. */
  a: RegionReference | string;
  /** The other. */
  b: RegionReference | string;
}

/** The link of two regions has another condition than the requested one. Packets take the same path. */
export interface DegradeRegionsFault {
  /** The kind of fault. */
  kind: "degrade-regions";
  /** One of the regions, or its name. */
  a: RegionReference | string;
  /** The other. */
  b: RegionReference | string;
  /** The condition during the fault. */
  link: RegionLink;
}

/** A fault of a lab, active until it is healed. */
export type Fault =
  | LinkDownFault
  | FlapFault
  | DegradeFault
  | DegradeDownlinkFault
  | PartitionFault
  | DegradeRegionsFault;

const reference: Schema<NodeReference> = z.custom<NodeReference>(
  (value) => typeof value === "string" || (typeof value === "object" && value !== null),
  { error: "must be a node, or its name" },
);
const region: Schema<RegionReference | string> = reference;
const onInterface = { node: reference, interface: z.string() };
const longerThanNothing = durationSchema.refine((value) => Number.parseFloat(String(value)) > 0, {
  error: "must be more than 0",
});

/** The values of a fault. */
export const faultSchema: Schema<Fault> = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("link-down"), ...onInterface }),
  z.strictObject({
    kind: z.literal("flap"),
    ...onInterface,
    down: longerThanNothing,
    up: longerThanNothing,
    times: z.int().min(1).optional(),
  }),
  z.strictObject({
    kind: z.literal("degrade"),
    ...onInterface,
    condition: conditionSchema,
    direction: directionSchema.optional(),
  }),
  z.strictObject({
    kind: z.literal("degrade-downlink"),
    node: reference,
    condition: conditionSchema,
  }),
  z.strictObject({ kind: z.literal("partition"), a: region, b: region }),
  z.strictObject({
    kind: z.literal("degrade-regions"),
    a: region,
    b: region,
    link: regionLinkSchema,
  }),
]);

/** Returns a fault as plain JSON, with names in place of handles. */
export function faultRecord(fault: Fault): Record<string, unknown> {
  const name = (value: unknown) =>
    typeof value === "object" && value !== null && "name" in value ? value.name : value;
  return Object.fromEntries(
    Object.entries(fault).map(([key, value]) => [
      key,
      ["node", "a", "b"].includes(key) ? name(value) : value,
    ]),
  );
}
