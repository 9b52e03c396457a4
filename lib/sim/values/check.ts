import { number } from "./numbers.ts";
import { StepError } from "./step_error.ts";
import type { Check } from "../types/types.ts";

const INTEGER = /^[+-]?\d+$/;

/**
 * Why a check does not hold; undefined if it does.
 *
 * @param value The latest value of its capture.
 * @param operand Its right side, with all values filled in.
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

/** The number that a text is, whole ones as they are however large; undefined if it is none. */
export function comparable(text: string): number | bigint | undefined {
  const trimmed = text.trim();
  return INTEGER.test(trimmed) ? BigInt(trimmed.replace(/^\+/, "")) : number(trimmed);
}

function operandOf(text: string, what: string): number | bigint {
  const value = comparable(text);
  if (value !== undefined) return value;
  throw new StepError(`${what} is ${JSON.stringify(text)}, which is no number to compare`);
}

function compareNumbers(a: number | bigint, b: number | bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
