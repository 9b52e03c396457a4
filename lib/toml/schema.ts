import { z } from "zod";
import { camelKeys, snakeCase, tomlBoolean, tomlNumber } from "./values.ts";
import type { Schema } from "../options/schema.ts";

/**
 * The schema of a TOML value that becomes an option, derived from the option's own schema: keys have
 * underscores in place of capitals, and a number or a boolean may be written as text. Texts of
 * `describe()` are kept. A title of `meta({ title, table })` is kept as `table`, if there is one:
 * messages about a file speak of a `NAT` table where those about options speak of a `NatConfig` object.
 *
 * @example
 * ```ts
 * import { z } from "zod";
 * import { assertEquals } from "@std/assert";
 * import { tomlSchema } from "./schema.ts";
 *
 * const option = z.strictObject({ latencyMs: z.number().max(60_000) });
 * assertEquals(z.parse(tomlSchema(option), { latency_ms: "30" }), { latencyMs: 30 });
 * ```
 */
export function tomlSchema<T>(option: z.core.$ZodType<T>): Schema<T> {
  const schema = derive(option) as Schema<T>;
  if (schema === option) return schema;
  const { description } = z.globalRegistry.get(option) ?? {};
  return description === undefined ? schema : schema.describe(description);
}

/** The keys of the TOML table whose values become the given options. */
export function tomlKeys(
  options: Record<string, z.core.$ZodType>,
): Record<string, z.core.$ZodType> {
  return Object.fromEntries(
    Object.entries(options).map(([key, option]) => [snakeCase(key), tomlSchema(option)]),
  );
}

function derive(option: z.core.$ZodType): z.core.$ZodType {
  if (option instanceof z.ZodOptional) return z.optional(tomlSchema(option.unwrap()));
  // TOML has no null: what is null among options is left out of a file.
  if (option instanceof z.ZodNullable) return tomlSchema(option.unwrap());
  if (isNumeric(option)) return tomlNumber(option);
  if (option instanceof z.ZodBoolean) return tomlBoolean();
  if (option instanceof z.ZodObject) return tableOf(option);
  if (option instanceof z.ZodUnion) {
    return z.union(option.options.map((each) => tomlSchema(each)));
  }
  if (option instanceof z.ZodArray) return z.array(tomlSchema(option.element));
  if (option instanceof z.ZodRecord) {
    return z.record(option.keyType as z.ZodString, tomlSchema(option.valueType));
  }
  return option; // Texts are the same in both.
}

/** Whether an option is a number, or one of several ranges of numbers. */
function isNumeric(option: z.core.$ZodType): option is z.core.$ZodType<number> {
  if (option instanceof z.ZodUnion) {
    return option.options.every((each) => isNumeric(each));
  }
  if (option instanceof z.ZodLiteral) {
    return [...option.values].every((each) => typeof each === "number");
  }
  return option instanceof z.ZodNumber;
}

function tableOf(option: z.ZodObject): z.core.$ZodType {
  const { title, table = title } = z.globalRegistry.get(option) ?? {};
  const keys = z.strictObject(tomlKeys(option.shape));
  const titled = typeof table === "string" ? keys.meta({ title: table }) : keys;
  const options = titled.transform(camelKeys);
  return options.check(...(option.def.checks ?? []).map(withKeysOfFile));
}

/** The same check of an object; its faults name the keys that the file has. */
function withKeysOfFile(check: z.core.$ZodCheck): z.core.CheckFn<unknown> {
  return (payload) => {
    const known = payload.issues.length;
    const done = (check as z.core.$ZodCheck<unknown>)._zod.check(payload);
    if (done instanceof Promise) throw new TypeError("a check of options must be synchronous");
    payload.issues = payload.issues.map((issue, i) =>
      i < known ? issue : {
        ...issue,
        path: issue.path?.map((key) => typeof key === "string" ? snakeCase(key) : key),
      }
    );
  };
}
