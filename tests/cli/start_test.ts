import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { VERSION } from "../../lib/std/version.ts";
import { inDirectory } from "./kit.ts";

const ROOT = new URL("../../", import.meta.url);

/** The files that a file imports statically, and the names of the packages among them. */
async function loadedBy(path: string, found = new Set<string>()): Promise<Set<string>> {
  if (found.has(path)) return found;
  found.add(path);
  const source = await Deno.readTextFile(new URL(path, ROOT));
  for (
    const [, specifier] of source.matchAll(/^(?:import|export) (?!type)[^;=]*?from "([^"]+)";/gm)
  ) {
    if (specifier.startsWith(".")) {
      await loadedBy(new URL(specifier, new URL(path, ROOT)).href.slice(ROOT.href.length), found);
    } else found.add(specifier);
  }
  return found;
}

Deno.test("the help loads few modules", async () => {
  const loaded = await loadedBy("lib/cli/main.ts");
  assert(loaded.has("lib/cli/run/run_command.ts"), [...loaded].join());
  const packages = [...loaded].filter((each) => !each.endsWith(".ts"));
  assertEquals(packages, ["@std/cli/parse-args"]);
  const folders = new Set(
    [...loaded].filter((each) => each.startsWith("lib/")).map((each) => each.split("/")[1]),
  );
  assertEquals(
    [...folders].filter((folder) => !["cli", "devtools", "options", "std"].includes(folder)),
    [],
  );
});

Deno.test("the command can be installed, with the name netyard", async () => {
  await inDirectory(async (root) => {
    const main = new URL("lib/cli/main.ts", ROOT).pathname;
    const config = new URL("deno.json", ROOT).pathname;
    const install = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["install", "--global", "--allow-all", "--no-check", "--name", "netyard"],
        ...["--root", root, "--config", config, main],
      ],
      stdout: "null",
      stderr: "piped",
    }).output();
    assertEquals(
      [install.code, install.success],
      [0, true],
      new TextDecoder().decode(install.stderr),
    );
    const called = async (...args: string[]) => {
      const { code, stdout, stderr } = await new Deno.Command(`${root}/bin/netyard`, {
        args,
        cwd: root,
      }).output();
      const decoder = new TextDecoder();
      return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
    };
    assertEquals(await called("-V"), { code: 0, stdout: `netyard ${VERSION}\n`, stderr: "" });
    const missing = await called("run", "none.toml");
    assertEquals([missing.code, missing.stdout], [2, ""]);
    assertStringIncludes(missing.stderr, "none.toml");
  });
});
