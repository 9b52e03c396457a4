import { assertEquals } from "@std/assert";
import { folderTextBreaches, moduleText } from "./folder_texts.ts";
import { readExports, readHouse } from "./read_house.ts";

Deno.test("every folder with five files or more has a text that says what it is", async () => {
  assertEquals(folderTextBreaches(await readHouse(), await readExports()), []);
});

const TEXT =
  "/**\n * Addresses and pools of addresses, as plain data. Begin with `ip.ts`.\n *\n * @module\n */\n";

Deno.test("a small folder needs no text, and a larger one has exactly one", () => {
  const files = (...texts: string[]) =>
    new Map(texts.map((text, i) => [`lib/a/${"abcdef"[i]}.ts`, text]));
  const check = (...texts: string[]) => folderTextBreaches(files(...texts));
  assertEquals(check("", "", "", ""), []);
  assertEquals(check("", "", "", "", ""), [
    "lib/a/: no file begins with an @module text that says what the folder is",
  ]);
  assertEquals(check("", "", TEXT, "", ""), []);
  assertEquals(check(TEXT, TEXT), [
    "lib/a/: a.ts, b.ts have an @module text; keep the one about the folder",
  ]);
  assertEquals(check("", "", "", "", "/** Code.\n @module */"), [
    "lib/a/e.ts: the @module text is too short",
  ]);
});

Deno.test("an exported module may have a text of its own beside that of its folder", () => {
  const tree = new Map([["native/mod.ts", TEXT], ["native/rootless.ts", TEXT]]);
  assertEquals(folderTextBreaches(tree, ["native/rootless.ts"]), []);
  assertEquals(folderTextBreaches(tree).length, 1);
});

Deno.test("the text of a module is that of the comment it begins with", () => {
  assertEquals(
    moduleText("#!/usr/bin/env deno\n/** One\n * two.\n *\n * @module\n */"),
    "One\ntwo.",
  );
  assertEquals(moduleText("/** No module. */"), undefined);
  assertEquals(moduleText('import "a";\n/** Late.\n * @module */'), undefined);
});
