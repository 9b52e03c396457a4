import { assert, assertEquals, assertGreater } from "@std/assert";
import { breaches, type ImportMap, importsOf, parseOrder } from "./layers.ts";
import { readHouse, readImportMap, ROOT } from "./read_house.ts";

/** The order that `lib/README.md` draws. */
const ORDER = parseOrder(await Deno.readTextFile(new URL("lib/README.md", ROOT)));

Deno.test("no import climbs, closes a circle or leaves the house", async () => {
  assertEquals(breaches(await readHouse(), ORDER, await readImportMap()), []);
});

Deno.test("every folder that the order names is there", async () => {
  const house = [...(await readHouse()).keys()];
  for (const [folder, floors] of ORDER) {
    for (const name of floors.flat()) {
      const path = `${folder}/${name}/`;
      assert(house.some((file) => file.startsWith(path)), `${path} has no file`);
    }
  }
});

Deno.test("the house is read: its files and their imports are found", async () => {
  const house = await readHouse();
  const pool = house.get("lib/address/pool.ts");
  assert(pool !== undefined, "lib/address/pool.ts is not among the files");
  assertEquals(importsOf(pool).map(({ specifier }) => specifier), [
    "../../native/error.ts",
    "./cidr.ts",
    "./free_list.ts",
    "./ip.ts",
  ]);
  assertGreater([...house.values()].flatMap(importsOf).length, 10);
});

Deno.test("no file of the house hides what comes at its end", async () => {
  // Code that the reader misunderstood, a quote in a regular expression, would swallow the rest.
  for (const [path, source] of await readHouse()) {
    const found = importsOf(`${source}\nimport "../at-the-end.ts";`);
    assertEquals(found.at(-1)?.specifier, "../at-the-end.ts", path);
  }
});

const SMALL = parseOrder(`
## The order

### \`lib/\`, from the ground up

1. \`std\` \`options\`
2. \`address\` \`host\`
3. \`nat\` \`firewall\`: rules for packets
4. \`vm\` \`lab\`
5. \`cli\`

### \`lib/lab/\`

1. \`model\`
2. \`wiring\` \`link\`

## Something else

1. \`helpers\`
`);

/** The breaches in a small tree. */
function check(tree: Record<string, string>, imports?: ImportMap): string[] {
  return breaches(new Map(Object.entries(tree)), SMALL, imports);
}

Deno.test("the order is read from headings and numbered lists", () => {
  assertEquals(SMALL.get("lib"), [
    ["std", "options"],
    ["address", "host"],
    ["nat", "firewall"],
    ["vm", "lab"],
    ["cli"],
  ]);
  assertEquals(SMALL.get("lib/lab"), [["model"], ["wiring", "link"]]);
  assertEquals(SMALL.size, 2);
});

Deno.test("a folder may import itself, those below it, native and packages", () => {
  const tree = {
    "mod.ts": 'export * from "./lib/lab/mod.ts"; import "./native/error.ts";',
    "lib/lab/mod.ts": 'export { Lab } from "./lab.ts";',
    "lib/lab/lab.ts": `
      import { z } from "zod";
      import { parseIp } from "../address/ip.ts";
      import { open } from "../../native/net.ts";
      import os from "node:os";
      import x from "npm:x";
      import y from "https://example.test/mod.ts";`,
    "lib/address/ip.ts": "",
    "native/net.ts": 'import "./error.ts"; Deno.dlopen("libc.so.6", {});',
    "native/error.ts": "",
  };
  assertEquals(check(tree), []);
});

Deno.test("a folder must not import one that stands above it", () => {
  for (
    const code of [
      'import { Lab } from "../lab/lab.ts";',
      'import type { Lab } from "../lab/lab.ts";',
      "import Lab, { type Other } from '../lab/lab.ts'",
      'import * as lab from "../lab/lab.ts";',
      'import "../lab/lab.ts";',
      'export * from "../lab/lab.ts";',
      'export { Lab as default } from "../lab/lab.ts";',
      'export type { Lab } from "../lab/lab.ts";',
      'import{Lab}from"../lab/lab.ts"',
      'const { Lab } = await import("../lab/lab.ts");',
      "const { Lab } = await import(`../lab/lab.ts`);",
      'const { Lab } = await import(\n  /* why */ "../lab/lab.ts"\n);',
      'let lab: import("../lab/lab.ts").Lab;',
      'import {\n  A, // first\n  B,\n} from "../lab/lab.ts";',
      'import data from "../lab/lab.ts" with { type: "text" };',
      'const text = `${await import("../lab/lab.ts")}`;',
      'import { Lab } from "../../lib/lab/lab.ts";',
      'import { Lab } from "the-lab";',
    ]
  ) {
    const found = check({ "lib/address/ip.ts": code, "lib/lab/lab.ts": "" }, {
      "the-lab": "./lib/lab/lab.ts",
    });
    assertEquals(found.map((line) => line.replace(/:\d+ /, " ")), [
      "lib/address/ip.ts imports lib/lab/lab.ts: lib/lab/ stands above lib/address/",
    ], code);
  }
});

Deno.test("a folder may import those of its own floor and of the floors below, and no other", () => {
  const floors = SMALL.get("lib")!;
  floors.forEach((floor, level) => {
    floors.forEach((otherFloor, otherLevel) => {
      for (const folder of floor) {
        for (const other of otherFloor) {
          const found = check({ [`lib/${folder}/a.ts`]: `import "../${other}/b.ts";` });
          assertEquals(found.length, otherLevel > level ? 1 : 0, `${folder} imports ${other}`);
        }
      }
    });
  });
});

Deno.test("folders inside a folder have an order of their own, below its own files", () => {
  const files = {
    "lib/lab/model/a.ts": "",
    "lib/lab/wiring/a.ts": 'import "../model/a.ts"; import "../link/a.ts";',
    "lib/lab/link/a.ts": 'import "../../address/ip.ts";',
    "lib/lab/lab.ts": 'import "./wiring/a.ts"; import "./mod.ts";',
    "lib/vm/qemu/deep/a.ts": 'import "../../b.ts"; import "../../../lab/lab.ts";',
  };
  assertEquals(check(files), []);
  assertEquals(check({ ...files, "lib/lab/model/a.ts": 'import "../wiring/a.ts";' }).slice(0, 1), [
    "lib/lab/model/a.ts:1 imports lib/lab/wiring/a.ts: lib/lab/wiring/ stands above lib/lab/model/",
  ]);
  assertEquals(check({ "lib/lab/link/a.ts": 'import "../lab.ts";' }), [
    "lib/lab/link/a.ts:1 imports lib/lab/lab.ts: lib/lab/lab.ts stands above lib/lab/link/",
  ]);
  assertEquals(check({ "lib/lab/other/a.ts": "" }), [
    "lib/lab/other/a.ts is in no folder of the order",
  ]);
});

Deno.test("the line of a breach is that of what is imported", () => {
  const code = [
    "// one",
    "const two = `",
    '`; import "a3";',
    "/*",
    '*/ import "b5"',
    'export * from "c6"',
    "const x = `\n${`",
    "`}\n`; const y = /`/;",
    'import {\nz\n} from "d13";',
    'import("e14");',
  ];
  assertEquals(
    importsOf(code.join("\n")).map(({ specifier, line }) => `${specifier} ${line}`),
    ["a3 3", "b5 5", "c6 6", "d13 13", "e14 14"],
  );
});

Deno.test("native must not import lib", () => {
  assertEquals(check({ "native/net.ts": 'import "../lib/address/ip.ts";' }), [
    "native/net.ts:1 imports lib/address/ip.ts: native/ does not import lib/",
  ]);
});

Deno.test("nothing imports mod.ts, by its path or by its name", () => {
  const imports = { "@netyard/netyard": "./mod.ts" };
  for (
    const [path, code] of [
      ["lib/cli/main.ts", 'import "../../mod.ts";'],
      ["lib/cli/main.ts", 'import { Lab } from "@netyard/netyard";'],
      ["native/a.ts", 'import "../mod.ts";'],
    ]
  ) {
    assertEquals(check({ [path]: code }, imports), [
      `${path}:1 imports mod.ts: nothing imports mod.ts`,
    ]);
  }
  assertEquals(check({ "lib/lab/a.ts": 'import "./mod.ts";' }), []);
});

Deno.test("what is in no folder of the order is neither imported nor let in", () => {
  assertEquals(check({ "lib/vm/a.ts": 'import "../../tests/fixture.ts";' }), [
    "lib/vm/a.ts:1 imports tests/fixture.ts: it is in no folder of the order",
  ]);
  assertEquals(check({ "mod.ts": 'export * from "./examples/a.ts";' }), [
    "mod.ts:1 imports examples/a.ts: it is in no folder of the order",
  ]);
  assertEquals(check({ "lib/helpers/a.ts": "" }), [
    "lib/helpers/a.ts is in no folder of the order",
  ]);
  assertEquals(check({ "lib/a.ts": "" }), ["lib/a.ts is in no folder of the order"]);
});

Deno.test("files must not import each other in a circle, types included", () => {
  assertEquals(check({ "lib/lab/a.ts": 'import "./a.ts";' }), [
    "import cycle: lib/lab/a.ts -> lib/lab/a.ts",
  ]);
  assertEquals(
    check({
      "lib/lab/a.ts": 'import { b } from "./b.ts"; import "./d.ts";',
      "lib/lab/b.ts": 'export * from "./c.ts";',
      "lib/lab/c.ts": 'import type { A } from "./a.ts";',
      "lib/lab/d.ts": 'import "./c.ts";',
    }),
    ["import cycle: lib/lab/a.ts -> lib/lab/b.ts -> lib/lab/c.ts -> lib/lab/a.ts"],
  );
  assertEquals(
    check({
      "lib/nat/a.ts": 'import "../firewall/b.ts";',
      "lib/firewall/b.ts": 'await import("../nat/a.ts");',
    }),
    ["import cycle: lib/nat/a.ts -> lib/firewall/b.ts -> lib/nat/a.ts"],
  );
});

Deno.test("a file that two others import makes no circle", () => {
  assertEquals(
    check({
      "lib/lab/a.ts": 'import "./b.ts"; import "./c.ts";',
      "lib/lab/b.ts": 'import "./c.ts";',
      "lib/lab/c.ts": "",
    }),
    [],
  );
});

Deno.test("libraries are opened in native only, however it is written", () => {
  for (
    const code of [
      'Deno.dlopen("libc.so.6", {});',
      "const open = Deno\n  .dlopen;",
      'Deno["dlopen"]("libc.so.6", {});',
      "const { dlopen } = Deno;",
      'const text = `${Deno.dlopen("x", {})}`;',
    ]
  ) {
    for (const path of ["lib/host/a.ts", "lib/std/a.ts", "mod.ts"]) {
      assertEquals(check({ [path]: code }), [
        `${path} opens a library: Deno.dlopen belongs to native/`,
      ], code);
    }
    assertEquals(check({ "native/libc.ts": code }), []);
  }
});

Deno.test("what stands in comments, strings and regular expressions is no code", () => {
  const code = String.raw`
    // import "../lab/a.ts"; Deno.dlopen()
    /* import "../lab/b.ts"; "*/
    /** \`\`\`ts
     * import { Lab } from "../lab/c.ts";
     * it's
     */
    const a = 'import "../lab/d.ts"; Deno.dlopen';
    const b = "\" import '../lab/e.ts'";
    const c = ${"`"}
      import { x } from "../lab/f.ts"; \${ { y: "}" }.y } Deno.dlopen
    ${"`"};
    const d = /["'${"`"}]\/[/"]/.test(a) ? 1 / 2 : 3; // "
    const e = object.import("../lab/g.ts"), f = my_import("../lab/h.ts");
    export const from = 1;
    const quotient = (d) / 2; const again = "../lab/i.ts" / 2;
  `;
  assertEquals(importsOf(code), []);
  assertEquals(check({ "lib/std/a.ts": code }), []);
  assertEquals(importsOf(code + 'import "x";').map(({ specifier }) => specifier), ["x"]);
});
