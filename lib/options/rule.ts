import defer * as z from "zod";
import { nearest } from "./nearest.ts";

type RawIssue = z.core.$ZodRawIssue;

/** As {@link rule}, for a file, which has keys and tables. */
export function keyRule(issue: RawIssue): string {
  return rule(issue, "Keys").replace(/ an object\b/, " a table").replace(/ object\b/, " table");
}

/**
 * Returns what a value that zod refused must be: `must be one of none, home`. It serves as zod's error
 * map, so that the schema's own messages take precedence.
 *
 * A `title` in the metadata of a schema names its values: `a NatConfig object`.
 *
 * For unknown keys it returns one line for each, which follows the key in the message: the key that was
 * probably meant, and the known ones.
 *
 * @example
 * ```ts
 * import { z } from "zod";
 * import { assertEquals } from "@std/assert";
 *
 * const { error } = z.number().min(1).safeParse(0, { error: rule });
 * assertEquals(error?.issues[0].message, "must be at least 1");
 * ```
 */
export function rule(issue: RawIssue, parts = "Options"): string {
  switch (issue.code) {
    case "invalid_type":
      if (issue.expected === "never") return "must be left out";
      return `must be ${typeName(issue.expected, issue)}`;
    case "invalid_value":
      return `must be ${oneOf(issue.values)}`;
    case "too_small":
      return bound(issue, issue.minimum, issue.inclusive === false ? "more than" : "at least");
    case "too_big":
      return bound(issue, issue.maximum, issue.inclusive === false ? "less than" : "at most");
    case "not_multiple_of":
      return `must be a multiple of ${issue.divisor}`;
    case "invalid_format":
      return formatRule(issue);
    case "invalid_union":
      return issue.options ? `must be ${oneOf(issue.options as z.core.util.Primitive[])}` : "";
    case "unrecognized_keys":
      return issue.keys.map((key) => keyHint(key, keysOf(issue.inst), parts)).join("\n");
    default:
      return "is not accepted here";
  }
}

const TYPE_NAMES: Record<string, string> = {
  array: "a list",
  bigint: "a bigint",
  boolean: "true or false",
  date: "a Date",
  function: "a function",
  int: "a whole number",
  nan: "NaN",
  null: "null",
  number: "a number",
  object: "an object",
  record: "an object",
  string: "a string",
  tuple: "a list",
  undefined: "undefined",
};

function typeName(expected: string, issue: RawIssue): string {
  const title = titleOf(issue);
  if (title) return `${article(title)}${expected === "object" ? " object" : ""}`;
  // NaN and the infinities have the right type.
  if (expected === "number" && typeof issue.input === "number") return "a finite number";
  return TYPE_NAMES[expected] ?? article(expected);
}

function titleOf(issue: RawIssue): string | undefined {
  // The schema that has the check; if the type itself is wrong, the schema.
  const schema = issue.schema ?? issue.inst;
  return schema ? z.globalRegistry.get(schema as z.core.$ZodType)?.title : undefined;
}

function article(noun: string): string {
  return `${/^[aeiou]/i.test(noun) || noun.startsWith("IP") ? "an" : "a"} ${noun}`;
}

function oneOf(values: readonly z.core.util.Primitive[]): string {
  if (values.length === 1) {
    return typeof values[0] === "string" ? JSON.stringify(values[0]) : String(values[0]);
  }
  return `one of ${values.map(String).join(", ")}`;
}

const COUNTED: Record<string, [one: string, many: string]> = {
  array: ["item", "items"],
  map: ["entry", "entries"],
  set: ["item", "items"],
  string: ["character", "characters"],
};

function bound(
  issue: RawIssue & { origin: string; exact?: boolean },
  limit: number | bigint,
  comparison: string,
): string {
  const counted = COUNTED[issue.origin];
  if (issue.exact) comparison = "exactly";
  if (counted) return `must have ${comparison} ${limit} ${counted[Number(limit) === 1 ? 0 : 1]}`;
  return `must be ${comparison} ${limit}`;
}

const FORMAT_NAMES: Record<string, string> = {
  cidrv4: "an IPv4 CIDR like 10.0.0.0/24",
  cidrv6: "an IPv6 CIDR like fd00::/64",
  ipv4: "an IPv4 address",
  ipv6: "an IPv6 address",
  mac: "a MAC address",
  url: "a URL",
};

function formatRule(issue: Extract<RawIssue, { code: "invalid_format" }>): string {
  const title = titleOf(issue);
  if (title) return `must be ${article(title)}`;
  if (issue.format === "starts_with") return `must start with ${JSON.stringify(issue.prefix)}`;
  if (issue.format === "ends_with") return `must end with ${JSON.stringify(issue.suffix)}`;
  if (issue.format === "includes") return `must include ${JSON.stringify(issue.includes)}`;
  if (issue.format === "regex") return `must match ${issue.pattern}`;
  return `must be ${FORMAT_NAMES[issue.format] ?? article(`valid ${issue.format}`)}`;
}

/** The known keys of the schema that raised an issue: those of an object, or of a record by an enum. */
function keysOf(inst: RawIssue["inst"]): string[] {
  if (inst instanceof z.ZodObject) return Object.keys(inst.shape);
  if (inst instanceof z.ZodRecord) return [...inst.keyType._zod.values ?? []].map(String);
  return [];
}

function keyHint(key: string, keys: string[], parts: string): string {
  const meant = nearest(key, keys);
  const question = meant === undefined ? "." : `; did you mean ${JSON.stringify(meant)}?`;
  return keys.length > 0
    ? `${question} ${parts}: ${keys.join(", ")}`
    : `${question} No ${parts.toLowerCase()} exist`;
}
