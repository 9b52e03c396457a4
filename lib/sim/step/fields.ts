import { z } from "zod";
import { type Duration, durationSchema, milliseconds } from "../../options/duration.ts";

/** Fields that more than one table of a simulation has. */

/** A time, as JSON Schema has it too. */
export function duration(what: string): z.ZodType<Duration> {
  return durationSchema.clone().meta({
    description: what,
    anyOf: [
      { type: "string", pattern: "^\\d+(\\.\\d+)?(ms|s|m|h)$" },
      { type: "number", minimum: 0 },
    ],
  });
}

/** How long something may take: as {@link duration}, but not no time at all. */
export function timeLimit(what: string): z.ZodType<Duration> {
  return duration(what).refine((time) => milliseconds(time) > 0, {
    error: "must be more than that, as nothing is done in no time",
    when: ({ issues }) => issues.length === 0,
  });
}

/** A text that is not empty. */
export function text(what: string): z.ZodString {
  return z.string().min(1).describe(what);
}

/** A list of texts. */
export function texts(what: string): z.ZodArray<z.ZodString> {
  return z.array(z.string()).describe(what);
}

const scalar = "must be a string, a number, or true or false";

/** A text, or what is written as a number, or true or false, and becomes a text. */
export const textOfScalar: z.ZodType<string> = z
  .union([z.string(scalar), z.number(scalar), z.boolean(scalar)], scalar)
  .transform(String);

/** Texts by their names. */
export function scalars(what: string): z.ZodType<Record<string, string>> {
  return z.record(z.string(), textOfScalar).describe(what);
}
