import { assertEquals, assertGreater } from "@std/assert";

Deno.test("lib/packets runs in a browser: nothing of Deno or Node, no package, one base class", async () => {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", new URL("../../lib/packets/mod.ts", import.meta.url).pathname],
  }).output();
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as {
    modules: { specifier: string; local?: string }[];
  };
  const root = new URL("../../", import.meta.url).href;
  const paths = modules.map(({ specifier }) => specifier.replace(root, ""));
  assertGreater(paths.length, 40);
  const others = paths.filter((path) => !/^lib\/(packets|address)\//.test(path));
  assertEquals(others, ["native/error.ts"]);
  const uses = await Promise.all(paths.map(async (path) => {
    const source = await Deno.readTextFile(new URL(path, root));
    const code = source.replaceAll(/\/\*[^]*?\*\/|\/\/.*/g, "");
    return /\bDeno\b|\bprocess\b|\bBuffer\b/.test(code) ? [path] : [];
  }));
  assertEquals(uses.flat(), []);
});
