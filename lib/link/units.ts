import { z } from "zod";
import { MAX_DELAY_MS } from "./limits.ts";
import type { Schema } from "../options/schema.ts";

/** Schemas of the numbers of link conditions. */

/** 0 for unlimited, up to 100 Gbit/s; below 1 kbit/s a full frame would take more than 12 s. */
export const rateKbit: Schema<number> = z.union([
  z.literal(0),
  z.number().min(1).max(100_000_000),
]);

/** A share of packets, in percent. */
export const percent: Schema<number> = z.number().min(0).max(100);

/** A one-way delay, in milliseconds. */
export const milliseconds: Schema<number> = z.number().min(0).max(MAX_DELAY_MS);

/** The limits that links of interfaces and links of regions have in common. */
export const linkFields: Record<
  "rateKbit" | "lossPct" | "latencyMs" | "jitterMs",
  z.core.$ZodType<number | undefined>
> = {
  rateKbit: rateKbit
    .describe("The bit rate, in kbit/s: 0 for unlimited, else 1 to 100000000.").optional(),
  lossPct: percent.describe("Packets that are lost, in percent.").optional(),
  latencyMs: milliseconds.describe("One-way delay, in milliseconds.").optional(),
  jitterMs: milliseconds
    .describe("The delay varies by up to this many milliseconds in either direction, evenly.")
    .optional(),
};
