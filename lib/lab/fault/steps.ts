import { z } from "zod";
import { type Duration, durationSchema } from "../../options/duration.ts";
import { type Fault, faultSchema } from "./types.ts";
import type { Schema } from "../../options/schema.ts";

/** The action of a step. */
export type ScheduleAction =
  /** Injects a fault. */
  | Fault
  /** Heals all faults that the schedule injected, or the one of the step with this name. */
  | "heal"
  | { heal: string }
  /** Calls a function; a promise is awaited before the step counts as done. */
  | (() => unknown);

/** A step of a schedule. */
export interface ScheduleStep {
  /** The time, from the start of the schedule. */
  at: Duration;
  /** The action. */
  do: ScheduleAction;
  /** How long a fault lasts. Default: until it is healed. */
  for?: Duration;
  /** The name by which `{ heal: name }` refers to the step. */
  name?: string;
}

const action: Schema<ScheduleAction> = z.union([
  faultSchema,
  z.literal("heal"),
  z.strictObject({ heal: z.string() }).meta({ title: "heal" }),
  z.custom<() => unknown>((value) => typeof value === "function", { error: "must be a function" }),
]);

/** What the steps of a schedule must be. */
export const stepsSchema: Schema<ScheduleStep[]> = z.array(
  z.strictObject({
    at: durationSchema,
    do: action,
    for: durationSchema.optional(),
    name: z.string().min(1).optional(),
  }).refine((step) => step.for === undefined || typeof step.do === "object" && "kind" in step.do, {
    path: ["for"],
    error: "must be left out: the step injects no fault",
  }),
);
