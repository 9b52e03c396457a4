import { z } from "zod";
import { fileSteps } from "./file_steps.ts";
import { networkSteps } from "./network_steps.ts";
import { processSteps } from "./process_steps.ts";
import { scalars, text, textOfScalar } from "./fields.ts";

/** What a step may have, by its action. */
export const stepSchemas = { ...processSteps, ...networkSteps, ...fileSteps };

/** What a step may do. */
export type Action = keyof typeof stepSchemas;

/** A step of an action as its schema has it. */
export type CheckedStep<A extends Action> = z.output<(typeof stepSchemas)[A]>;

/** Names of actions in older files. */
const OLDER_NAMES: Record<string, Action> = {
  "set-impair": "set-link-condition",
  "switch-route": "set-default-route",
};

/** The names that an action may be written by. */
export const ACTION_NAMES: readonly string[] = [
  ...Object.keys(stepSchemas),
  ...Object.keys(OLDER_NAMES),
];

/** The action that a name means. */
export function actionNamed(name: string): Action | undefined {
  if (Object.hasOwn(OLDER_NAMES, name)) return OLDER_NAMES[name];
  return Object.hasOwn(stepSchemas, name) ? name as Action : undefined;
}

/** What a step may have that is written once and used often: a part of a step, and what it does. */
export const partialSchemas: Record<Action, z.ZodObject> = Object.fromEntries(
  Object.entries(stepSchemas).map(([action, schema]) => [action, partial(schema)]),
) as Record<Action, z.ZodObject>;

/** All keys that any step has: of a part of a step that does not say what it does. */
export const anyStepSchema: z.ZodObject = z.strictObject(
  Object.fromEntries(
    Object.values(stepSchemas).reverse().flatMap((schema) =>
      Object.entries<z.ZodType>(schema.shape)
    )
      .map(([key, field]) => [key, z.unknown().describe(descriptionOf(field)).optional()]),
  ),
);

function descriptionOf(field: z.ZodType): string {
  return (field instanceof z.ZodOptional ? field.unwrap() as z.ZodType : field).description ?? "";
}

// Without the refinements, which ask for what a part need not have.
function partial(schema: z.ZodObject): z.ZodObject {
  return z.strictObject(
    Object.fromEntries(
      Object.entries(schema.shape).map(([key, field]) => [key, (field as z.ZodType).optional()]),
    ),
  );
}

/** A step that stands for those of a group. */
export const groupUseSchema = z.strictObject({
  use: text("The name of a step group, or of a step template."),
  vars: scalars("What ${group.KEY} stands for in the group.").optional(),
  when: textOfScalar.describe('"false": all of its steps are skipped.').optional(),
});
