import { z } from "zod";
import { textOfScalar } from "../step/fields.ts";

const axis = z.array(textOfScalar).min(1);

/** `[matrix]`: each key but `params` is an axis. */
export const matrixSchema = z.object({
  params: z.record(z.string(), z.record(z.string(), z.record(z.string(), textOfScalar)))
    .describe("By axis and value: more that ${matrix.KEY} stands for where the axis has the value.")
    .optional(),
}).catchall(axis).describe(
  "Makes a simulation of each combination of values; ${matrix.AXIS} in any string is the value.",
);
