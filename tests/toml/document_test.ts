import { assertEquals, assertThrows } from "@std/assert";
import { z } from "zod";
import { checkToml } from "../../lib/toml/check.ts";
import { TomlDocument } from "../../lib/toml/document.ts";
import { TomlError } from "../../lib/toml/errors.ts";

const TEXT = `# a comment
[sim]
name = "a"

[[step]]
action = "run"
cmd = [
  "ping",
  "-c",
]
[step.captures.rtt]
regex = "x"

[[step]]
env = { A = "1",  B = "2" }
a.b.c = 1

["quoted key"."x.y"]
z = 1
`;

Deno.test("a document knows the line of every value", () => {
  const document = TomlDocument.parse("d/sim.toml", TEXT);
  const lines: [PropertyKey[], number][] = [
    [["sim"], 2],
    [["sim", "name"], 3],
    [["step", 0], 5],
    [["step", 0, "cmd"], 7],
    [["step", 0, "cmd", 1], 9],
    [["step", 0, "captures", "rtt", "regex"], 12],
    [["step", 1, "env", "B"], 15],
    [["step", 1, "a", "b", "c"], 16],
    [["quoted key", "x.y", "z"], 19],
  ];
  assertEquals(lines.map(([path]) => document.line(path)), lines.map(([, line]) => line));
});

Deno.test("a missing value has the line of the nearest table that would have it", () => {
  const document = TomlDocument.parse("d/sim.toml", TEXT);
  assertEquals(document.where(["step", 0, "captures", "rtt", "pick"]), "d/sim.toml:11");
  assertEquals(document.where(["device"]), "d/sim.toml:1");
});

Deno.test("a text that is not TOML is refused with file and line", () => {
  const error = assertThrows(() => TomlDocument.parse("sim.toml", "a = 1\nb = = 2\n"), TomlError);
  assertEquals(error.faults[0].where, "sim.toml:2");
});

Deno.test("a file that does not exist is refused by its name", async () => {
  const error = await TomlDocument.read("/nowhere/sim.toml").catch((error) => error);
  assertEquals(
    (error as TomlError).message,
    "/nowhere/sim.toml: there is no such file",
  );
});

Deno.test("an unknown key is refused with file, line, the key and the nearest known one", () => {
  const schema = z.strictObject({
    device: z.record(z.string(), z.strictObject({ count: z.int().min(1), gateway: z.string() })),
  });
  const document = TomlDocument.parse(
    "lab.toml",
    '[device.a]\ncount = 0\ngatway = "dc"\n',
  );
  const error = assertThrows(() => checkToml(schema, document), TomlError);
  assertEquals(error.message.split("\n"), [
    'lab.toml:2: "device.a.count" is 0, but must be at least 1',
    'lab.toml:1: "device.a.gateway" is missing; it must be a string',
    'lab.toml:3: unknown key "device.a.gatway"; did you mean "gateway"? Keys: count, gateway',
  ]);
});
