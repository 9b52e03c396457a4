import { z } from "zod";

/** What values of TOML files may be, and how their keys become those of options. */

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

// One sentence for both branches of the union.
const rule = {
  error: ({ input }: { input?: unknown }) =>
    typeof input === "number" ? "must be a finite number" : "must be a number",
};

/**
 * A number, or the text of one, as after a substitution: `100` and `"100"`.
 *
 * @param range What the number must be.
 */
export function tomlNumber(range: z.ZodType<number>): z.ZodType<number> {
  return z.union([z.number(rule), z.string(rule).regex(NUMBER, rule)])
    .transform(Number).pipe(range as z.ZodType<number, number>).meta(limits(range));
}

/** As JSON Schema calls them; what a pipe leads to is not part of the schema of its input. */
function limits(range: z.ZodType<number>): { minimum?: number; maximum?: number } {
  if (!(range instanceof z.ZodNumber)) return {};
  const known = (limit: number | null) => limit !== null && Math.abs(limit) < 2 ** 53 - 1;
  return {
    ...known(range.minValue) ? { minimum: range.minValue! } : {},
    ...known(range.maxValue) ? { maximum: range.maxValue! } : {},
  };
}

/** True or false, or the text of it: `true` and `"true"`. */
export function tomlBoolean(): z.ZodType<boolean> {
  const error = "must be true or false";
  return z.union([z.boolean(error), z.enum(["true", "false"], error)])
    .transform((value) => value === true || value === "true");
}

/** `latencyMs` of `latency_ms`. */
export type CamelCase<S extends string> = S extends `${infer Word}_${infer Rest}`
  ? `${Word}${Capitalize<CamelCase<Rest>>}`
  : S;

/** An object with its keys in camel case. */
export type CamelKeys<T> = { [K in keyof T as K extends string ? CamelCase<K> : K]: T[K] };

/** `latencyMs` of `latency_ms`. */
export function camelCase(key: string): string {
  return key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** `latency_ms` of `latencyMs`. */
export function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** The same values by their keys in camel case, without those that are undefined; not what is in them. */
export function camelKeys<T extends object>(value: T): CamelKeys<T> {
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  return Object.fromEntries(
    entries.map(([key, each]) => [camelCase(key), each]),
  ) as CamelKeys<T>;
}
