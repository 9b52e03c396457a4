import { z } from "zod";
import { duration, scalars, text, textOfScalar, texts, timeLimit } from "./fields.ts";

/** What steps are that run commands, or wait for them. */

/** Every step may have these. */
export const common = {
  id: text("What other steps call this step: ${id.capture}.").optional(),
  requires: texts('Captures that it waits for before it starts, as "id.name".').optional(),
  when: textOfScalar.describe('"false": the step is skipped.').optional(),
  timeout: timeLimit("How long it may take.").optional(),
};

/** `[step.captures.NAME]` */
export const captureSchema = z.strictObject({
  pipe: z.enum(["stdout", "stderr"]).describe('Which output is read. Default "stdout".').optional(),
  regex: text(
    "On each line of text: its first group is captured, or all that it matches.",
  ).optional(),
  match: scalars("What the JSON must have, by dot-path; all of it.").optional(),
  pick: text('The dot-path of the value in the JSON: ".end.bytes", ".addrs.0".').optional(),
}).meta({ title: "capture" });

const results = z.strictObject({
  duration: text("The capture with the time that it took, in s, or whole microseconds.").optional(),
  up_bytes: text("The capture with the bytes that were sent.").optional(),
  down_bytes: text("The capture with the bytes that were received.").optional(),
  latency_ms: text("The capture with the latency, in milliseconds.").optional(),
}).meta({ title: "results" });

const argv = {
  error: 'must be a list, the program and its arguments: ["ping", "-c1", "10.0.0.1"]',
};

const command = {
  ...common,
  device: text("The device, router or virtual machine that it runs in."),
  cmd: z.array(z.string(), argv).min(1, argv)
    .refine(([program]) => program !== "", argv)
    .describe(
      "The program and its arguments, with ${binary.NAME}, ${id.capture}, $NETYARD_IP_NODE.",
    ),
  args: texts("More arguments; behind a template's cmd.").optional(),
  env: scalars("Environment variables.").optional(),
  parser: z.enum(["text", "ndjson", "json"])
    .describe('How its output is read. Default "text".').optional(),
  captures: z.record(
    z.string().regex(/^[A-Za-z0-9_-]+$/, "use letters, digits, _ and -"),
    captureSchema,
  ).describe("Values that are taken from its output, by name.").optional(),
  results: results.describe('The captures of the report, as "id.name".').optional(),
};

export const processSteps = {
  run: z.strictObject({
    action: z.literal("run").describe("Runs a command to its end.").optional(),
    ...command,
  }),
  spawn: z.strictObject({
    action: z.literal("spawn").describe("Starts a command, and goes on."),
    ...command,
    ready_after: duration("How long the next step waits.").optional(),
  }),
  "wait-for": z.strictObject({
    action: z.literal("wait-for").describe("Waits for the end of a spawn, or of a capture."),
    ...common,
    id: text("The id of that step."),
    timeout: timeLimit("How long it may take. Default 300s.").optional(),
  }),
  wait: z.strictObject({
    action: z.literal("wait").describe("Does nothing for a time."),
    ...common,
    duration: duration("How long."),
  }),
};
