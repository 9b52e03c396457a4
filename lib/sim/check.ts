import { StepError } from "./step_error.ts";
import type { Check } from "./types.ts";

const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;
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
    number(value, `${text}: ${key}`),
    number(operand, `${text}: the right side`),
  );
  if (operator === ">=") return order >= 0;
  if (operator === "<=") return order <= 0;
  return operator === ">" ? order > 0 : order < 0;
}

function number(text: string, what: string): number | bigint {
  const trimmed = text.trim();
  if (INTEGER.test(trimmed)) return BigInt(trimmed.replace(/^\+/, ""));
  if (NUMBER.test(trimmed)) return Number(trimmed);
  throw new StepError(`${what} is ${JSON.stringify(text)}, which is no number to compare`);
}

function compareNumbers(a: number | bigint, b: number | bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
