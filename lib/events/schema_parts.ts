import defer * as z from "zod";
import type { Schema } from "../options/schema.ts";

/**
 * One schema for each field of `T`, checked by the compiler: none may be missing, none may be
 * additional, and each must yield the field's type. An optional field needs an optional schema.
 */
export type Fields<T> = {
  // deno-lint-ignore ban-types -- the type of which an optional field is a part
  [K in keyof T]-?: {} extends Pick<T, K> ? z.core.$ZodOptional<z.core.$ZodType<T[K]>>
    : z.core.$ZodType<T[K]>;
};

/** The schema of an object with exactly these fields; unknown keys are refused. */
export function object<T>(fields: Fields<T>): Schema<T> {
  return z.strictObject(fields as z.ZodRawShape) as unknown as Schema<T>;
}

export const text = z.string();
export const nullableText = text.nullable();
export const flag = z.boolean();
/** A count, a size or a position. */
export const count = z.int().min(0);
/** An amount of time, or another quantity that is not negative. */
export const amount = z.number().min(0);
/** Any JSON value. */
export const json: Schema<unknown> = z.json();
/** A JSON object. */
export const jsonObject = z.record(text, json);
/** A NAT or a firewall: the name of a preset, or a configuration. */
export const mode: Schema<string | object> = z.union([text, jsonObject]);
