import { nearest } from "../../options/nearest.ts";
import { comparable } from "../values/check.ts";
import { parseTemplate, splitKey } from "../values/references.ts";
import { RegexSyntaxError, toRegExp } from "../values/regex.ts";
import type { AssertOperator, Check } from "../types/types.ts";
import { didYouMean } from "./faults.ts";

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

/** An expression of an `assert` that cannot be; the message says why. */
export class CheckError extends Error {}

/**
 * What `iperf.bytes >= 1000` says.
 *
 * @throws {CheckError} If it says nothing.
 */
export function parseCheck(text: string): Check {
  const refuse = (why: string) => {
    throw new CheckError(`the check ${JSON.stringify(text)} ${why}`);
  };
  const [, key = "", word = "", operand = ""] =
    /^\s*(\S+)(?:\s+(\S+)(?:\s+([^]*?))?)?\s*$/.exec(text) ??
      [];
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
    refuse(`compares numbers, but "${operand}" is none`);
  }
  if (operator !== "matches") return { text, key, operator, operand };
  try {
    return { text, key, operator, operand, regex: toRegExp(operand) };
  } catch (error) {
    if (!(error instanceof RegexSyntaxError)) throw error;
    return refuse(`has a regular expression that cannot be used: ${error.message}`)!;
  }
}
