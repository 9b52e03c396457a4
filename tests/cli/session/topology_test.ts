import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { CITY, netyard, OwnRunner } from "./kept_lab.ts";

const TREE = `city
ix
├─ router dc: preset public
│  └─ device server: eth0
└─ router home: preset home, NAT home, firewall block-inbound
   └─ device laptop: eth0
`;

Deno.test("topology draws a file as text, SVG, for Graphviz and for Mermaid", async (t) => {
  await using runner = await OwnRunner.create();
  const directory = runner.runtimeDirectory;
  const path = `${directory}/city.toml`;
  await Deno.writeTextFile(path, CITY);
  const draw = (...args: string[]) => netyard(runner, ["topology", path, ...args]);

  await t.step("to the standard output, as text", async () => {
    assertEquals(await draw(), { code: 0, stdout: TREE, stderr: "" });
  });
  await t.step("as it is told", async () => {
    assertMatch((await draw("--format", "dot")).stdout, /^graph netyard \{\n/);
    assertMatch((await draw("--format", "svg")).stdout, /<svg [^]*>laptop<[^]*<\/svg>/);
    assertStringIncludes((await draw("--format", "mermaid")).stdout, "flowchart TB");
  });
  await t.step("to a file, as its name says, and no other file is left", async () => {
    for (const [name, begin] of [["a.svg", "<?xml"], ["a.gv", "graph"], ["a.txt", "city"]]) {
      const { code, stdout } = await draw("--out", `${directory}/${name}`);
      assertEquals({ code, stdout }, { code: 0, stdout: "" });
      assert((await Deno.readTextFile(`${directory}/${name}`)).startsWith(begin), name);
    }
    const names = [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
    assertEquals(names, ["a.gv", "a.svg", "a.txt", "city.toml"]);
  });
  await t.step("not to a place that is not there", async () => {
    const { code, stderr } = await draw("--out", `${directory}/no/a.svg`);
    assertStringIncludes(stderr, `there is no directory ${directory}/no`);
    assertEquals(code, 2);
  });
  await t.step("not a variant of a topology", async () => {
    const { code, stderr } = await draw("--variant", "x");
    assertStringIncludes(stderr, "--variant is for simulations");
    assertEquals(code, 2);
  });
});

Deno.test("topology reports the place of an error in a file", async () => {
  await using runner = await OwnRunner.create();
  const path = `${runner.runtimeDirectory}/city.toml`;
  await Deno.writeTextFile(path, CITY.replace("preset", "presett"));
  const { code, stdout, stderr } = await netyard(runner, ["topology", path]);
  assertEquals({ code, stdout }, { code: 2, stdout: "" });
  assertStringIncludes(stderr, `${path}:3: `);
  assertStringIncludes(stderr, "preset");
});

Deno.test("topology draws the network of a simulation, and of a variant of a matrix", async () => {
  await using runner = await OwnRunner.create();
  const path = `${runner.runtimeDirectory}/sim.toml`;
  await Deno.writeTextFile(
    path,
    `[matrix]
nat = ["home", "corporate"]

[sim]
name = "ping-\${matrix.nat}"

[[step]]
action = "run"
device = "laptop"
cmd = ["true"]

${CITY.replace('preset = "home"', 'preset = "${matrix.nat}"')}`,
  );
  const draw = (...args: string[]) => netyard(runner, ["topology", path, ...args]);
  assertEquals((await draw()).stdout, TREE.replace("city", "ping-home"));
  const { stdout } = await draw("--variant", "ping-corporate");
  assertStringIncludes(stdout, "preset corporate, NAT corporate, firewall corporate");
  const { code, stderr } = await draw("--variant", "ping-corporat");
  assertStringIncludes(stderr, 'did you mean "ping-corporate"?');
  assertEquals(code, 2);
});
