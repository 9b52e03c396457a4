/**
 * Checks what callers and files give by zod schemas, and explains what is wrong in one line for each
 * fault: the option, its value, the rule, and the name that was probably meant. Begin here; `rule.ts`
 * words the rules.
 *
 * @module
 */
import defer * as z from "zod";
import { NetyardError } from "../../native/error.ts";
import { nearest } from "./nearest.ts";
import { keyRule, rule } from "./rule.ts";

/** Options do not fit their schema; the message has one line for each fault. */
export class InvalidOptionError extends NetyardError {}

/**
 * Parses the options of a caller by a schema.
 *
 * Each line of a failure has the call, the option, its value and the rule. For an unknown option it lists
 * the known ones. Use `.meta({ title })` to name an object that is a branch of a union.
 *
 * @param schema The schema of the options; make its objects strict, so that no option is ignored.
 * @param value The options that the caller gave.
 * @param what The call, as the caller wrote it: `addRouter("home")`.
 * @returns The options with their defaults.
 * @throws {InvalidOptionError} If the value does not fit the schema.
 *
 * @example
 * ```ts
 * import { z } from "zod";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const NatConfig = z.strictObject({ hairpin: z.boolean() }).meta({ title: "NatConfig" });
 * const Options = z.strictObject({ nat: z.union([z.enum(["none", "home"]), NatConfig]) });
 *
 * assertEquals(parseOptions(Options, { nat: "home" }, 'addRouter("home")').nat, "home");
 * assertThrows(
 *   () => parseOptions(Options, { nat: "cloud" }, 'addRouter("home")'),
 *   InvalidOptionError,
 *   'addRouter("home"): "nat" is "cloud", but must be one of none, home or a NatConfig object',
 * );
 * ```
 */
export function parseOptions<S extends z.core.$ZodType>(
  schema: S,
  value: unknown,
  what: string,
): z.output<S> {
  const result = checkOptions(schema, value);
  if ("data" in result) return result.data;
  throw new InvalidOptionError(
    result.faults.map(({ message }) => `${what}: ${message}`).join("\n"),
  );
}

/** The schema of each field of some options. */
export type Shape<T> = { [K in keyof T]-?: z.core.$ZodType<T[K]> };

/** A fault in a value. */
export interface OptionFault {
  /** The keys that lead to it, including an unknown key. */
  path: readonly PropertyKey[];
  /** The option, its value and the rule. */
  message: string;
}

/**
 * As {@link parseOptions}, but returns the faults.
 *
 * @param noun What messages call the parts of the value: options, or the keys of a file.
 */
export function checkOptions<S extends z.core.$ZodType>(
  schema: S,
  value: unknown,
  noun: "option" | "key" = "option",
): { data: z.output<S> } | { faults: OptionFault[] } {
  const result = z.safeParse(schema, value, { error: noun === "key" ? keyRule : rule });
  if (result.success) return { data: result.data };
  return { faults: result.error.issues.flatMap((issue) => explain(issue, [], value, noun)) };
}

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** Returns the faults of an issue whose path begins at `base`; `root` is the whole value. */
function explain(issue: Issue, base: Path, root: unknown, noun: string): OptionFault[] {
  const path = [...base, ...issue.path];
  switch (issue.code) {
    case "unrecognized_keys":
      return unknownKeys(issue, path, noun);
    case "invalid_union":
      return explainUnion(issue, path, root, noun);
    case "invalid_key":
      // The path of an issue about a record's key ends in the key.
      return issue.issues.map(({ message }) => ({
        path,
        message: `${subject(path.slice(0, -1))} has the key ${quote(String(path.at(-1)))}${
          isRule(message) ? ", which " : ": "
        }${message}`,
      }));
    case "invalid_element":
      return issue.issues.flatMap((inner) => explain(inner, path, root, noun));
    case "custom":
      // The message of a refinement of the whole is enough; the value would only make it long.
      return [{
        path,
        message: path.length > 0 || isRule(issue.message)
          ? fault(path, root, issue.message)
          : issue.message,
      }];
    case "invalid_value":
      return [{
        path,
        message: fault(path, root, issue.message) + meantValue(valueAt(root, path), [issue]),
      }];
    default:
      return [{ path, message: fault(path, root, issue.message) }];
  }
}

function unknownKeys(
  issue: Issue & { code: "unrecognized_keys" },
  base: Path,
  noun: string,
): OptionFault[] {
  const hints = issue.message.split("\n");
  return issue.keys.map((key, i) => {
    // The schema's own message is not a list of hints.
    const hint = /^[.;] /.test(hints[i] ?? "") ? hints[i] : `: ${issue.message}`;
    const path = [...base, key];
    return { path, message: `unknown ${noun} ${quote(pathText(path))}${hint}` };
  });
}

/**
 * Explains the branch that the value was probably meant for. If the value is of the wrong kind for all
 * branches, lists what they accept.
 */
function explainUnion(
  issue: Issue & { code: "invalid_union" },
  path: Path,
  root: unknown,
  noun: string,
): OptionFault[] {
  const value = valueAt(root, path);
  const meant = issue.errors.filter((issues) => !isOfOtherKind(issues, value));
  if (meant.length > 0) {
    const fewest = meant.reduce((best, each) => weight(each) < weight(best) ? each : best);
    return fewest.flatMap((inner) => explain(inner, path, root, noun));
  }
  const rules = alternatives(issue);
  const message = rules.length === 0
    ? "fits more than one of its forms"
    : rules.every((each) => each.startsWith("must be "))
    ? `must be ${join(rules.map((each) => each.slice("must be ".length)))}`
    : join(rules);
  return [{ path, message: fault(path, root, message) + meantValue(value, issue.errors.flat()) }];
}

/** Whether a branch of a union refused the value itself, and not a part of it. */
function isOfOtherKind(issues: Issue[], value: unknown): boolean {
  return issues.every((issue) => {
    if (issue.path.length > 0 || issue.code === "unrecognized_keys") return false;
    if (issue.code === "invalid_union") return issue.errors.every((e) => isOfOtherKind(e, value));
    // For an object it may be a refinement that failed; for other values it is z.custom().
    return issue.code !== "custom" || typeof value !== "object" || value === null;
  });
}

/** How much a branch differs from the value. */
function weight(issues: Issue[]): number {
  const weights = issues.map((issue) =>
    issue.code === "unrecognized_keys"
      ? issue.keys.length // each counts as much as a wrong option
      : issue.code === "custom" && issue.path.length === 0
      ? 1.5 // it may be z.custom(); a single fault inside another branch says more
      : 1
  );
  return weights.reduce((sum, each) => sum + each, 0);
}

/** The rules of all branches of a union, without repetition. */
function alternatives(issue: Issue): string[] {
  const rules = issue.code === "invalid_union" && issue.errors.length > 0
    ? issue.errors.flat().flatMap(alternatives)
    : issue.message
    ? [issue.message]
    : [];
  return [...new Set(rules)];
}

function meantValue(value: unknown, issues: Issue[]): string {
  if (typeof value !== "string") return "";
  const meant = nearest(value, issues.flatMap(accepted));
  return meant === undefined ? "" : `; did you mean ${quote(meant)}?`;
}

/** The strings that an issue's schema accepts. */
function accepted(issue: Issue): string[] {
  if (issue.code === "invalid_union") return issue.errors.flat().flatMap(accepted);
  return issue.code === "invalid_value"
    ? issue.values.filter((value) => typeof value === "string")
    : [];
}

function fault(path: Path, root: unknown, message: string): string {
  const value = valueAt(root, path);
  const [start, link] = value === undefined ? ["missing", "; it "] : [show(value), ", but "];
  return `${subject(path)} is ${start}${isRule(message) ? link : ": "}${message}`;
}

/** Whether a message continues a sentence about the value, as ours do. */
function isRule(message: string): boolean {
  return /^(must|is|fits) /.test(message);
}

function subject(path: Path): string {
  return path.length > 0 ? quote(pathText(path)) : "the value";
}

/** Returns a path as messages have it: `interfaces.eth0.gateway`, `routers[0].name`. */
export function pathText(path: Path): string {
  const parts = path.map((key) => typeof key === "number" ? `[${key}]` : `.${String(key)}`);
  return parts.join("").replace(/^\./, "");
}

function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const key of path) {
    if (value === null || value === undefined) return undefined;
    value = value instanceof Map ? value.get(key) : (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

/** Shows a value in at most 80 characters; an object of a class by the name of the class. */
function show(value: unknown): string {
  if (typeof value === "function") return "a function";
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    const parent = Object.getPrototypeOf(value);
    if (parent && parent !== Object.prototype) return `[${parent.constructor?.name ?? "object"}]`;
  }
  const text = typeof value === "string"
    ? quote(value)
    : Deno.inspect(value, { depth: 1, breakLength: Infinity, compact: true, iterableLimit: 8 })
      .replaceAll("[Object: null prototype] ", ""); // as objects of parsers are
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function quote(text: string): string {
  return JSON.stringify(text);
}

function join(parts: string[]): string {
  return parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} or ${parts.at(-1)}`;
}
