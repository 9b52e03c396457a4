import { assertEquals, assertRejects } from "@std/assert";
import { basename, join } from "node:path";
import { BinaryError, checkBinaries } from "../../../lib/sim/binary/binaries.ts";
import { launcherScript } from "../../../lib/sim/binary/launcher.ts";
import type { BinarySpec } from "../../../lib/sim/types/types.ts";
import { TomlError } from "../../../lib/toml/errors.ts";
import { outputOf, Scratch } from "./binaries_kit.ts";

// The programs must behave the same whether deno compile has its runtime on this host or not.

const RELAY: Partial<BinarySpec> = { mode: "entrypoint", entrypoint: "relay.ts" };

/** Returns how often a module was compiled. */
const compiled = ({ said }: Scratch) => said.filter((line) => line.includes(": compiling ")).length;

Deno.test("a module becomes a program that takes arguments, input and signals", async () => {
  await using scratch = await Scratch.make();
  await scratch.write("sims/word.ts", "export const word: string = 'relay';\n");
  await scratch.write(
    "sims/relay.ts",
    `import { word } from "./word.ts";
     const text = await new Response(Deno.stdin.readable).text();
     console.log(JSON.stringify([word, text, ...Deno.args]));
     Deno.addSignalListener("SIGTERM", () => Deno.exit(7));
     console.error("up");
     setInterval(() => {}, 1000);\n`,
  );
  const path = await scratch.path(RELAY);
  assertEquals(basename(path), "relay");
  const child = new Deno.Command(path, {
    args: ["a b", "--c", "$d"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const input = child.stdin.getWriter();
  await input.write(new TextEncoder().encode("input"));
  await input.close();
  const errors = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  assertEquals((await errors.read()).value, "up\n");
  child.kill("SIGTERM");
  const { code } = await child.status;
  assertEquals(code, 7);
  assertEquals(
    JSON.parse(await new Response(child.stdout).text()),
    ["relay", "input", "a b", "--c", "$d"],
  );
  await errors.cancel();
});

Deno.test("a module is compiled once, even by parallel calls, until something changes", async () => {
  await using scratch = await Scratch.make();
  await scratch.write("sims/deno.json", '{ "imports": { "word": "./one.ts" } }\n');
  await scratch.write("sims/one.ts", "export default 'one';\n");
  await scratch.write("sims/two.ts", "export default 'two';\n");
  await scratch.write("sims/relay.ts", 'import word from "word";\nconsole.log(word);\n');
  const [path, same] = await Promise.all([scratch.path(RELAY), scratch.path(RELAY)]);
  assertEquals([path, await outputOf(path)], [same, "one"]);
  assertEquals(await scratch.path(RELAY), path);
  assertEquals(await scratch.path(RELAY, { noBuild: true }), path);
  assertEquals(compiled(scratch), 1);
  await scratch.write("sims/one.ts", "export default 'other';\n");
  await assertRejects(
    () => scratch.path(RELAY, { noBuild: true }),
    TomlError,
    `${
      scratch.at("sims/relay.ts")
    }, as it is now, was not compiled before, and nothing may be built`,
  );
  assertEquals(await outputOf(await scratch.path(RELAY)), "other");
  await scratch.write("sims/deno.json", '{ "imports": { "word": "./two.ts" } }\n');
  assertEquals(await outputOf(await scratch.path(RELAY)), "two");
  assertEquals(await outputOf(path), "one");
  assertEquals(compiled(scratch), 3);
});

Deno.test("processes that need the same module at the same time compile it once", async () => {
  await using scratch = await Scratch.make();
  await scratch.write("sims/relay.ts", "console.log('here');\n");
  const main = join(import.meta.dirname!, "binaries_main.ts");
  const config = join(import.meta.dirname!, "../../../deno.json");
  const args = ["run", "-A", "--quiet", "--config", config, main, scratch.directory];
  const printed = await Promise.all(
    [1, 2].map(() => outputOf(Deno.execPath(), ...args, JSON.stringify(RELAY))),
  );
  const [[path, ...said], [same, ...more]] = printed.map((text) => JSON.parse(text) as string[]);
  assertEquals([path, await outputOf(path)], [same, "here"]);
  const compiling = [...said, ...more].filter((line) => line.includes(": compiling "));
  assertEquals(compiling.length, 1);
});

Deno.test("a program has the permissions that it was given, and never prompts", async () => {
  await using scratch = await Scratch.make();
  await scratch.write(
    "sims/relay.ts",
    `const names = ["read", "net", "run"] as const;
     console.log(names.map((name) => Deno.permissions.querySync({ name }).state).join(" "));
     try { Deno.readTextFileSync("/etc/hostname"); } catch (error) { console.log((error as Error).name); }\n`,
  );
  assertEquals(
    (await outputOf(await scratch.path(RELAY))).split("\n")[0],
    "granted granted granted",
  );
  const some = await outputOf(await scratch.path({ ...RELAY, permissions: ["--allow-net"] }));
  assertEquals(some.split("\n")[0].replaceAll("denied", "prompt"), "prompt granted prompt");
  assertEquals(some.split("\n")[1], "NotCapable");
});

Deno.test("a module that reads files beside it finds them", async () => {
  await using scratch = await Scratch.make();
  await scratch.write(
    "sims/relay.ts",
    `const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
     worker.onmessage = ({ data }) => { console.log(data); worker.terminate(); };\n`,
  );
  await scratch.write("sims/worker.ts", 'postMessage("from a worker");\n');
  // deno compile packs it only if the config says so.
  const include = '{ "compile": { "include": ["worker.ts"] } }\n';
  await scratch.write("sims/deno.json", include);
  assertEquals(await outputOf(await scratch.path(RELAY)), "from a worker");
});

Deno.test("a missing or invalid module is an error", async () => {
  await using scratch = await Scratch.make();
  await scratch.write("sims/relay.ts", 'import "./none.ts";\n');
  await assertRejects(
    () =>
      checkBinaries(
        [scratch.simulation([{ ...RELAY, entrypoint: "relai.ts" }])],
        scratch.options(),
      ),
    TomlError,
    `sims/a.toml:10: binary "relay": "entrypoint" is "relai.ts", but there is no ` +
      `${scratch.at("sims/relai.ts")}; did you mean "relay.ts"?`,
  );
  const refused = async () =>
    (await assertRejects(() => scratch.path(RELAY), BinaryError) as Error).message;
  const start = 'sims/a.toml:10: binary "relay": ';
  const none = await refused();
  assertEquals(
    none.startsWith(`${start}${scratch.at("sims/relay.ts")} cannot be compiled: `),
    true,
  );
  assertEquals(none.includes("none.ts"), true);
  await scratch.write("sims/relay.ts", "const = 3;\n");
  assertEquals((await refused()).startsWith(start), true);
});

Deno.test("the launcher executes deno run with all arguments unchanged", () => {
  const graph = { hash: "", sources: new Map(), config: "/a b/deno.json" };
  const launch = { deno: "/bin/deno", main: "/it's/main.js", graph };
  assertEquals(
    launcherScript({ ...launch, bundled: true, permissions: ["--allow-net=h:80"] }),
    "#!/bin/sh\nDENO_NO_UPDATE_CHECK=1 exec /bin/deno run --quiet --cached-only --no-lock " +
      "--node-modules-dir=none --config '/a b/deno.json' --allow-net=h:80 '/it'\\''s/main.js' \"$@\"\n",
  );
  const plain = { ...graph, config: undefined };
  assertEquals(
    launcherScript({ ...launch, graph: plain, bundled: false, permissions: ["-A"] }),
    "#!/bin/sh\nDENO_NO_UPDATE_CHECK=1 exec /bin/deno run --quiet --cached-only --no-config -A " +
      "'/it'\\''s/main.js' \"$@\"\n",
  );
});
