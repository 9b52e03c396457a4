import { assert, assertEquals, assertGreater } from "@std/assert";
import { type Block, fencedBlocks, linksOf, tasksOf } from "./readme.ts";

const ROOT = new URL("../../", import.meta.url);
const CONFIG = new URL("deno.json", ROOT).pathname;
const TIMEOUT_MS = 180_000;

/** The README, and the guides of folders and examples, by their paths. */
const GUIDES = [
  "README.md",
  "lib/README.md",
  "examples/README.md",
  "tests/README.md",
  ...[...Deno.readDirSync(new URL("lib/", ROOT))].filter(({ isDirectory }) => isDirectory)
    .map(({ name }) => `lib/${name}/README.md`).filter(isFile),
];

function isFile(path: string): boolean {
  try {
    return Deno.statSync(new URL(path, ROOT)).isFile;
  } catch {
    return false;
  }
}

const read = (path: string) => Deno.readTextFile(new URL(path, ROOT));

const readBlocks = async () => fencedBlocks(await read("README.md"));

/** The TypeScript blocks of all guides, each with the guide's path. */
async function typescript(): Promise<(Block & { guide: string })[]> {
  const guides = await Promise.all(
    GUIDES.filter(isFile).map(async (guide) =>
      fencedBlocks(await read(guide)).map((block) => ({ ...block, guide }))
    ),
  );
  return guides.flat().filter(({ language }) => language === "ts");
}

async function deno(...args: string[]): Promise<{ code: number; output: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    env: { NO_COLOR: "1" },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).output();
  const decoder = new TextDecoder();
  return { code, output: decoder.decode(stdout) + decoder.decode(stderr) };
}

Deno.test("every TypeScript block of the README and the guides passes the type check and runs", async () => {
  const blocks = await typescript();
  assertGreater(
    blocks.filter(({ guide }) => guide === "README.md").length,
    0,
    "README.md has none",
  );
  const dir = await Deno.makeTempDir({ prefix: "netyard-readme-" });
  try {
    const names = blocks.map(({ guide, line }) => `${guide}:${line}`);
    const files = names.map((name) => `${dir}/${name.replaceAll(/[^\w]/g, "_")}.ts`);
    await Promise.all(blocks.map(({ text }, i) => Deno.writeTextFile(files[i], text)));
    const outcomes = await Promise.all([
      deno("check", "--config", CONFIG, ...files),
      ...blocks.map(({ text }, i) =>
        /\b(?:Deno\.test|labTest)\(/.test(text)
          ? deno("test", "-P", "--no-check", "--config", CONFIG, files[i])
          : deno("run", "-P", "--config", CONFIG, files[i])
      ),
    ]);
    const failures = outcomes.flatMap(({ code, output }, i) =>
      code === 0 ? [] : [`${["deno check", ...names][i]}: exit code ${code}\n${output}`]
    );
    assert(failures.length === 0, failures.join("\n"));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("the grants that the README calls enough are enough", async () => {
  const [grant] = /--allow-run=[\w,-]+/.exec(await read("README.md"))!;
  const others = ["ffi", "net", "read", "write", "env", "sys"].map((name) => `--allow-${name}`);
  const example = new URL("examples/hello.ts", ROOT).pathname;
  const { code, output } = await deno("run", "--no-prompt", ...others, grant, example);
  assertEquals(code, 0, output);
});

Deno.test("every simulation of the README runs", async () => {
  const blocks = (await readBlocks()).filter(({ language }) => language === "toml");
  assertGreater(blocks.length, 0, "README.md has no ```toml block");
  const dir = await Deno.makeTempDir({ prefix: "netyard-readme-" });
  try {
    for (const { text, line } of blocks) {
      const file = `${dir}/line_${line}.toml`;
      await Deno.writeTextFile(file, text);
      const cli = new URL("lib/cli/main.ts", ROOT).pathname;
      const run = ["run", "-A", "--config", CONFIG, cli, "run", file, "--work-dir", `${dir}/work`];
      const { code, output } = await deno(...run);
      assertEquals(code, 0, `README.md:${line}: exit code ${code}\n${output}`);
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("the tasks that the README's commands run exist", async () => {
  const commands = (await readBlocks()).filter(({ language }) => language === "sh");
  const named = commands.flatMap(({ text }) => tasksOf(text));
  assertGreater(named.length, 0, "README.md has no ```sh block with `npx -y deno@2 task`");
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  assertEquals(named.filter((name) => !(name in tasks)), []);
});

Deno.test("every file that the README or a guide links to is there", async () => {
  const broken: string[] = [];
  for (const guide of GUIDES) {
    for (const link of linksOf(await read(guide))) {
      const target = new URL(link, new URL(guide, ROOT));
      if (!await Deno.stat(target).then(() => true, () => false)) broken.push(`${guide}: ${link}`);
    }
  }
  assertEquals(broken, []);
});

Deno.test("every path that lib/README.md names is there, and every folder of lib/ is named", async () => {
  const text = await read("lib/README.md");
  const paths = [...text.matchAll(/`((?:[\w-]+\/)+(?:[\w-]+\.ts)?)`/g)].map(([, path]) => path)
    .filter((path) => !path.startsWith("lib/"));
  const there = async (path: string) => {
    for (const base of ["lib/", ""]) {
      if (await Deno.stat(new URL(base + path, ROOT)).then(() => true, () => false)) return true;
    }
    return false;
  };
  assertGreater(paths.length, 20);
  for (const path of paths) assert(await there(path), `lib/README.md names ${path}`);
  const rooms = [...Deno.readDirSync(new URL("lib/", ROOT))].filter(({ isDirectory }) =>
    isDirectory
  );
  const table = text.slice(text.indexOf("## Rooms"), text.indexOf("## Order"));
  assertEquals(rooms.map(({ name }) => name).filter((name) => !table.includes(`\`${name}\``)), []);
});

Deno.test("every folder of tests/ is in the list of tests/README.md", async () => {
  const listed = await read("tests/README.md");
  const folders = (folder: string): string[] =>
    [...Deno.readDirSync(new URL(folder, ROOT))].filter(({ isDirectory }) => isDirectory)
      .flatMap(({ name }) => [`${folder}${name}/`, ...folders(`${folder}${name}/`)]);
  assertEquals(folders("tests/").filter((path) => !listed.includes(`\`${path}\``)), []);
});

Deno.test("every example is in the list of examples", async () => {
  const listed = linksOf(await read("examples/README.md"));
  const examples = ["", "sims/"].flatMap((folder) =>
    [...Deno.readDirSync(new URL(`examples/${folder}`, ROOT))]
      .filter(({ name }) => /\.(ts|toml)$/.test(name) && name !== "defaults.toml")
      .map(({ name }) => folder + name)
  );
  assertEquals(examples.filter((path) => !listed.includes(path)), []);
});

Deno.test("a stranger reads the README in one sitting", async () => {
  const lines = (await read("README.md")).split("\n").length;
  assert(lines <= 200, `README.md has ${lines} lines; move the depth to the guides in lib/`);
});

Deno.test("fenced blocks are found with their language, text and line", () => {
  const markdown = [
    "# Title",
    "```ts",
    "const a = `x`;",
    "",
    "```",
    "text with ```inline``` code",
    "~~~~ SH extra words",
    "~~~",
    "```",
    "~~~~~",
    "1. in a list",
    "",
    "   ```ts ignore",
    "   if (a) {",
    "     b();",
    " less();",
    "   ```",
    "```",
    "````",
  ].join("\r\n");
  assertEquals(fencedBlocks(markdown), [
    { language: "ts", attributes: [], text: "const a = `x`;\n\n", line: 2 },
    { language: "sh", attributes: ["extra", "words"], text: "~~~\n```\n", line: 7 },
    { language: "ts", attributes: ["ignore"], text: "if (a) {\n  b();\nless();\n", line: 13 },
    { language: "", attributes: [], text: "", line: 18 },
  ]);
});

Deno.test("a block that is not closed goes to the end, and no fence is no block", () => {
  assertEquals(fencedBlocks("```ts\na\nb\n"), [
    { language: "ts", attributes: [], text: "a\nb\n", line: 1 },
  ]);
  assertEquals(fencedBlocks("```ts\na"), [
    { language: "ts", attributes: [], text: "a\n", line: 1 },
  ]);
  assertEquals(fencedBlocks("none\n``\n    code\n``"), []);
  assertEquals(fencedBlocks(""), []);
});

Deno.test("the tasks of command lines are found, whatever surrounds them", () => {
  const commands = [
    "npx -y deno@2 task demo",
    "$ npx -y deno@2 task -q setup && npx -y deno@2 task test --filter=nat",
    "cd netyard; npx -y deno@2 task sim:run",
    "npx -y deno@2 task # lists them",
    "npx -y deno@2 run -P examples/hello.ts",
    "echo npx -y deno@2 task no",
  ].join("\n");
  assertEquals(tasksOf(commands), ["demo", "setup", "test", "sim:run"]);
});

Deno.test("the relative links of a text are found, without what is on the web", () => {
  const text =
    "[a](lib/a.md) [b](https://b.test/) [c](../c.ts#top) `[d](d.md)` ![e](e.svg) [f](#f)";
  assertEquals(linksOf(text), ["lib/a.md", "../c.ts", "d.md", "e.svg"]);
});
