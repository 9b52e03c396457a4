import { assert, assertEquals } from "@std/assert";
import { parse } from "@std/toml";
import { Ajv } from "npm:ajv@^8.17.1";
import {
  type JsonSchema,
  simulationJsonSchema,
  topologyJsonSchema,
} from "../../lib/sim/json_schema.ts";

const validator = (schema: JsonSchema) => new Ajv({ strict: false }).compile(schema);

const ACCEPTED = `
[[extends]]
file = "defaults.toml"

[matrix]
cond = ["good", "bad"]
n = [1, 2]
[matrix.params.cond]
good = { latency = "0", impaired = false }

[sim]
name = "s-\${matrix.cond}"
timeout = "\${matrix.n}m"
seed = "\${matrix.n}"

[[binary]]
name = "tool"
mode = "\${matrix.mode}"
all-features = "\${matrix.all}"
url = "https://example.test/tool.tar.gz"
sha256 = "\${matrix.sum}"

[[prepare]]
bins = ["tool"]

[[router]]
name = "dc"
nat = "\${matrix.nat}"
[device.a]
count = "\${matrix.n}"
[device.a.eth0]
gateway = "dc"
impair = { latency_ms = "\${matrix.latency}", loss_pct = "0.5", rate_kbit = 100 }
[region.eu]
latencies = { us = "\${matrix.latency}" }

[[step-template]]
name = "fetch"
kind = "run"
parser = "\${matrix.parser}"
cmd = ["fetch"]
[step-template.captures.size]
pick = ".size"
match = { kind = 1 }
[[step-template]]
name = "rest"
timeout = "5s"

[[step-group]]
name = "g"
[[step-group.step]]
kind = "wait"
duration = "\${group.time}"
[[step-group.step]]
use = "fetch"
device = "a"

[[step]]
use = "g"
vars = { time = "1s" }
[[step]]
use = "fetch"
device = "a"
args = ["x"]
env = { A = 1 }
[[step]]
device = "a"
cmd = ["true"]
timeout = 500
[[step]]
action = "set-impair"
device = "a"
impair = "\${matrix.cond}"
direction = "\${matrix.way}"
[[step]]
action = "\${matrix.way}"
device = "a"
[[step]]
action = "set-nat"
router = "dc"
nat = { mapping = "\${matrix.mapping}", hairpin = "\${matrix.hairpin}" }
[[step]]
action = "assert"
checks = ["a.b == 1"]
`;

Deno.test("the schema of simulations accepts them, with placeholders in place of any value", () => {
  const validate = validator(simulationJsonSchema());
  assert(validate(parse(ACCEPTED)), JSON.stringify(validate.errors, null, 2));
});

Deno.test("the schema of simulations refuses unknown and missing keys, and values of the wrong type", () => {
  const validate = validator(simulationJsonSchema());
  const refused = [
    "[sym]\n",
    '[sim]\nnam = "x"\n',
    '[[step]]\naction = "wiat"\nduration = "1s"\n',
    '[[step]]\naction = "wait"\n',
    '[[step]]\naction = "wait"\nduration = "soon"\n',
    '[[step]]\naction = "wait"\nduration = "1s"\ncmd = ["x"]\n',
    '[[step]]\naction = "run"\ndevice = 1\ncmd = ["x"]\n',
    '[[step]]\ncmd = ["x"]\ndevice = "a"\nparser = "jsn"\n',
    '[[step]]\naction = "set-nat"\nrouter = "a"\nnat = "hom"\n',
    "[matrix]\nx = []\n",
    '[[step-template]]\nname = "x"\nkind = "wait"\ncmd = ["x"]\n',
    '[[step-group]]\nname = "x"\n[[step-group.step]]\nkind = "sleep"\n',
    '[[binary]]\nname = "x"\nmode = "pth"\n',
    "[device.a]\ncount = 0\n",
  ];
  assertEquals(refused.filter((text) => validate(parse(text))), []);
});

Deno.test("the schema of topologies accepts them, and no steps", () => {
  const validate = validator(topologyJsonSchema());
  const topology =
    '[[router]]\nname = "dc"\n[device.a]\ncount = 2\n[device.a.eth0]\ngateway = "dc"\n';
  assert(validate(parse(topology)), JSON.stringify(validate.errors));
  assertEquals(validate(parse(`${topology}[[step]]\ncmd = ["x"]\n`)), false);
});

Deno.test("every key of the schemas has a description", () => {
  const found: string[] = [];
  const visit = (schema: unknown, path: string) => {
    if (typeof schema !== "object" || schema === null) return;
    for (const [key, each] of Object.entries(schema)) {
      if (key === "properties") {
        for (const [name, property] of Object.entries(each as Record<string, JsonSchema>)) {
          // The keys of a partial step have the descriptions of the whole one.
          if (typeof property.description !== "string") found.push(`${path}.${name}`);
        }
      }
      visit(each, `${path}.${key}`);
    }
  };
  for (const schema of [simulationJsonSchema(), topologyJsonSchema()]) {
    assertEquals(schema.$schema, "http://json-schema.org/draft-07/schema#");
    assertEquals(typeof schema.title, "string");
    visit(schema, "");
  }
  assertEquals(found, []);
});
