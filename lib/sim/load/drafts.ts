import type { z } from "zod";
import { checkOptions } from "../../options/parse_options.ts";
import type { TomlPath } from "../../toml/document.ts";
import { text } from "../step/fields.ts";
import { anyStepSchema, partialSchemas } from "../step/mod.ts";
import { actionOf, withAction } from "./actions.ts";
import type { Faults } from "./faults.ts";
import type { Written } from "./written.ts";

const templateKeys = { name: text("The name by which steps use it.") };
const stepKeys = { use: text("The template from which it begins.").optional() };

/**
 * Checks a step of a template or group as far as possible before it is used: for values with a
 * placeholder, only the keys.
 *
 * @param groups The step groups, if the step is in one: it must not use another.
 */
export function checkDraft(
  written: Written,
  what: string,
  faults: Faults,
  groups?: ReadonlyMap<string, unknown>,
): void {
  const value = withAction(written.value);
  const found = actionOf(value);
  if ("fault" in found) {
    if (hasPlaceholder(value.action)) return;
    const key = written.value.action === undefined ? "kind" : "action";
    return faults.add(written.where([key]), `${what}: ${found.fault.message}`);
  }
  const use = written.value.use;
  if (groups && typeof use === "string" && groups.has(use)) {
    return faults.add(
      written.where(["use"]),
      `${what}: a step group cannot use another, and "${use}" is a step group; use both in the simulation`,
    );
  }
  if (!groups && use !== undefined) {
    return faults.add(
      written.where(["use"]),
      `${what}: a step template cannot use another; use it in a step of a [[step-group]]`,
    );
  }
  const base: z.ZodObject = found.action ? partialSchemas[found.action] : anyStepSchema;
  const schema = base.extend(groups ? stepKeys : templateKeys);
  const result = checkOptions(schema, value, "key");
  if ("data" in result) return;
  for (const fault of result.faults) {
    if (hasPlaceholder(valueAt(value, fault.path))) continue;
    faults.add(written.where(fault.path), `${what}: ${fault.message}`);
  }
}

function valueAt(root: unknown, path: TomlPath): unknown {
  return path.reduce(
    (value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key],
    root,
  );
}

function hasPlaceholder(value: unknown): boolean {
  return value !== undefined && JSON.stringify(value).includes("${");
}
