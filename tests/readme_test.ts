import { assert, assertEquals, assertGreater } from "@std/assert";
import { type Block, examplesOf, fencedBlocks, tasksOf } from "./readme.ts";

const ROOT = new URL("../", import.meta.url);
const CONFIG = new URL("deno.json", ROOT).pathname;
const TIMEOUT_MS = 60_000;

const readBlocks = async () => fencedBlocks(await Deno.readTextFile(new URL("README.md", ROOT)));
const typescript = (blocks: Block[]) => blocks.filter(({ language }) => language === "ts");

async function deno(...args: string[]): Promise<{ code: number; output: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    env: { NO_COLOR: "1" },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).output();
  const decoder = new TextDecoder();
  return { code, output: decoder.decode(stdout) + decoder.decode(stderr) };
}

Deno.test("every TypeScript block of the README passes the type check and runs", async () => {
  const blocks = typescript(await readBlocks());
  assertGreater(blocks.length, 0, "README.md has no ```ts block");
  const dir = await Deno.makeTempDir({ prefix: "netyard-readme-" });
  try {
    const files = blocks.map(({ line }) => `${dir}/line_${line}.ts`);
    await Promise.all(blocks.map(({ text }, i) => Deno.writeTextFile(files[i], text)));
    const outcomes = await Promise.all([
      deno("check", "--config", CONFIG, ...files),
      ...blocks.map(({ text }, i) =>
        /\b(?:Deno\.test|labTest)\(/.test(text)
          ? deno("test", "-P", "--no-check", "--config", CONFIG, files[i])
          : deno("run", "-P", "--config", CONFIG, files[i])
      ),
    ]);
    const names = ["deno check", ...blocks.map(({ line }) => `README.md:${line}`)];
    const failures = outcomes.flatMap(({ code, output }, i) =>
      code === 0 ? [] : [`${names[i]}: exit code ${code}\n${output}`]
    );
    assert(failures.length === 0, failures.join("\n"));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
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

Deno.test("the examples that the README names exist", async () => {
  for (const path of examplesOf(await Deno.readTextFile(new URL("README.md", ROOT)))) {
    const { isFile } = await Deno.stat(new URL(path, ROOT));
    assert(isFile, path);
  }
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

Deno.test("the examples that a text names are found once each", () => {
  const text = "`examples/hello.ts`, deno run -P examples/sims/a-b.toml. See examples/hello.ts.";
  assertEquals(examplesOf(text), ["examples/hello.ts", "examples/sims/a-b.toml"]);
});
