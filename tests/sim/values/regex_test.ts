import { assertEquals, assertThrows } from "@std/assert";
import { RegexSyntaxError, toRegExp } from "../../../lib/sim/values/regex.ts";

const MATCHED: [pattern: string, text: string, captured: string | undefined][] = [
  ["rtt min/avg/max/mdev = [\\d.]+/([\\d.]+)/", "rtt min/avg/max/mdev = 1.0/2.5/3.0/0.1 ms", "2.5"],
  ["(?P<port>\\d+)$", "port 80", "80"],
  ["(?<port>\\d+)$", "port 80", "80"],
  ["(?i)READY (\\w+)", "Ready now", "now"],
  ["(?m)^b(.)$", "a\nbc\nd", "c"],
  ["(?s)a(.)b", "a\nb", "\n"],
  ["a(?i:B)(c)", "abc", "c"],
  ["(?s:a(.))b", "a\nb", "\n"],
  ["a(.)b", "a\rb", "\r"],
  ["\\A(a)\\z", "a", "a"],
  ["([[:alpha:]]+)", "12ab", "ab"],
  ["([[:^digit:]]+)", "12ab", "ab"],
  ["([[:alpha:]_-]+)", "1a-b_c", "a-b_c"],
  ["([a-z&&[^aeiou]]+)", "aeixyz", "xyz"],
  ["([a-z--b-y]+)", "bcaz", "az"],
  ["([]a]+)", "x]a]", "]a]"],
  ["([^]a]+)", "]ab", "b"],
  ["([(){}/|&!#.-]+)", "a(b", "("],
  ['\\{"a": "([^"]+)"}', '{"a": "b"}', "b"],
  ["\\-(\\_x)", "-_x", "_x"],
  ["(a{2})b{1,}", "aabb", "aa"],
  ["(\\x{41}\\u{42})\\U00000043", "ABC", "AB"],
  ["(\\pL+)\\p{Greek}?", "12é", "é"],
  ["x]y}(z)", "x]y}z", "z"],
  ["([\\w.-]+)@", "a.b-c@d", "a.b-c"],
  ["(é+)", "caféé", "éé"],
  ["([\\[\\]\\\\]+)", "a[\\]", "[\\]"],
];

Deno.test("expressions match the same texts as in Rust", () => {
  for (const [pattern, text, captured] of MATCHED) {
    const match = toRegExp(pattern.replace("p{Greek}", "p{Script=Greek}")).exec(text);
    assertEquals(match?.[1], captured, pattern);
  }
});

Deno.test("an anchor of the text does not match at a line", () => {
  assertEquals(toRegExp("(?m)\\Ab").test("a\nb"), false);
  assertEquals(toRegExp("(?m)a\\z").test("a\nb"), false);
  assertEquals(toRegExp("a.b").test("a\nb"), false);
});

Deno.test("an unsupported expression is refused with the reason", () => {
  const refused: [pattern: string, reason: string][] = [
    ["(?x) a b", 'the flag "x" is not supported: write it without spaces and comments'],
    ["(?U)a+", 'the flag "U" is not supported: use i, m, s'],
    ["a(?i)b", '"(?i)" may only be at the start; use "(?i:...)"'],
    ["(a", "Unterminated group"],
    ["[a", 'a "[" has no "]"'],
    ["[[:letter:]]", '"[:letter:]" is no class'],
    ["[a~~b]", '"~~" in a class is not supported'],
    ["a\\", 'it ends in "\\"'],
    ["*a", "Nothing to repeat"],
    ["\\p{Nonsense}", "Invalid property name"],
  ];
  for (const [pattern, reason] of refused) {
    const error = assertThrows(() => toRegExp(pattern), RegexSyntaxError);
    assertEquals(error.message, reason, pattern);
  }
});
