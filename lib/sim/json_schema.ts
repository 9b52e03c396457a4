import { z } from "zod";
import { topologyTables } from "../lab/config/toml.ts";
import { simulationTables } from "./schema/file.ts";
import { text } from "./step/fields.ts";
import { matrixSchema } from "./schema/matrix.ts";
import {
  type Action,
  ACTION_NAMES,
  anyStepSchema,
  groupUseSchema,
  kindOf,
  partialSchemas,
  stepKinds,
} from "./step/mod.ts";
import type { Schema } from "../options/schema.ts";

/** A JSON Schema of draft 7, which the language servers for TOML support. */
export type JsonSchema = Record<string, unknown>;

/** Returns the JSON Schema of simulation files, by which editors complete and check them. */
export function simulationJsonSchema(): JsonSchema {
  return jsonSchema(
    "Netyard simulation",
    "A network, and the steps that run in it.",
    z.strictObject({
      ...simulationTables({ step, template, groupStep }),
      matrix: matrixSchema.optional(),
      ...topologyTables,
    }),
  );
}

/** Returns the JSON Schema of topology files. */
export function topologyJsonSchema(): JsonSchema {
  return jsonSchema("Netyard topology", "A network.", z.strictObject({ ...topologyTables }));
}

type Table = Schema<Record<string, unknown>>;

/** An action with placeholders, which is known when they are replaced. */
const laterAction = z.string().regex(/\$\{/).describe("The action.");

const whole = Object.keys(stepKinds).map((action) => kindOf(action as Action).schema);
const parts = Object.values(partialSchemas);
const useKey = { use: text("The template that the step begins from.") };
const nameKey = { name: text("The name by which steps use it.") };

/** The tables of parts of steps, where the key `action` may be called `kind`, or be missing. */
function drafts(extra: z.ZodRawShape): Table[] {
  return parts.map((part) => part.extend({ ...extra, kind: part.shape.action }));
}

const ofTemplate = anyStepSchema.extend(useKey).describe("A step that begins from a template.");
const later = anyStepSchema.extend({ action: laterAction });

const step = z.union([...whole, groupUseSchema, ofTemplate, later]) as Table;
const template = z.union([...drafts(nameKey), later.extend(nameKey)]) as Table;
const groupStep = z.union([...drafts({}), ofTemplate, later]) as Table;

function jsonSchema(title: string, description: string, schema: Schema): JsonSchema {
  const { $schema, ...rest } = z.toJSONSchema(schema, {
    target: "draft-7",
    io: "input",
    unrepresentable: "any",
  }) as JsonSchema;
  return { $schema, title, description, ...withPlaceholders(rest) as JsonSchema };
}

const PLACEHOLDER = { type: "string", pattern: "\\$\\{" };

/** Returns a schema that accepts `${...}` in place of any value that is not a table or a list. */
function withPlaceholders(schema: unknown, key?: string): unknown {
  if (Array.isArray(schema)) return schema.map((each) => withPlaceholders(each));
  if (typeof schema !== "object" || schema === null) return schema;
  // The names of keys are not values, and the action says which step it is.
  if (key === "propertyNames" || isAction(schema as JsonSchema)) return schema;
  const inside: JsonSchema = Object.fromEntries(
    Object.entries(schema).map(([name, each]) => [name, withPlaceholders(each, name)]),
  );
  if (Array.isArray(inside.anyOf)) {
    const branches = (inside.anyOf as JsonSchema[]).flatMap((branch) =>
      Object.keys(branch).join() === "anyOf" ? branch.anyOf as JsonSchema[] : [branch]
    );
    const anyText = branches.some((branch) =>
      branch.type === "string" && Object.keys(branch).length === 1
    );
    const others = branches.filter((branch) => !isPlaceholder(branch));
    const opened = !anyText && others.length < branches.length;
    return { ...inside, anyOf: opened ? [...others, PLACEHOLDER] : others };
  }
  if (!isClosed(inside)) return inside;
  const { title, description, ...constraint } = inside;
  return {
    ...title === undefined ? {} : { title },
    ...description === undefined ? {} : { description },
    anyOf: [constraint, PLACEHOLDER],
  };
}

function isPlaceholder({ type, pattern }: JsonSchema): boolean {
  return type === PLACEHOLDER.type && pattern === PLACEHOLDER.pattern;
}

function isAction(schema: JsonSchema): boolean {
  const [name] = Array.isArray(schema.enum) ? schema.enum : [schema.const];
  return ACTION_NAMES.includes(name);
}

/** Returns whether the schema refuses a text with a placeholder, which may become a valid value. */
function isClosed(schema: JsonSchema): boolean {
  if (isPlaceholder(schema) || schema.type === undefined) return false;
  return schema.enum !== undefined || schema.const !== undefined || schema.pattern !== undefined ||
    ["number", "integer", "boolean"].includes(String(schema.type));
}
