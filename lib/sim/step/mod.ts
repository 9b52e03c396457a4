/**
 * The steps of a simulation: one file for each group of actions, with the public type of each step
 * and its {@link StepKind}, the table of a TOML file that becomes it. Imports `values` and the
 * schemas of the options; starts nothing. Begin with `kind.ts`, then read `router.ts`.
 *
 * To add a step, write its type and its kind here, and list both below. The type checker then asks
 * for the function that performs it, in `../perform/perform.ts`.
 *
 * @module
 */
import { z } from "zod";
import { assertKinds, type AssertStep } from "./assert.ts";
import { captureKinds, type CaptureStep } from "./capture.ts";
import { fileKinds, type GenCertsStep, type GenFileStep } from "./files.ts";
import { groupUse, type StepBase, type StepKind } from "./kind.ts";
import {
  linkKinds,
  type LinkStep,
  type ReplugStep,
  type SetDefaultRouteStep,
  type SetLinkConditionStep,
} from "./link.ts";
import { partitionKinds, type PartitionStep } from "./partition.ts";
import { programKinds, type RunStep, type SpawnStep } from "./program.ts";
import { regionKinds, type RegionStep } from "./region.ts";
import {
  type FamilyStep,
  type FlushNatStep,
  type RenewPrefixStep,
  routerKinds,
  type SetFirewallStep,
  type SetNatStep,
  type SetNatV6Step,
} from "./router.ts";
import { type WaitForStep, waitKinds, type WaitStep } from "./wait.ts";

/** A step that changes the network. It ends when the change is effective. */
export type NetworkStep =
  | SetLinkConditionStep
  | LinkStep
  | SetDefaultRouteStep
  | ReplugStep
  | SetNatStep
  | FlushNatStep
  | SetNatV6Step
  | RenewPrefixStep
  | FamilyStep
  | SetFirewallStep
  | RegionStep
  | PartitionStep;

/** A step of a simulation, with all templates, groups and counted devices expanded. */
export type Step =
  | RunStep
  | SpawnStep
  | WaitForStep
  | WaitStep
  | NetworkStep
  | CaptureStep
  | GenCertsStep
  | GenFileStep
  | AssertStep;

/** What a step may do. */
export type Action = Step["action"];

/** The step of an action. */
export type StepOf<A extends Action, S = Step> = S extends { action: infer B }
  ? A extends B ? S : never
  : never;

/** What `toStep` returns for an action: what the step has beside its {@link StepBase}. */
type FieldsOf<A extends Action> = Omit<StepOf<A>, keyof StepBase | "action">;

/** All kinds of steps by their action, in the order in which messages and the JSON Schema list them. */
export const stepKinds = {
  ...programKinds,
  ...waitKinds,
  ...linkKinds,
  ...routerKinds,
  ...regionKinds,
  ...partitionKinds,
  ...captureKinds,
  ...fileKinds,
  ...assertKinds,
} satisfies { [A in Action]: { toStep(...args: never): FieldsOf<A> } };

/** Returns the kind of an action, for callers that know the action only when they run. */
export function kindOf(action: Action): StepKind {
  return stepKinds[action];
}

/** The actions by their names in older files. */
const OLDER_NAMES: Readonly<Record<string, Action>> = Object.fromEntries(
  Object.keys(stepKinds).flatMap((name) => {
    const action = name as Action;
    const { olderName } = kindOf(action);
    return olderName === undefined ? [] : [[olderName, action]];
  }),
);

/** All names of actions, those of older files last. */
export const ACTION_NAMES: readonly string[] = [
  ...Object.keys(stepKinds),
  ...Object.keys(OLDER_NAMES),
];

/** Returns the action of a name; undefined if there is none. */
export function actionNamed(name: string): Action | undefined {
  if (Object.hasOwn(OLDER_NAMES, name)) return OLDER_NAMES[name];
  return Object.hasOwn(stepKinds, name) ? name as Action : undefined;
}

/** The tables of whole steps, by action. */
const schemas = Object.keys(stepKinds).map((action) =>
  [action, kindOf(action as Action).schema as z.ZodObject] as const
);

/** The tables of steps of which templates and groups give a part: no key is required. */
export const partialSchemas: Readonly<Record<Action, z.ZodObject>> = Object.fromEntries(
  schemas.map(([action, schema]) => [action, partial(schema)]),
) as Record<Action, z.ZodObject>;

/** The table of a part of a step without action: it may have the keys of any step. */
export const anyStepSchema: z.ZodObject = z.strictObject(
  Object.fromEntries(
    schemas.toReversed().flatMap(([, { shape }]) => Object.entries(shape))
      .map(([key, field]) => [key, z.unknown().describe(descriptionOf(field)).optional()]),
  ),
);

/** The table of a step that stands for all steps of a group. */
export const groupUseSchema = z.strictObject(groupUse);

/** Returns the schema without its refinements, which may require what a part need not have. */
function partial(schema: z.ZodObject): z.ZodObject {
  return z.strictObject(
    Object.fromEntries(
      Object.entries(schema.shape).map(([key, field]) => [key, z.optional(field)]),
    ),
  );
}

function descriptionOf(field: z.core.$ZodType): string {
  const schema = field instanceof z.ZodOptional ? field.unwrap() : field;
  return z.globalRegistry.get(schema)?.description ?? "";
}
