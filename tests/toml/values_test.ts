import { assertEquals } from "@std/assert";
import { z } from "zod";
import { checkOptions } from "../../lib/options/parse_options.ts";
import { camelCase, camelKeys, snakeCase, tomlBoolean, tomlNumber } from "../../lib/toml/values.ts";

const schema = z.strictObject({
  n: tomlNumber(z.int().min(1).max(10)).describe("A number.").optional(),
  is: tomlBoolean().optional(),
});

function check(value: unknown): unknown {
  const result = checkOptions(schema, value, "key");
  return "data" in result ? result.data : result.faults.map(({ message }) => message).join("\n");
}

Deno.test("a number and a boolean may be written as text", () => {
  assertEquals(check({ n: 7, is: true }), { n: 7, is: true });
  assertEquals(check({ n: "7", is: "false" }), { n: 7, is: false });
  assertEquals(check({ n: "1e1", is: "true" }), { n: 10, is: true });
  const rules: [value: unknown, rule: string][] = [
    [{ n: "11" }, '"n" is "11", but must be at most 10'],
    [{ n: 0 }, '"n" is 0, but must be at least 1'],
    [{ n: "1.5" }, '"n" is "1.5", but must be a whole number'],
    [{ n: "" }, '"n" is "", but must be a number'],
    [{ n: "0x7" }, '"n" is "0x7", but must be a number'],
    [{ n: true }, '"n" is true, but must be a number'],
    [{ n: Infinity }, '"n" is Infinity, but must be a finite number'],
    [{ is: "yes" }, '"is" is "yes", but must be true or false'],
    [{ is: 1 }, '"is" is 1, but must be true or false'],
  ];
  assertEquals(rules.map(([value]) => check(value)), rules.map(([, rule]) => rule));
});

Deno.test("the JSON schema of a number has its bounds, and accepts text too", () => {
  const { properties } = z.toJSONSchema(schema, { io: "input" });
  const { anyOf, ...rest } = properties!.n as { anyOf: { type: string }[] };
  assertEquals(anyOf.map(({ type }) => type), ["number", "string"]);
  assertEquals(rest, { description: "A number.", minimum: 1, maximum: 10 });
});

Deno.test("keys of TOML become those of options, and back", () => {
  for (
    const [snake, camel] of [
      ["latency_ms", "latencyMs"],
      ["block_icmp_frag_needed", "blockIcmpFragNeeded"],
      ["mtu", "mtu"],
    ]
  ) assertEquals([camelCase(snake), snakeCase(camel)], [camel, snake]);
  const some: { a_b: object; e?: string } = { a_b: { c_d: 1 }, e: undefined };
  assertEquals(camelKeys(some), { aB: { c_d: 1 } });
});
