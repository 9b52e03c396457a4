import { z } from "zod";
import { milliseconds } from "../../options/duration.ts";
import type { CaptureSpec, ParserKind } from "../values/output_parser.ts";
import { captureSchema, captureSpecs } from "./capture_specs.ts";
import { duration, scalars, text, texts } from "./fields.ts";
import { common, type StepBase, stepKind, type StepReader, withoutUndefined } from "./kind.ts";

/** `[step.results]`: the captures, as `id.name`, that go into the report. */
export interface ResultsSpec {
  /** The duration of a transfer. */
  duration?: string;
  /** Bytes sent. */
  upBytes?: string;
  /** Bytes received. */
  downBytes?: string;
  /** The latency in milliseconds. */
  latencyMs?: string;
}

/** What steps that run programs have. */
export interface ProcessStep extends StepBase {
  /** The device, router or virtual machine that the program runs in. */
  device: string;
  /** The program and its arguments, with `${...}` and `$NETYARD_IP_...` in them. */
  cmd: string[];
  /** Environment variables, in addition to those of the lab. */
  env: Record<string, string>;
  /** How the output is read. */
  parser: ParserKind;
  /** The values taken from the output, by name. */
  captures: Record<string, CaptureSpec>;
  /** The step's row of the report. */
  results?: ResultsSpec;
}

/** Runs a command to its end, which must be exit code 0. */
export interface RunStep extends ProcessStep {
  /** The action. */
  action: "run";
}

/** Starts a command, which continues until a `wait-for`, or the end of the simulation. */
export interface SpawnStep extends ProcessStep {
  /** The action. */
  action: "spawn";
  /** How long to wait before the next step, in milliseconds. */
  readyAfterMs?: number;
}

const resultsSchema = z.strictObject({
  duration: text("The capture of the duration, in s, or in whole microseconds.").optional(),
  up_bytes: text("The capture of the bytes sent.").optional(),
  down_bytes: text("The capture of the bytes received.").optional(),
  latency_ms: text("The capture of the latency, in milliseconds.").optional(),
}).meta({ title: "results" });

const argv = {
  error: 'must be a list, the program and its arguments: ["ping", "-c1", "10.0.0.1"]',
};

const programKeys = {
  ...common,
  device: text("The device, router or virtual machine that it runs in."),
  cmd: z.array(z.string(), argv).min(1, argv)
    .refine(([program]) => program !== "", argv)
    .describe(
      "The program and its arguments, with ${binary.NAME}, ${id.capture}, $NETYARD_IP_NODE.",
    ),
  args: texts("Additional arguments, after those of cmd.").optional(),
  env: scalars("Environment variables.").optional(),
  parser: z.enum(["text", "ndjson", "json"])
    .describe('How its output is read. Default "text".').optional(),
  captures: z.record(
    z.string().regex(/^[A-Za-z0-9_-]+$/, "use letters, digits, _ and -"),
    captureSchema,
  ).describe("The values captured from its output, by name.").optional(),
  results: resultsSchema.describe('The captures for the report, as "id.name".').optional(),
};

type ProgramTable = z.output<z.ZodObject<typeof programKeys>>;

const runSchema = z.strictObject({
  action: z.literal("run").describe("Runs a command to its end.").optional(),
  ...programKeys,
});

const spawnSchema = z.strictObject({
  action: z.literal("spawn").describe("Starts a command in the background."),
  ...programKeys,
  ready_after: duration("How long to wait before the next step.").optional(),
});

export const programKinds = {
  run: stepKind({ schema: runSchema, toStep: toProgram, captures: captureNames }),
  spawn: stepKind({
    schema: spawnSchema.refine(
      ({ id }) => id !== undefined,
      '"id" is missing; other steps refer to it by that',
    ),
    toStep: (table, reader) => ({
      ...toProgram(table, reader),
      readyAfterMs: table.ready_after === undefined ? undefined : milliseconds(table.ready_after),
    }),
    captures: captureNames,
    isWaitable: true,
  }),
};

function toProgram(table: ProgramTable, reader: StepReader): Omit<ProcessStep, keyof StepBase> {
  const { device, cmd, args = [], env = {}, parser = "text", captures = {}, results } = table;
  return {
    device: reader.node(device, ["device"]),
    cmd: [
      ...cmd.map((word, i) => reader.template(word, ["cmd", i])),
      ...args.map((word, i) => reader.template(word, ["args", i])),
    ],
    env: Object.fromEntries(
      Object.entries(env).map(([name, value]) => [name, reader.template(value, ["env", name])]),
    ),
    parser,
    captures: captureSpecs(captures, parser, (path, message) => reader.fault(path, message)),
    results: results && toResults(results, reader),
  };
}

function toResults(table: z.output<typeof resultsSchema>, reader: StepReader): ResultsSpec {
  const key = (name: keyof typeof table) => {
    const written = table[name];
    return written === undefined ? undefined : reader.result(written, ["results", name]);
  };
  return withoutUndefined({
    duration: key("duration"),
    upBytes: key("up_bytes"),
    downBytes: key("down_bytes"),
    latencyMs: key("latency_ms"),
  });
}

function captureNames({ captures = {} }: ProgramTable): string[] {
  return Object.keys(captures);
}
