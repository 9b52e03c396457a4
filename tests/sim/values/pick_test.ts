import { assertEquals, assertThrows } from "@std/assert";
import { matches, parseJson, pick, valueText } from "../../../lib/sim/values/pick.ts";

const report = parseJson(`{
  "end": { "sum": { "bytes": 1234567, "seconds": 10.0 } },
  "addrs": ["10.0.0.1", { "port": 80 }],
  "a.b": "dotted", "text": "", "none": null, "ns": 1719500000123456789
}`);

Deno.test("a dot-path selects in objects and arrays", () => {
  const cases: [string, string | undefined][] = [
    [".end.sum.bytes", "1234567"],
    ["end.sum.seconds", "10"],
    [".addrs.0", "10.0.0.1"],
    [".addrs.1.port", "80"],
    [".addrs.1", '{"port":80}'],
    [".text", ""],
    [".none", "null"],
    [".none.x", undefined],
    [".addrs.2", undefined],
    [".addrs.length", undefined],
    [".text.length", undefined],
    [".constructor", undefined],
    [".end.toString", undefined],
    ["", valueText(report)],
    [".", valueText(report)],
  ];
  for (const [path, expected] of cases) {
    const found = pick(report, path);
    assertEquals(found === undefined ? undefined : valueText(found), expected, path);
  }
});

Deno.test("whole numbers keep all their digits, at the top and inside of other values", () => {
  assertEquals(valueText(pick(report, ".ns")), "1719500000123456789");
  const list = parseJson("[12345678901234567890, 0.12345678901234566, -9007199254740993, 1e300]");
  assertEquals(
    valueText(list),
    "[12345678901234567890,0.12345678901234566,-9007199254740993,1e+300]",
  );
  assertEquals(valueText(pick(list, ".0.rawJSON") ?? "none"), "none");
});

Deno.test("match compares values as text, by key or by path", () => {
  assertEquals(matches(report, { "end.sum.bytes": "1234567", "a.b": "dotted" }), true);
  assertEquals(matches(report, { ns: "1719500000123456789", none: "null" }), true);
  assertEquals(matches(report, { ns: "1719500000123456788" }), false);
  assertEquals(matches(report, { text: "", missing: "" }), false);
  assertEquals(matches("text", { length: "4" }), false);
  assertEquals(matches(null, {}), true);
});

Deno.test("text that is not JSON is refused", () => {
  assertThrows(() => parseJson("{]"), SyntaxError);
  assertThrows(() => parseJson("1234567890123456789012 x"), SyntaxError);
});
