import { z } from "zod";
import { topologyTables } from "../../lab/config/toml.ts";
import { tomlNumber } from "../../toml/values.ts";
import { binarySchema, prepareSchema } from "./binary.ts";
import { text, timeLimit } from "../step/fields.ts";

/** The tables of a topology, which may stand in a simulation. */
export const TOPOLOGY_TABLES: readonly string[] = Object.keys(topologyTables);

const simSchema = z.strictObject({
  name: text("Its name, and that of its output directory. Default: that of the file.").optional(),
  topology: text("A topology: the file topos/NAME.toml.").optional(),
  timeout: timeLimit("How long all of it may take.").optional(),
  seed: tomlNumber(z.int().min(0).max(0xffffffff)).describe("Decides what is drawn at random.")
    .optional(),
}).meta({ title: "sim" });

/** What the tables with steps are, where these are checked elsewhere, or not. */
export interface StepTables {
  step: z.ZodType<Record<string, unknown>>;
  template: z.ZodType<Record<string, unknown>>;
  groupStep: z.ZodType<Record<string, unknown>>;
}

/** The tables of a simulation but those of its topology. */
export function simulationTables({ step, template, groupStep }: StepTables) {
  return {
    extends: z.array(
      z.strictObject({
        file: text("A file, from here, from one directory up, or from where you are."),
      }),
    ).describe("Files that have binaries, templates and groups for this one.").optional(),
    sim: simSchema.describe("What it is called, and where it runs.").optional(),
    binary: z.array(binarySchema).describe("Programs that steps use.").optional(),
    prepare: z.array(prepareSchema).describe("What cargo builds before anything starts.")
      .optional(),
    "step-template": z.array(template).describe("Steps to begin others from.").optional(),
    "step-group": z.array(
      z.strictObject({
        name: text("What steps use it by."),
        step: z.array(groupStep).min(1).describe("Its steps, with ${group.KEY} in them."),
      }),
    ).describe("Several steps to use as one.").optional(),
    step: z.array(step).describe("What is done, one after the other.").optional(),
  };
}

const table = z.record(z.string(), z.unknown());
const tables = simulationTables({ step: table, template: table, groupStep: table });
// `topologyFrom` checks them.
const topology = Object.fromEntries(
  TOPOLOGY_TABLES.map((name) => [name, z.unknown().optional()]),
);

/** A simulation's file, but for its steps, its matrix and its topology. */
export const simulationFileSchema = z.strictObject({
  ...tables,
  matrix: z.unknown().optional(),
  ...topology,
});

const notShared = z.custom<undefined>((value) => value === undefined, {
  error: "is not for a file that is extended: only the simulation itself has it",
}).optional();

/** A file that simulations extend. */
export const sharedFileSchema = z.strictObject({
  ...tables,
  ...topology,
  step: notShared,
  matrix: notShared,
});
