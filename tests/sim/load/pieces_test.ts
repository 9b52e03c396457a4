import { assertEquals, assertThrows } from "@std/assert";
import { CheckError, parseCheck } from "../../../lib/sim/values/check.ts";
import { needsIndex, replaceIndex } from "../../../lib/sim/load/index_expressions.ts";
import { quotePlaceholders } from "../../../lib/sim/load/read_file.ts";

Deno.test("the number of a device is filled in, also in expressions", () => {
  const texts: [text: string, at: number, result: string][] = [
    ["${i}", 3, "3"],
    ["${ i }", 3, "3"],
    ["${i % 2}", 3, "1"],
    ["${i%2}", 4, "0"],
    ["${i + 2 * 3}", 1, "7"],
    ["${10 - i / 2}", 5, "8"],
    ["${i * i - 1}", 3, "8"],
    ["${provider-${i % 2}.endpoint_id}", 3, "${provider-1.endpoint_id}"],
    [
      "port $i ${j} ${HOME} ${1} ${i.x} ${item} $((i + 1))",
      3,
      "port $i ${j} ${HOME} ${1} ${i.x} ${item} $((i + 1))",
    ],
  ];
  for (const [text, at, result] of texts) assertEquals(replaceIndex(text, at), result, text);
  assertThrows(() => replaceIndex("${i % 0}", 1), RangeError, '"${i % 0}" divides by 0');
  assertEquals(
    ["${a-${i}.b}", "${${i % 2}}", "${i}", "${a.b} ${i}", "${a-${x}.b}"].map(needsIndex),
    [true, true, false, false, false],
  );
});

Deno.test("only a placeholder outside of strings and comments is quoted", () => {
  const text = [
    "a = ${matrix.x}",
    'b = "${matrix.x}" # ${matrix.x}',
    "c = '${matrix.x}' ",
    'd = """',
    '${matrix.x} "quoted" \\""""',
    "e = '''",
    "${matrix.x} it's'''",
    'f = { g = ${matrix.y-z}, h = "\\"${matrix.x}" }',
    "i = ${other.x}",
  ].join("\n");
  assertEquals(
    quotePlaceholders(text).split("\n").filter((line, i) => line !== text.split("\n")[i]),
    ['a = "${matrix.x}"', 'f = { g = "${matrix.y-z}", h = "\\"${matrix.x}" }'],
  );
});

Deno.test("a check is a capture, an operator and a value", () => {
  const parsed = [
    "a.b == ",
    "a.b   !=  two  words ",
    "a-0.b contains == x",
    "a.b matches ^\\d+ (a|b)$",
    "a.b >= -1.5e3",
    "a.b < ${c.d}",
  ].map((text) => {
    const { key, operator, operand, regex } = parseCheck(text);
    return [key, operator, operand, regex?.source];
  });
  assertEquals(parsed, [
    ["a.b", "==", "", undefined],
    ["a.b", "!=", "two  words", undefined],
    ["a-0.b", "contains", "== x", undefined],
    ["a.b", "matches", "^\\d+ (a|b)$", "^\\d+ (a|b)$"],
    ["a.b", ">=", "-1.5e3", undefined],
    ["a.b", "<", "${c.d}", undefined],
  ]);
});

Deno.test("an incomplete check is refused with the reason", () => {
  const refused: [text: string, reason: string][] = [
    ["", 'must begin with a capture: "id.name"'],
    ["size == 1", 'must begin with a capture: "id.name"'],
    ["a.b", "has no operator; it may be ==, !=, contains, matches, >=, <=, <, >"],
    ["a.b=1 x", 'must begin with a capture: "id.name"'],
    [
      "a.b contain x",
      'has the operator "contain", but may have ==, !=, contains, matches, >=, <=, <, >; did you mean ' +
      '"contains"?',
    ],
    ["a.b contains", 'has nothing to compare with after "contains"'],
    ["a.b > x1", 'compares numbers, but "x1" is not a number'],
    ["a.b matches (", "has a regular expression that cannot be used: Unterminated group"],
  ];
  for (const [text, reason] of refused) {
    const error = assertThrows(() => parseCheck(text), CheckError);
    assertEquals(error.message, `the check ${JSON.stringify(text)} ${reason}`);
  }
});
