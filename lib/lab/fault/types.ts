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
  /** Which fault it is. */
  kind: "link-down";
}

/** An interface goes down and up again and again. */
export interface FlapFault extends OnInterface {
  /** Which fault it is. */
  kind: "flap";
  /** How long it is down each time. */
  down: Duration;
  /** How long it is up between. */
  up: Duration;
  /** How often it goes down. Default: until it is healed. */
  times?: number;
}

/** The link of an interface has another condition than was asked of it. */
export interface DegradeFault extends OnInterface {
  /** Which fault it is. */
  kind: "degrade";
  /** The condition that it has instead. */
  condition: LinkCondition;
  /** Default `"both"`. */
  direction?: LinkDirection;
}

/** What a router sends into its LAN has another condition than was asked of it. */
export interface DegradeDownlinkFault {
  /** Which fault it is. */
  kind: "degrade-downlink";
  /** The router. */
  node: NodeReference;
  /** The condition that it has instead. */
  condition: LinkCondition;
}

/** The link of two regions is broken: packets go another way, or nowhere. */
export interface PartitionFault {
  /** Which fault it is. */
  kind: "partition";
  /** One of the regions, or its name. */
  a: RegionReference | string;
  /** The other. */
  b: RegionReference | string;
}

/** The link of two regions has another condition than it was made with. Packets go the same way. */
export interface DegradeRegionsFault {
  /** Which fault it is. */
  kind: "degrade-regions";
  /** One of the regions, or its name. */
  a: RegionReference | string;
  /** The other. */
  b: RegionReference | string;
  /** The condition that it has instead. */
  link: RegionLink;
}

/** Something that goes wrong in a lab, until it is healed. */
export type Fault =
  | LinkDownFault
  | FlapFault
  | DegradeFault
  | DegradeDownlinkFault
  | PartitionFault
  | DegradeRegionsFault;

const reference: z.ZodType<NodeReference> = z.custom<NodeReference>(
  (value) => typeof value === "string" || (typeof value === "object" && value !== null),
  { error: "must be a node, or the name of one" },
);
const region: z.ZodType<RegionReference | string> = reference;
const onInterface = { node: reference, interface: z.string() };
const longerThanNothing = durationSchema.refine((value) => Number.parseFloat(String(value)) > 0, {
  error: "must be more than 0",
});

/** What a fault may be. */
export const faultSchema: z.ZodType<Fault> = z.discriminatedUnion("kind", [
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

/** A fault as plain JSON, with names for handles. */
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
