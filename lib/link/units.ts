import { z } from "zod";

/** What the numbers of link conditions may be. */

/** The longest delay: a minute is more than any link's, and what the queues still hold. */
export const MAX_DELAY_MS = 60_000;

/** 0 for unlimited, up to 100 Gbit/s; below 1 kbit/s a full frame would take more than 12 s. */
export const rateKbit: z.ZodType<number> = z.union([
  z.literal(0),
  z.number().min(1).max(100_000_000),
]);

/** A share of packets. */
export const percent: z.ZodType<number> = z.number().min(0).max(100);

/** A one-way delay. */
export const milliseconds: z.ZodType<number> = z.number().min(0).max(MAX_DELAY_MS);
