import { z } from "zod";
import { common, type StepBase, stepKind } from "./kind.ts";

/** Breaks or restores the link between two regions: `regions = ["eu", "us"]`. */
export interface RegionStep extends StepBase {
  /** The action. */
  action: "break-region" | "restore-region";
  /** The two ends of the link. */
  regions: [string, string];
}

export const regionKinds = {
  "break-region": regionLink("break-region", "Breaks the link between two regions."),
  "restore-region": regionLink("restore-region", "Restores the link between two regions."),
};

function regionLink(action: RegionStep["action"], what: string) {
  return stepKind({
    schema: z.strictObject({
      action: z.literal(action).describe(what),
      ...common,
      regions: z.tuple([z.string(), z.string()]).describe("The two ends of the link."),
    }),
    toStep: ({ regions }, reader) => {
      regions.forEach((name, i) => reader.region(name, ["regions", i]));
      if (regions[0] === regions[1]) {
        reader.fault(["regions"], '"regions" must be two regions');
      }
      return { regions };
    },
  });
}
