import { z } from "zod";
import type { TomlPath } from "../../toml/document.ts";
import { type Check, CheckError, parseCheck } from "../values/check.ts";
import { text } from "./fields.ts";
import { common, type StepBase, stepKind, type StepReader } from "./kind.ts";

/** Checks captured values; fails unless all checks pass. */
export interface AssertStep extends StepBase {
  /** The action. */
  action: "assert";
  /** The checks, all of which must pass. */
  checks: Check[];
}

export const assertKinds = {
  assert: stepKind({
    schema: z.strictObject({
      action: z.literal("assert").describe("Fails unless all checks pass."),
      ...common,
      check: text('"id.capture OPERATOR value", with == != contains matches >= <= < >.').optional(),
      checks: z.array(z.string()).min(1).describe("Several checks.").optional(),
    }).refine(
      ({ check, checks }) => check !== undefined || checks !== undefined,
      '"check" or "checks" is missing',
    ),
    toStep: ({ check, checks = [] }, reader) => ({
      checks: [
        ...check === undefined ? [] : toChecks(check, ["check"], reader),
        ...checks.flatMap((text, i) => toChecks(text, ["checks", i], reader)),
      ],
    }),
    needsTopology: () => false,
  }),
};

/** Returns the check of an expression, once per step that captures its value. */
function toChecks(text: string, path: TomlPath, reader: StepReader): Check[] {
  try {
    const check = parseCheck(text);
    const keys = reader.captures(check.key, path);
    if (check.operator !== "matches") reader.template(check.operand, path);
    return keys.map((key) => ({ ...check, key }));
  } catch (error) {
    if (!(error instanceof CheckError)) throw error;
    reader.fault(path, error.message);
    return [];
  }
}
