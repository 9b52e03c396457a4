import type { TelemetryAttributes, TelemetryValue } from "./record.ts";

/** A message of OTLP, as its JSON encoding has it; nothing of it is checked yet. */
export type OtlpObject = Record<string, unknown>;

/** A request that is no message of OTLP: the answer is 400, and the client does not try again. */
export class OtlpFormatError extends Error {
  /** The class's name. */
  override name = "OtlpFormatError";
}

const isObject = (value: unknown): value is OtlpObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A message; throws for anything else. */
export function objectFrom(value: unknown, what: string): OtlpObject {
  if (isObject(value)) return value;
  throw new OtlpFormatError(`${what} is not an object`);
}

/** The messages of a repeated field; empty if it is absent. */
export function objectsOf(parent: OtlpObject, name: string): OtlpObject[] {
  const value = parent[name] ?? [];
  if (!Array.isArray(value)) throw new OtlpFormatError(`${name} is not an array`);
  return value.map((one, i) => objectFrom(one, `${name}[${i}]`));
}

/** The message of a field; empty if it is absent. */
export function objectOf(parent: OtlpObject, name: string): OtlpObject {
  return objectFrom(parent[name] ?? {}, name);
}

/** A text, cut at `longest` characters; empty if it is absent or no text. */
export function textOf(parent: OtlpObject, name: string, longest = 1_024): string {
  const value = parent[name];
  return typeof value === "string" ? cut(value, longest) : "";
}

/** A finite number; 64-bit integers and special values are texts in JSON. */
export function numberOf(parent: OtlpObject, name: string): number | undefined {
  return numberFrom(parent[name]);
}

/** The finite numbers of a repeated field, at most `most`; undefined if it is absent. */
export function numbersOf(parent: OtlpObject, name: string, most: number): number[] | undefined {
  const value = parent[name];
  if (!Array.isArray(value) || value.length === 0) return undefined;
  return value.slice(0, most).map((one) => numberFrom(one) ?? 0);
}

function numberFrom(value: unknown): number | undefined {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : undefined;
}

/** A time in milliseconds since 1970, from nanoseconds; undefined if it is absent or 0. */
export function timeOf(parent: OtlpObject, name: string): number | undefined {
  const value = parent[name];
  if (typeof value === "number" && value > 0 && Number.isFinite(value)) return value / 1e6;
  if (typeof value !== "string" || !/^\d{1,20}$/.test(value)) return undefined;
  // Microseconds are exact in a number until the year 2255.
  return Number(BigInt(value) / 1_000n) / 1_000 || undefined;
}

/** An identifier of so many hexadecimal digits; undefined if it is absent, malformed or all zeros. */
export function idOf(parent: OtlpObject, name: string, digits: number): string | undefined {
  const value = parent[name];
  if (typeof value !== "string" || value.length !== digits) return undefined;
  return /^[0-9a-f]+$/i.test(value) && !/^0+$/.test(value) ? value.toLowerCase() : undefined;
}

/** The most attributes of a record, and the most members of one value. */
const MOST_MEMBERS = 128;
const LONGEST_KEY = 256;
const DEEPEST = 8;

/** In characters: all keys and values of one record. */
const LARGEST_RECORD = 1 << 16;

/** Reads the values of one record, which together have a limited size: what exceeds it is left out. */
export class ValueReader {
  #left = LARGEST_RECORD;

  /** A list of `KeyValue`, as an object. */
  attributes(list: unknown, depth = 0): TelemetryAttributes {
    const pairs: [string, TelemetryValue][] = [];
    for (const one of Array.isArray(list) ? list : []) {
      if (pairs.length >= MOST_MEMBERS || this.#left <= 0) break;
      if (!isObject(one) || typeof one.key !== "string" || one.key === "__proto__") continue;
      pairs.push([this.#text(one.key, LONGEST_KEY), this.value(one.value, depth + 1)]);
    }
    return Object.fromEntries(pairs);
  }

  /** An `AnyValue`. */
  value(any: unknown, depth = 0): TelemetryValue {
    if (!isObject(any) || depth > DEEPEST) return null;
    this.#left -= 8;
    const { stringValue, boolValue, intValue, doubleValue, arrayValue, kvlistValue, bytesValue } =
      any;
    if (typeof stringValue === "string") return this.#text(stringValue);
    if (typeof boolValue === "boolean") return boolValue;
    if (intValue !== undefined) return this.#integer(intValue);
    if (doubleValue !== undefined) return numberFrom(doubleValue) ?? this.#text(`${doubleValue}`);
    if (isObject(arrayValue)) return this.#list(arrayValue.values, depth);
    if (isObject(kvlistValue)) return this.attributes(kvlistValue.values, depth);
    return typeof bytesValue === "string" ? this.#text(bytesValue) : null;
  }

  #list(values: unknown, depth: number): TelemetryValue[] {
    const all = Array.isArray(values) ? values.slice(0, MOST_MEMBERS) : [];
    return all.flatMap((one) => this.#left > 0 ? [this.value(one, depth + 1)] : []);
  }

  /** An integer that a number can hold, else its digits. */
  #integer(value: unknown): TelemetryValue {
    const number = numberFrom(value);
    return number !== undefined && Number.isSafeInteger(number) ? number : this.#text(`${value}`);
  }

  #text(text: string, longest = Infinity): string {
    const kept = cut(text, Math.min(longest, Math.max(0, this.#left)));
    this.#left -= kept.length;
    return kept;
  }
}

/** A text of at most so many characters; an ellipsis is in place of what was cut. */
function cut(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, Math.max(0, longest - 1))}\u2026`;
}
