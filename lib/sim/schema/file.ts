import { z } from "zod";
import { topologyTables } from "../../lab/config/toml.ts";
import { tomlNumber } from "../../toml/values.ts";
import { binarySchema, prepareSchema } from "./binary.ts";
import { text, timeLimit } from "../step/fields.ts";
import type { Schema } from "../../options/schema.ts";

/** The tables of a topology that a simulation may have. */
export const TOPOLOGY_TABLES: readonly string[] = Object.keys(topologyTables);

const simSchema = z.strictObject({
  name: text("The name of the simulation and of its output directory. Default: that of the file.")
    .optional(),
  topology: text("A topology: the file topos/NAME.toml.").optional(),
  timeout: timeLimit("How long the simulation may take.").optional(),
  seed: tomlNumber(z.int().min(0).max(0xffffffff)).describe("The seed of all random decisions.")
    .optional(),
}).meta({ title: "sim" });

/** The schemas of the tables with steps, which differ between loading and JSON Schema. */
export interface StepTables {
  step: Schema<Record<string, unknown>>;
  template: Schema<Record<string, unknown>>;
  groupStep: Schema<Record<string, unknown>>;
}

/** The tables of a simulation, without those of its topology. */
export function simulationTables({ step, template, groupStep }: StepTables) {
  return {
    extends: z.array(
      z.strictObject({
        file: text("A file, relative to this one, one directory up, or the working directory."),
      }),
    ).describe("Files with binaries, templates and groups for this one.").optional(),
    sim: simSchema.describe("The name, topology and limits of the simulation.").optional(),
    binary: z.array(binarySchema).describe("Programs that steps use.").optional(),
    prepare: z.array(prepareSchema).describe("What cargo builds before the simulation starts.")
      .optional(),
    "step-template": z.array(template).describe("Templates, from which steps begin.").optional(),
    "step-group": z.array(
      z.strictObject({
        name: text("The name by which steps use it."),
        step: z.array(groupStep).min(1).describe("Its steps, with ${group.KEY} in them."),
      }),
    ).describe("Several steps that are used as one.").optional(),
    step: z.array(step).describe("The steps, in their order.").optional(),
  };
}

const table = z.record(z.string(), z.unknown());
const tables = simulationTables({ step: table, template: table, groupStep: table });
// `topologyFrom()` checks these tables.
const topology = Object.fromEntries(
  TOPOLOGY_TABLES.map((name) => [name, z.unknown().optional()]),
);

/** The file of a simulation, without the contents of its steps, matrix and topology. */
export const simulationFileSchema = z.strictObject({
  ...tables,
  matrix: z.unknown().optional(),
  ...topology,
});

const notShared = z.custom<undefined>((value) => value === undefined, {
  error: "must be left out of a file that is extended: only the simulation itself has it",
}).optional();

/** A file that simulations extend. */
export const sharedFileSchema = z.strictObject({
  ...tables,
  ...topology,
  step: notShared,
  matrix: notShared,
});
