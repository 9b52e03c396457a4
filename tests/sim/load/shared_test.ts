import { assertEquals } from "@std/assert";
import { assertRefused, load, short, step } from "./kit.ts";

Deno.test("a template of another file may need a matrix, unless it is used without one", async () => {
  const shared = `[[step-template]]
name = "slow"
action = "gen-file"
content = "\${matrix.text}"
[[step-template]]
name = "plain"
action = "gen-file"
content = "x"
`;
  const use = (template: string) =>
    `[[extends]]\nfile = "b.toml"\n[[step]]\nuse = "${template}"\nid = "f"\n`;
  const [plain] = await load({ "a.toml": use("plain"), "b.toml": shared });
  assertEquals(plain.steps.map(short), [{ action: "gen-file", id: "f", content: "x" }]);
  const [slow] = await load({
    "a.toml": `${use("slow")}[matrix]\ntext = ["y"]\n`,
    "b.toml": shared,
  });
  assertEquals(slow.steps.map(short), [{ action: "gen-file", id: "f", content: "y" }]);
  await assertRefused([[
    { "a.toml": use("slow"), "b.toml": shared },
    'b.toml:4: "${matrix.text}": the matrix has no such key (used at a.toml:3)',
  ]]);
});

Deno.test("a file for each counted device names its device in its content", async () => {
  const [{ steps }] = await load(step(`action = "gen-file"
id = "f"
device = "peer"
content = "\${i}"
`));
  assertEquals(
    steps.map(short),
    [0, 1, 2].map((i) => ({ action: "gen-file", id: `f-${i}`, content: String(i) })),
  );
  await assertRefused([
    [
      step(`action = "gen-file"
id = "f"
device = "pear"
content = ""
`),
      'a.toml:14: "device" is "pear", but the topology has no such node; did you mean "peer"? It has: ' +
      "a, b, peer-0, peer-1, peer-2, dc",
    ],
    [
      step(`device = "a"
cmd = ["\${group.x}"]
`),
      'a.toml:13: "${group.x}": only steps of a step group have it',
    ],
  ]);
});
