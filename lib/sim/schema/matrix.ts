import { z } from "zod";
import { textOfScalar } from "../step/fields.ts";

const axis = z.array(textOfScalar).min(1);

/** `[matrix]`: each key except `params` is an axis. */
export const matrixSchema = z.object({
  params: z.record(z.string(), z.record(z.string(), z.record(z.string(), textOfScalar)))
    .describe(
      "By axis and value: further values of ${matrix.KEY} in the variants with that value of the axis.",
    )
    .optional(),
}).catchall(axis).describe(
  "Makes a simulation for each combination of values; ${matrix.AXIS} in a string stands for the value.",
);
