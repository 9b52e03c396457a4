import { z } from "zod";
import { linkFields, percent } from "./units.ts";
import type { Schema } from "../options/schema.ts";

/**
 * The impairments of one direction of a link. An effect that is left out, or 0, does not happen.
 * Percentages are shares of packets; each packet is drawn independently.
 *
 * A packet first waits for the rate, and is then delayed, as with tc-netem(8). Jitter makes packets
 * overtake each other, except where a rate is set: there they keep their order.
 */
export interface LinkLimits {
  /** The bit rate, in kbit/s (1,000 bits), of whole Ethernet frames. Default 0: unlimited. */
  rateKbit?: number;
  /** Packets that are lost, in percent. */
  lossPct?: number;
  /** One-way delay, in milliseconds. */
  latencyMs?: number;
  /**
   * The largest deviation of the delay in either direction, in milliseconds, uniformly distributed. The
   * delay is never below 0.
   */
  jitterMs?: number;
  /** Packets that are sent without the delay and so overtake others, in percent. */
  reorderPct?: number;
  /** Packets that arrive twice, in percent. */
  duplicatePct?: number;
  /** Packets with one flipped bit, in percent. */
  corruptPct?: number;
}

/** The names of the predefined link conditions. */
export type LinkPreset =
  | "lan"
  | "wifi"
  | "wifi-bad"
  | "mobile-4g"
  | "mobile-3g"
  | "satellite"
  | "satellite-geo";

/** The condition of a link, in one direction or in both: a preset or limits. */
export type LinkCondition = LinkPreset | LinkLimits;

/** The direction of a condition, as seen from the interface: `"up"` is what it sends. */
export type LinkDirection = "both" | "up" | "down";

/** A condition for each direction; null, or left out, for none. */
export interface LinkDirections {
  /** For packets that the interface sends. */
  up?: LinkCondition | null;
  /** For packets that it receives. */
  down?: LinkCondition | null;
}

/** The limits of the presets, which apply to each direction. */
export const LINK_PRESETS: Readonly<Record<LinkPreset, Readonly<LinkLimits>>> = {
  lan: {},
  wifi: { latencyMs: 5, jitterMs: 2, lossPct: 0.1 },
  "wifi-bad": { latencyMs: 40, jitterMs: 15, lossPct: 2, rateKbit: 20_000 },
  "mobile-4g": { latencyMs: 25, jitterMs: 8, lossPct: 0.5 },
  "mobile-3g": { latencyMs: 100, jitterMs: 30, lossPct: 2, rateKbit: 2_000 },
  satellite: { latencyMs: 40, jitterMs: 7, lossPct: 1 },
  "satellite-geo": { latencyMs: 300, jitterMs: 20, lossPct: 0.5, rateKbit: 25_000 },
};

const FIELDS = [
  "rateKbit",
  "lossPct",
  "latencyMs",
  "jitterMs",
  "reorderPct",
  "duplicatePct",
  "corruptPct",
] as const;

/** The limits of a condition that are not 0; undefined if there are none. */
export function resolveCondition(condition: LinkCondition | null): LinkLimits | undefined {
  const limits = typeof condition === "string" ? LINK_PRESETS[condition] : condition;
  const entries = FIELDS.flatMap((field) => limits?.[field] ? [[field, limits[field]]] : []);
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

/** Whether two resolved conditions are equal. */
export function sameLimits(a: LinkLimits | undefined, b: LinkLimits | undefined): boolean {
  return FIELDS.every((field) => (a?.[field] ?? 0) === (b?.[field] ?? 0));
}

const limits = {
  ...linkFields,
  reorderPct: percent
    .describe("Packets that are sent without the delay, and so overtake others, in percent.")
    .optional(),
  duplicatePct: percent.describe("Packets that arrive twice, in percent.").optional(),
  corruptPct: percent.describe("Packets of which one bit is flipped, in percent.").optional(),
};

const presetSchema = z.enum(Object.keys(LINK_PRESETS) as [LinkPreset, ...LinkPreset[]])
  .describe("A ready-made condition.");
const limitsSchema = z.strictObject(limits).meta({ title: "LinkLimits", table: "link condition" });

/** Schema of a direction. */
export const directionSchema: Schema<LinkDirection> = z.enum(["both", "up", "down"]);

/** Schema of a condition, in option objects and in TOML. */
export const conditionSchema: Schema<LinkCondition> = z.union([presetSchema, limitsSchema]);

/** Schema of the condition that an interface or a downlink is to have: null for none. */
export const requestedConditionSchema: Schema<LinkCondition | null> = z.nullable(conditionSchema);

// One object for both: for a union, zod would explain an unknown option by the wrong member.
const limitsOrDirectionsSchema = z.strictObject({
  ...limits,
  up: requestedConditionSchema.describe("The condition of what the interface sends.").optional(),
  down: requestedConditionSchema.describe("The condition of what it receives.").optional(),
}).meta({ title: "LinkLimits or LinkDirections", table: "link condition" }).refine(
  ({ up, down, ...both }) =>
    (up === undefined && down === undefined) ||
    Object.values(both).every((value) => value === undefined),
  "must have either limits for both directions, or those of each in up and down",
);

/** Schema of `condition` where a link is made: one for both directions, or one for each. */
export const linkConditionSchema: Schema<LinkCondition | LinkDirections> = z.union([
  presetSchema,
  limitsOrDirectionsSchema,
]);
