import { z } from "zod";
import { type Duration, durationSchema, milliseconds } from "../../options/duration.ts";
import type { Schema } from "../../options/schema.ts";

/** The schemas of keys that several tables of a simulation have. */

/** A duration, with its form in JSON Schema. */
export function duration(what: string): z.ZodCustom<Duration, Duration> {
  return durationSchema.clone().meta({
    description: what,
    anyOf: [
      { type: "string", pattern: "^\\d+(\\.\\d+)?(ms|s|m|h)$" },
      { type: "number", minimum: 0 },
    ],
  });
}

/** A time limit: a {@link duration} of more than 0. */
export function timeLimit(what: string): Schema<Duration> {
  return duration(what).refine((time) => milliseconds(time) > 0, {
    error: "must be more than 0",
    when: ({ issues }) => issues.length === 0,
  });
}

/** A string that is not empty. */
export function text(what: string): z.ZodString {
  return z.string().min(1).describe(what);
}

/** A list of strings. */
export function texts(what: string): z.ZodArray<z.ZodString> {
  return z.array(z.string()).describe(what);
}

const scalar = "must be a string, a number, or true or false";

/** A string; a number, true or false becomes one. */
export const textOfScalar: Schema<string> = z
  .union([z.string(scalar), z.number(scalar), z.boolean(scalar)], scalar)
  .transform(String);

/** Strings by name; numbers, true and false become strings. */
export function scalars(what: string): Schema<Record<string, string>> {
  return z.record(z.string(), textOfScalar).describe(what);
}
