import { nearest } from "../../options/nearest.ts";
import type { OptionFault } from "../../options/parse_options.ts";
import { type Action, ACTION_NAMES, actionNamed } from "../step/mod.ts";
import { didYouMean } from "../values/choices.ts";

/** Returns the action of a step: the given one, or `run` if it has a command. */
export function actionOf(
  value: Readonly<Record<string, unknown>>,
): { action: Action | undefined } | { fault: OptionFault } {
  const given = value.action;
  if (given === undefined) return { action: value.cmd === undefined ? undefined : "run" };
  const action = typeof given === "string" ? actionNamed(given) : undefined;
  if (action) return { action };
  const meant = typeof given === "string" ? nearest(given, ACTION_NAMES) : undefined;
  return {
    fault: {
      path: ["action"],
      message: `"action" is ${JSON.stringify(given)}, but must be one of ` +
        `${ACTION_NAMES.join(", ")}${didYouMean(meant)}`,
    },
  };
}

/** Renames `kind`, which templates and groups may have, to `action`. */
export function withAction(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { kind, ...rest } = value;
  return kind === undefined || rest.action !== undefined ? { ...value } : { action: kind, ...rest };
}
