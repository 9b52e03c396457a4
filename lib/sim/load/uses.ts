import { checkOptions } from "../../options/parse_options.ts";
import type { TomlPath } from "../../toml/document.ts";
import { groupUseSchema } from "../step/mod.ts";
import { withAction } from "./actions.ts";
import type { Declarations, StepGroup } from "./declarations.ts";
import { choices } from "../values/choices.ts";
import type { Faults } from "./faults.ts";
import { mapStrings, type Place, Written } from "./written.ts";

/** A step with the fields of its template and group. */
export interface ExpandedStep {
  written: Written;
  /** Where the group of the step is used; undefined for a step without a group. */
  usedAt?: string;
}

/** Replaces each use of a group by the steps of the group, and fills in each use of a template. */
export function expandUses(
  steps: readonly Written[],
  declarations: Declarations,
  faults: Faults,
): ExpandedStep[] {
  return steps.flatMap((step): ExpandedStep[] => {
    const group = declarations.groups.get(String(step.value.use));
    if (group) return expandGroup(step, group, declarations, faults);
    const written = fillIn(step, declarations, faults);
    return written ? [{ written }] : [];
  });
}

/** Fills in the template that a step uses; adds a fault and returns undefined if there is none. */
function fillIn(step: Written, declarations: Declarations, faults: Faults): Written | undefined {
  const { use } = step.value;
  if (use === undefined) return step;
  const { templates, groups } = declarations;
  const template = typeof use === "string" ? templates.get(use) : undefined;
  if (!template) {
    const names = [...templates.keys(), ...groups.keys()];
    faults.add(
      step.where(["use"]),
      `"use" is ${JSON.stringify(use)}, but there is no such step template or step group` +
        choices(String(use), names, "There are"),
    );
    return;
  }
  if (step.value.vars !== undefined) {
    faults.add(
      step.where(["vars"]),
      `"vars" is for step groups, but "${use}" is a step template; give the step's own fields`,
    );
    return;
  }
  return merge(template, step);
}

/** Merges the fields of a step into its template. */
function merge(template: Written, step: Written): Written {
  const { name: _, ...base } = withAction(template.value);
  const { use: __, ...own } = step.value;
  const value: Record<string, unknown> = { ...base };
  const parts: [TomlPath, Place][] = Object.keys(base).map((key) => [
    [key],
    template.place([
      key === "action" && template.value.action === undefined ? "kind" : key,
    ]),
  ]);
  const take = (...path: TomlPath) => parts.push([path, step.place(path)]);
  for (const [key, given] of Object.entries(own)) {
    const before = base[key];
    if (key === "args" && Array.isArray(before) && Array.isArray(given)) {
      value.args = [...before, ...given];
      given.forEach((_, i) => parts.push([["args", before.length + i], step.place(["args", i])]));
    } else if ((key === "env" || key === "captures") && isTable(before) && isTable(given)) {
      value[key] = { ...before, ...given };
      for (const name of Object.keys(given)) take(key, name);
    } else {
      value[key] = given;
      take(key);
    }
  }
  return new Written(value, step.home, parts);
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function expandGroup(
  call: Written,
  group: StepGroup,
  declarations: Declarations,
  faults: Faults,
): ExpandedStep[] {
  const checked = checkOptions(groupUseSchema, call.value, "key");
  if ("faults" in checked) {
    for (const { path, message } of checked.faults) {
      faults.add(
        call.where(path),
        `${message}. "${group.name}" is a step group, with steps of its own`,
      );
    }
    return [];
  }
  const { vars = {}, when } = checked.data;
  const unused = new Set(Object.keys(vars));
  const usedAt = call.where();
  const expanded = group.steps.flatMap((step): ExpandedStep[] => {
    let unknown = false;
    const value = mapStrings(
      withAction(step.value),
      (text, path) =>
        text.replace(/\$\{group\.([^${}]*)\}/g, (written, key: string) => {
          unused.delete(key);
          if (Object.hasOwn(vars, key)) return vars[key];
          unknown = true;
          faults.add(
            step.where(path),
            `group "${group.name}": "${written}" is not known` +
              choices(key, Object.keys(vars), `The vars at ${usedAt} are`),
          );
          return written;
        }),
    );
    if (unknown) return [];
    if (when === "false") value.when = when;
    const written = fillIn(step.withValue(value), declarations, faults);
    return written ? [{ written, usedAt }] : [];
  });
  for (const key of unused) {
    faults.add(
      call.where(["vars", key]),
      `"vars.${key}" is used by no step of the group "${group.name}"`,
    );
  }
  return expanded;
}
