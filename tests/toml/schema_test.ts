import { assertEquals, assertThrows } from "@std/assert";
import { z } from "zod";
import { tomlKeys, tomlSchema } from "../../lib/toml/schema.ts";
import { checkToml } from "../../lib/toml/check.ts";
import { TomlDocument } from "../../lib/toml/document.ts";
import { TomlError } from "../../lib/toml/errors.ts";

const rate = z.union([z.literal(0), z.number().min(1)]);

const limits = z.strictObject({
  rateKbit: rate.describe("The bit rate.").optional(),
  isPlain: z.boolean().optional(),
}).meta({ title: "Limits", table: "limits" });

const options = z.strictObject({
  linkCondition: z.union([z.enum(["wifi", "lan"]), limits]).nullable().optional(),
  tcpPorts: z.array(z.int().min(1)).optional(),
  byName: z.record(z.string(), limits).optional(),
  firstValue: z.number().optional(),
  lastValue: z.number().optional(),
}).superRefine(({ firstValue = 0, lastValue = 0 }, context) => {
  if (firstValue <= lastValue) return;
  context.addIssue({ code: "custom", path: ["lastValue"], message: "must be firstValue or more" });
});

const schema = tomlSchema(options);
const parsed = (text: string) => checkToml(schema, TomlDocument.parse("a.toml", text));
const refused = (text: string) => assertThrows(() => parsed(text), TomlError).message.split("\n");

Deno.test("the schema of a file derives from the options: keys in snake case, numbers as text too", () => {
  assertEquals(
    parsed(`
link_condition = { rate_kbit = "100", is_plain = "false" }
tcp_ports = [80, "443"]
[by_name.camelCase]
rate_kbit = 0
`),
    {
      linkCondition: { rateKbit: 100, isPlain: false },
      tcpPorts: [80, 443],
      byName: { camelCase: { rateKbit: 0 } },
    },
  );
  assertEquals(parsed('link_condition = "wifi"'), { linkCondition: "wifi" });
});

Deno.test("a file is refused by its own keys and the title of its tables", () => {
  assertEquals(
    refused(`
link_condition = "wfi"
tcp_ports = [80, 0]
[by_name.camelCase]
rateKbit = 0
rate_kbit = 0.5
`),
    [
      'a.toml:2: "link_condition" is "wfi", but must be one of wifi, lan or a limits table; did you ' +
      'mean "wifi"?',
      'a.toml:3: "tcp_ports[1]" is 0, but must be at least 1',
      'a.toml:6: "by_name.camelCase.rate_kbit" is 0.5, but must be at least 1',
      'a.toml:5: unknown key "by_name.camelCase.rateKbit"; did you mean "rate_kbit"? ' +
      "Keys: rate_kbit, is_plain",
    ],
  );
  assertEquals(
    refused("first_value = 3\nlast_value = 2"),
    ['a.toml:2: "last_value" is 2, but must be firstValue or more'],
  );
});

Deno.test("descriptions of options are those of the keys", () => {
  const { properties } = z.toJSONSchema(z.strictObject(tomlKeys(limits.shape)), { io: "input" });
  const { description } = properties!.rate_kbit as { description?: string };
  assertEquals([Object.keys(properties!), description], [
    ["rate_kbit", "is_plain"],
    "The bit rate.",
  ]);
});
