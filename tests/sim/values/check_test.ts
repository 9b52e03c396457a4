import { assertEquals, assertThrows } from "@std/assert";
import { checkFailure } from "../../../lib/sim/values/check.ts";
import { StepError } from "../../../lib/sim/values/step_error.ts";
import type { AssertOperator, Check } from "../../../lib/sim/types/types.ts";

function failure(value: string, operator: AssertOperator, operand: string, filledIn = operand) {
  const check: Check = { text: `a.x ${operator} ${operand}`, key: "a.x", operator, operand };
  if (operator === "matches") check.regex = new RegExp(operand);
  return checkFailure(check, value, filledIn);
}

Deno.test("each operator passes and fails", () => {
  const cases: [string, AssertOperator, string, boolean][] = [
    ["1", "==", "1", true],
    ["1.0", "==", "1", false],
    ["1", "!=", "2", true],
    ["1", "!=", "1", false],
    ["a Direct b", "contains", "Direct", true],
    ["Relay", "contains", "Direct", false],
    ["x42", "matches", "[0-9]+", true],
    ["x", "matches", "[0-9]+", false],
    ["10", ">=", "9", true],
    ["9", ">=", "9.0", true],
    ["8.99", ">=", "9", false],
    [" 1e3 ", "<=", "1000", true],
    ["-1", "<", "0", true],
    ["0", "<", "0", false],
    ["9007199254740993", ">", "9007199254740992", true],
    [".5", ">", "+0.5", false],
  ];
  for (const [value, operator, operand, holds] of cases) {
    const text = `"${value}" ${operator} ${operand}`;
    assertEquals(failure(value, operator, operand) === undefined, holds, text);
  }
});

Deno.test("a failed check shows the expression, the value, and the filled-in operand", () => {
  assertEquals(failure("3", ">=", "5"), 'expected a.x >= 5, but a.x is "3"');
  assertEquals(
    failure("3", "==", "${b.y}", "4"),
    'expected a.x == ${b.y} ("4"), but a.x is "3"',
  );
});

Deno.test("comparing what is not a number fails, and the message says which side is not", () => {
  assertThrows(
    () => failure("fast", ">=", "5"),
    StepError,
    'a.x >= 5: a.x is "fast", which is not a number',
  );
  assertThrows(() => failure("5", "<", "5 ms"), StepError, 'the right side is "5 ms", which is no');
  assertThrows(() => failure("", "<", "5"), StepError, 'a.x is ""');
  assertThrows(() => failure("0x10", ">", "5"), StepError, "not a number");
});
