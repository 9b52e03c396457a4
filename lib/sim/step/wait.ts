import { z } from "zod";
import { milliseconds } from "../../options/duration.ts";
import { duration, text, timeLimit } from "./fields.ts";
import { common, type StepBase, stepKind } from "./kind.ts";

/** Waits for the end of a `spawn` or a `capture`. */
export interface WaitForStep extends StepBase {
  /** The action. */
  action: "wait-for";
  /** The id of the step to wait for. */
  target: string;
}

/** Waits for a fixed time. */
export interface WaitStep extends StepBase {
  /** The action. */
  action: "wait";
  /** How long, in milliseconds. */
  durationMs: number;
}

export const waitKinds = {
  "wait-for": stepKind({
    schema: z.strictObject({
      action: z.literal("wait-for").describe("Waits for the end of a spawn or a capture."),
      ...common,
      id: text("The id of the step to wait for."),
      timeout: timeLimit("How long it may take. Default 300s.").optional(),
    }),
    toStep: ({ id, timeout = "300s" }, reader) => ({
      timeoutMs: milliseconds(timeout),
      target: reader.target(id),
    }),
    needsTopology: () => false,
    hasTargetId: true,
  }),
  wait: stepKind({
    schema: z.strictObject({
      action: z.literal("wait").describe("Waits for a fixed time."),
      ...common,
      duration: duration("How long."),
    }),
    toStep: ({ duration }) => ({ durationMs: milliseconds(duration) }),
    needsTopology: () => false,
  }),
};
