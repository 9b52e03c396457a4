import { nearest } from "../../options/nearest.ts";
import { didYouMean } from "./choices.ts";
import { number } from "./numbers.ts";
import { parseTemplate, splitKey } from "./references.ts";
import { RegexSyntaxError, toRegExp } from "./regex.ts";
import { StepError } from "./step_error.ts";

/** How a value is compared. */
export type AssertOperator = "==" | "!=" | "contains" | "matches" | ">=" | "<=" | "<" | ">";

/** One expression of an `assert` step: `iperf.bytes >= 1000`. */
export interface Check {
  /** The expression as it was written. */
  text: string;
  /** The capture, as `id.name`. */
  key: string;
  /** How the value is compared. */
  operator: AssertOperator;
  /** The right side. It may contain `${...}`, except after `matches`. */
  operand: string;
  /** The regular expression of `matches`. */
  regex?: RegExp;
}

const OPERATORS: readonly AssertOperator[] = [
  "==",
  "!=",
  "contains",
  "matches",
  ">=",
  "<=",
  "<",
  ">",
];
const NUMERIC: readonly string[] = [">=", "<=", "<", ">"];
const INTEGER = /^[+-]?\d+$/;

/** The expression of an `assert` is invalid; the message says why. */
export class CheckError extends Error {}

/**
 * Parses an expression such as `iperf.bytes >= 1000`.
 *
 * @throws {CheckError} If it is invalid.
 */
export function parseCheck(text: string): Check {
  const refuse = (why: string) => {
    throw new CheckError(`the check ${JSON.stringify(text)} ${why}`);
  };
  const [, key = "", word = "", operand = ""] =
    /^\s*(\S+)(?:\s+(\S+)(?:\s+([^]*?))?)?\s*$/.exec(text) ?? [];
  if (!splitKey(key)) refuse('must begin with a capture: "id.name"');
  const operator = OPERATORS.find((each) => each === word);
  if (!operator) {
    return refuse(
      word === ""
        ? `has no operator; it may be ${OPERATORS.join(", ")}`
        : `has the operator "${word}", but may have ${OPERATORS.join(", ")}` +
          didYouMean(nearest(word, OPERATORS)),
    )!;
  }
  if (operand === "" && operator !== "==" && operator !== "!=") {
    refuse(`has nothing to compare with after "${operator}"`);
  }
  const fixed = parseTemplate(operand).every((part) => part.kind === "literal");
  if (NUMERIC.includes(operator) && fixed && comparable(operand) === undefined) {
    refuse(`compares numbers, but "${operand}" is not a number`);
  }
  if (operator !== "matches") return { text, key, operator, operand };
  try {
    return { text, key, operator, operand, regex: toRegExp(operand) };
  } catch (error) {
    if (!(error instanceof RegexSyntaxError)) throw error;
    return refuse(`has a regular expression that cannot be used: ${error.message}`)!;
  }
}

/**
 * Returns why a check fails; undefined if it passes.
 *
 * @param value The latest value of its capture.
 * @param operand Its right side, with all references filled in.
 */
export function checkFailure(check: Check, value: string, operand: string): string | undefined {
  const { key, operator, text } = check;
  if (operator === "matches" ? holds(check, value) : compares(check, value, operand)) return;
  const filledIn = operator !== "matches" && operand !== check.operand;
  return `expected ${text}${filledIn ? ` (${JSON.stringify(operand)})` : ""}, ` +
    `but ${key} is ${JSON.stringify(value)}`;
}

function holds({ regex, operand }: Check, value: string): boolean {
  return value.search(regex ?? new RegExp(operand)) >= 0;
}

function compares({ text, key, operator }: Check, value: string, operand: string): boolean {
  if (operator === "==") return value === operand;
  if (operator === "!=") return value !== operand;
  if (operator === "contains") return value.includes(operand);
  const order = compareNumbers(
    operandOf(value, `${text}: ${key}`),
    operandOf(operand, `${text}: the right side`),
  );
  if (operator === ">=") return order >= 0;
  if (operator === "<=") return order <= 0;
  return operator === ">" ? order > 0 : order < 0;
}

/** Parses a number, a whole one exactly however large; returns undefined if the text is not a number. */
export function comparable(text: string): number | bigint | undefined {
  const trimmed = text.trim();
  return INTEGER.test(trimmed) ? BigInt(trimmed.replace(/^\+/, "")) : number(trimmed);
}

function operandOf(text: string, what: string): number | bigint {
  const value = comparable(text);
  if (value !== undefined) return value;
  throw new StepError(`${what} is ${JSON.stringify(text)}, which is not a number to compare`);
}

function compareNumbers(a: number | bigint, b: number | bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
