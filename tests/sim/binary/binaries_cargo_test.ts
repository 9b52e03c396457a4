import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { findProgram } from "../../../native/process/process.ts";
import { BinaryError, checkBinaries, resolveBinaries } from "../../../lib/sim/binary/binaries.ts";
import type { BinarySpec } from "../../../lib/sim/types/types.ts";
import { TomlError } from "../../../lib/toml/errors.ts";
import { outputOf, Scratch } from "./binaries_kit.ts";

const noGit = !findProgram("git");

/** A workspace with a cargo that only records its arguments. */
async function withCargo(): Promise<Scratch> {
  const scratch = await Scratch.make();
  await Deno.copyFile(join(import.meta.dirname!, "fake_cargo.sh"), scratch.at("bin/cargo"));
  await scratch.write("Cargo.toml", "[package]\n");
  await scratch.write("word", "here");
  return scratch;
}

const ENDING = "--message-format json-render-diagnostics";

Deno.test("cargo is called once for all programs with the same workspace and features", async () => {
  await using scratch = await withCargo();
  const simulation = scratch.simulation(
    [
      { name: "a", mode: "build", bin: "a" },
      { name: "b", mode: "build", example: "b", features: ["y", "x"] },
      { name: "c", mode: "target", example: "c" },
      { name: "d", path: "target:d" },
      { name: "e", path: "../target/release/examples/c" },
    ],
    [
      { examples: ["c"], features: ["x", "y"] },
      { bins: ["d"], allFeatures: true },
      { bins: ["d"], examples: ["c"] },
    ],
  );
  const other = scratch.simulation([{ name: "a", mode: "build", bin: "a" }]);
  const found = await resolveBinaries([simulation, other], scratch.options());
  const target = (path: string) => scratch.at("target/release", path);
  assertEquals(
    found.get(simulation),
    new Map([
      ["a", target("a")],
      ["b", target("examples/b")],
      ["c", target("examples/c")],
      ["d", target("d")],
      ["e", target("examples/c")],
    ]),
  );
  assertEquals(found.get(other)!.get("a"), target("a"));
  assertEquals(await outputOf(target("a")), "a of here");
  const build = `${scratch.directory} build --release`;
  assertEquals(await scratch.lines("bin/cargo.log"), [
    `${build} --example c --example b --features x,y ${ENDING}`,
    `${build} --bin d --all-features ${ENDING}`,
    `${build} --bin d --bin a --example c ${ENDING}`,
  ]);
  const compiling = `cargo: Compiling fake v0.1.0 (${scratch.directory})`;
  assertEquals(scratch.said.filter((line) => line === compiling).length, 3);
});

Deno.test("a [[prepare]] is built even if no step uses its programs", async () => {
  await using scratch = await withCargo();
  const simulation = scratch.simulation([], [{ bins: ["a", "b"] }]);
  await checkBinaries([simulation], scratch.options());
  assertEquals(await scratch.lines("bin/cargo.log"), []);
  await resolveBinaries([simulation], scratch.options());
  assertEquals((await scratch.lines("bin/cargo.log")).length, 1);
  await scratch.write("bin/metadata", scratch.at("target"));
  assertEquals(await scratch.path({ path: "target:a" }), scratch.at("target/release/a"));
});

Deno.test("a build that fails shows the end of its output, and keeps all of it", async () => {
  await using scratch = await withCargo();
  await scratch.write("bin/fail", "");
  const error = await assertRejects(
    () => scratch.path({ mode: "build", bin: "a" }),
    BinaryError,
  ) as Error;
  const match = /^(.*) \(whole output: (.*)\):\n([^]*)$/.exec(error.message)!;
  assertEquals(match[1], 'sims/a.toml:10: binary "relay": cargo build failed with exit code 101');
  assertEquals(match[3].endsWith("\nerror[E0425]: cannot find value"), true);
  assertEquals(await Deno.readTextFile(match[2]), `${match[3]}\n`);
});

Deno.test("an override builds the declared program in another workspace", async () => {
  await using scratch = await withCargo();
  await scratch.write("else/Cargo.toml", "[package]\n");
  await scratch.write("else/word", "there");
  const path = await scratch.path(
    { mode: "build", example: "server", features: ["x"] },
    { overrides: ["relay:build:else"] },
  );
  assertEquals(await outputOf(path), "server of there");
  assertEquals(await scratch.lines("bin/cargo.log"), [
    `${scratch.at("else")} build --release --example server --features x ${ENDING}`,
  ]);
});

Deno.test("without cargo, git or a workspace nothing starts", async () => {
  await using scratch = await Scratch.make();
  const refused = async (simulation: ReturnType<Scratch["simulation"]>, message: string) => {
    const options = scratch.options({ hostPath: false });
    const error = await assertRejects(() => resolveBinaries([simulation], options), TomlError);
    assertEquals((error as Error).message, message);
  };
  const mark = { name: "mark", mode: "command", command: "touch mark", path: "mark" } as const;
  await refused(
    scratch.simulation([mark, { mode: "build", bin: "a" }], [{ bins: ["a"] }]),
    "sims/a.toml:5: [[prepare]]: it needs cargo, which is in no directory of PATH: install it\n" +
      'sims/a.toml:11: binary "relay": the mode "build" needs cargo, which is in no directory of ' +
      "PATH: install it",
  );
  await scratch.write("bin/cargo", "#!/bin/sh\nexit 1\n");
  await refused(
    scratch.simulation([{ mode: "build", bin: "a", repo: "https://example.org/a.git" }]),
    'sims/a.toml:10: binary "relay": "repo" needs git, which is in no directory of PATH: install it',
  );
  await refused(
    scratch.simulation([{ mode: "build", bin: "a" }]),
    'sims/a.toml:10: binary "relay": it is built by cargo, but there is no Cargo.toml in ' +
      `${scratch.at("sims")}, nor above it`,
  );
  await refused(
    scratch.simulation([{ mode: "build", bin: "a", path: "none" }]),
    `sims/a.toml:10: binary "relay": it is built in ${scratch.at("sims/none")}, but there is no ` +
      "such directory",
  );
  assertEquals(await scratch.lines("sims/mark"), []);
});

Deno.test("with noBuild cargo is not called, and earlier builds are used", async () => {
  await using scratch = await withCargo();
  const spec: Partial<BinarySpec> = { mode: "build", bin: "a" };
  const noBuild = { noBuild: true };
  await assertRejects(
    () => scratch.path(spec, noBuild),
    TomlError,
    `binary "relay": cargo has not built "a"; build it first. It was looked for at ${
      scratch.at("target/release/a")
    }`,
  );
  const path = await scratch.path(spec);
  const simulation = scratch.simulation([spec], [{ bins: ["b"] }]);
  const found = await resolveBinaries([simulation], scratch.options(noBuild));
  assertEquals(found.get(simulation)!.get("relay"), path);
  assertEquals((await scratch.lines("bin/cargo.log")).length, 1);
});

/** A repository whose branch main has two commits, the first with the tag v1. */
async function repository(scratch: Scratch): Promise<(...args: string[]) => Promise<string>> {
  const directory = scratch.at("repo");
  const settings = ["user.name=a", "user.email=a@b", "init.defaultBranch=main", "gc.auto=0"];
  const git = (...args: string[]) =>
    outputOf("git", "-C", directory, ...settings.flatMap((one) => ["-c", one]), ...args);
  await scratch.write("repo/Cargo.toml", "[package]\n");
  await git("init", "-q");
  for (const word of ["one", "two"]) {
    await scratch.write("repo/word", word);
    await git("add", ".");
    await git("commit", "-qm", word);
    if (word === "one") await git("tag", "v1");
  }
  return git;
}

Deno.test({
  name: "a repository is cloned once, and each commit is built in its own directory",
  ignore: noGit,
  async fn() {
    await using scratch = await withCargo();
    const git = await repository(scratch);
    const spec: Partial<BinarySpec> = {
      mode: "build",
      repo: pathToFileURL(scratch.at("repo")).href,
      bin: "a",
    };
    const two = { name: "two", ...spec };
    const one = { name: "one", ...spec, commit: "v1" };
    const id = { name: "id", ...spec, commit: (await git("rev-parse", "v1")).slice(0, 12) };
    const simulation = scratch.simulation([two, one, id]);
    const found = (await resolveBinaries([simulation], scratch.options())).get(simulation)!;
    assertEquals(await outputOf(found.get("two")!), "a of two");
    assertEquals(await outputOf(found.get("one")!), "a of one");
    assertEquals(found.get("id"), found.get("one"));
    assertEquals(scratch.said.filter((line) => line.includes("cloning")).length, 1);

    // A new push is fetched; a commit is not fetched again.
    await scratch.write("repo/word", "three");
    await git("commit", "-qam", "three");
    assertEquals(await outputOf(await scratch.path(spec)), "a of three");
    scratch.said.length = 0;
    assertEquals(await scratch.path({ ...spec, commit: id.commit }), found.get("id"));
    assertEquals(scratch.said.filter((line) => line.includes("fetching")), []);

    await assertRejects(
      () => scratch.path({ ...spec, commit: "mian" }),
      BinaryError,
      `sims/a.toml:10: binary "relay": ${spec.repo} has no branch, tag or commit "mian"; did you ` +
        'mean "main"?',
    );
    await Deno.rename(scratch.at("repo"), scratch.at("gone"));
    const kept = await scratch.path({ ...spec, commit: "v1" }, { noBuild: true });
    assertEquals(kept, found.get("one"));
    const none = `${spec.repo}-none`;
    await assertRejects(
      () => scratch.path({ ...spec, repo: none }),
      BinaryError,
      `binary "relay": cannot clone ${none}: git failed with exit code 128:\n`,
    );
    await assertRejects(
      () => scratch.path({ ...spec, repo: none }, { noBuild: true }),
      TomlError,
      `${none} at main was not built before, and nothing may be built`,
    );
  },
});

const cargo = findProgram("cargo");
const works = cargo !== undefined &&
  (await new Deno.Command(cargo, { args: ["--version"] }).output()).success;

Deno.test({
  name: "cargo itself builds a program, which is found again in its target directory",
  ignore: !works,
  async fn() {
    await using scratch = await Scratch.make();
    await scratch.write("Cargo.toml", '[package]\nname = "relay"\nversion = "0.1.0"\n');
    await scratch.write("src/main.rs", 'fn main() { println!("from rust"); }\n');
    const variable = (name: string) => name === "NETYARD_CACHE" ? scratch.at("cache") : undefined;
    const path = await scratch.path({ mode: "build", bin: "relay" }, { variable });
    assertEquals([path, await outputOf(path)], [scratch.at("target/release/relay"), "from rust"]);
    assertEquals(await scratch.path({ path: "target:relay" }, { variable }), path);
    await scratch.write("src/main.rs", "fn main() { lost }\n");
    await assertRejects(
      () => scratch.path({ mode: "build", bin: "relay" }, { variable }),
      BinaryError,
      "cannot find value `lost`",
    );
  },
});
