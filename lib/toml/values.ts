import { z } from "zod";
import type { Schema } from "../options/schema.ts";

/** Numbers and booleans of TOML files, and the names of keys in files and in options. */

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

// One sentence for both branches of the union.
const rule = {
  error: ({ input }: { input?: unknown }) =>
    typeof input === "number" ? "must be a finite number" : "must be a number",
};

/**
 * Accepts a number, or a number as text, as after a substitution: `100` and `"100"`.
 *
 * @param range What the number must be.
 */
export function tomlNumber(range: z.core.$ZodType<number>): Schema<number> {
  return z.union([z.number(rule), z.string(rule).regex(NUMBER, rule)])
    .transform(Number).pipe(range as z.core.$ZodType<number, number>).meta(limits(range));
}

/** The limits of a number for JSON Schema, which only sees the input of a pipe and not the range. */
function limits(range: z.core.$ZodType<number>): { minimum?: number; maximum?: number } {
  if (!(range instanceof z.ZodNumber)) return {};
  const known = (limit: number | null) => limit !== null && Math.abs(limit) < 2 ** 53 - 1;
  return {
    ...known(range.minValue) ? { minimum: range.minValue! } : {},
    ...known(range.maxValue) ? { maximum: range.maxValue! } : {},
  };
}

/** Accepts a boolean, or a boolean as text: `true` and `"true"`. */
export function tomlBoolean(): Schema<boolean> {
  const error = "must be true or false";
  return z.union([z.boolean(error), z.enum(["true", "false"], error)])
    .transform((value) => value === true || value === "true");
}

/** The type `"latencyMs"` of `"latency_ms"`. */
export type CamelCase<S extends string> = S extends `${infer Word}_${infer Rest}`
  ? `${Word}${Capitalize<CamelCase<Rest>>}`
  : S;

/** An object with its keys in camel case. */
export type CamelKeys<T> = { [K in keyof T as K extends string ? CamelCase<K> : K]: T[K] };

/** Returns `latencyMs` for `latency_ms`. */
export function camelCase(key: string): string {
  return key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** Returns `latency_ms` for `latencyMs`. */
export function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Returns the object with its own keys in camel case, without undefined values; nested keys stay as they are. */
export function camelKeys<T extends object>(value: T): CamelKeys<T> {
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  return Object.fromEntries(
    entries.map(([key, each]) => [camelCase(key), each]),
  ) as CamelKeys<T>;
}
