import { assertEquals, assertRejects } from "@std/assert";
import { BinaryError, checkBinaries, resolveBinaries } from "../../../lib/sim/binary/binaries.ts";
import { TomlError } from "../../../lib/toml/errors.ts";
import { Scratch } from "./binaries_kit.ts";

const SCRIPT = "#!/bin/sh\necho here\n";

Deno.test("a path is relative to its file, or else to the working directory", async () => {
  await using scratch = await Scratch.make();
  await scratch.write("bin/relay", SCRIPT);
  assertEquals(await scratch.path({ path: "bin/relay" }), scratch.at("bin/relay"));
  await scratch.write("sims/bin/relay", SCRIPT);
  assertEquals(await scratch.path({ path: "bin/relay" }), scratch.at("sims/bin/relay"));
  assertEquals(
    await scratch.path({ path: scratch.at("bin/relay") }),
    scratch.at("bin/relay"),
  );
});

Deno.test("a missing file, a directory, and a file that is not a program are errors with their line", async () => {
  await using scratch = await Scratch.make();
  await scratch.write("bin/relay", SCRIPT);
  await scratch.write("sims/text", "text\n");
  const refused = async (path: string, message: string) => {
    const simulation = scratch.simulation([{ path }]);
    const error = await assertRejects(
      () => checkBinaries([simulation], scratch.options()),
      TomlError,
    );
    assertEquals((error as Error).message, `sims/a.toml:10: binary "relay": ${message}`);
  };
  await refused(
    "bin/relai",
    `"path" is "bin/relai", but there is no ${scratch.at("sims/bin/relai")} and no ` +
      `${scratch.at("bin/relai")}; did you mean "relay"?`,
  );
  await refused(
    ".",
    `"path" is the directory ${scratch.at("sims")}: name the program in it, or, if it is a cargo ` +
      'workspace, give mode = "build", and "bin" or "example"',
  );
  await refused(
    "text",
    `${scratch.at("sims/text")} cannot be executed: chmod +x it, if it is the program`,
  );
});

Deno.test("only programs that steps use are looked for, and one error names all missing ones", async () => {
  await using scratch = await Scratch.make();
  const binaries = [{ name: "a", path: "a" }, { name: "b", path: "b" }, { name: "c", path: "c" }];
  const none = scratch.simulation(binaries, [], [["true"]]);
  assertEquals(await resolveBinaries([none], scratch.options()), new Map([[none, new Map()]]));
  const some = scratch.simulation(binaries, [], [["sh", "-c", "exec ${binary.a}"], [
    "${binary.c}",
  ]]);
  some.steps[1].skipped = true;
  const both = scratch.simulation(binaries, [], [["${binary.c}"], ["${binary.cc}"]]);
  const error = await assertRejects(() => checkBinaries([some], scratch.options()), TomlError);
  assertEquals((error as TomlError).faults.map(({ where }) => where), ["sims/a.toml:10"]);
  await assertRejects(
    () => checkBinaries([both], scratch.options()),
    TomlError,
    'sims/a.toml:21: "${binary.cc}" names no [[binary]]; did you mean "c"?',
  );
  both.steps.pop();
  const two = await assertRejects(() => checkBinaries([some, both], scratch.options()), TomlError);
  assertEquals((two as TomlError).faults.map(({ where }) => where), [
    "sims/a.toml:10",
    "sims/a.toml:12",
  ]);
});

Deno.test("an override replaces a declaration, or a missing one", async () => {
  await using scratch = await Scratch.make();
  await scratch.write("mine", SCRIPT);
  const declared = scratch.simulation([{ path: "none" }]);
  const free = scratch.simulation([], [], [["${binary.relay}"]]);
  const found = await resolveBinaries(
    [declared, free],
    scratch.options({ overrides: ["relay:path:mine"] }),
  );
  const mine = new Map([["relay", scratch.at("mine")]]);
  assertEquals([found.get(declared), found.get(free)], [mine, mine]);
  const error = await assertRejects(
    () => resolveBinaries([declared], scratch.options({ overrides: ["relai:path:mine"] })),
    BinaryError,
  );
  assertEquals(
    (error as Error).message,
    '--binary relai:path:mine: no simulation has a binary "relai"; did you mean "relay"?',
  );
});

Deno.test("target: finds programs in the target directory of the workspace, release first", async () => {
  await using scratch = await Scratch.make();
  await scratch.write("Cargo.toml", "[workspace]\n");
  await scratch.write("sims/Cargo.toml", "[package]\n");
  const here = { hostPath: false };
  const paths = ["debug/examples/relay", "debug/relay", "release/examples/relay", "release/relay"];
  for (const path of paths) {
    await scratch.write(`target/${path}`, SCRIPT);
    assertEquals(await scratch.path({ path: "target:relay" }, here), scratch.at("target", path));
  }
  const target = (fields: object) => scratch.path({ mode: "target", ...fields }, here);
  assertEquals(await target({ bin: "relay" }), scratch.at("target/release/relay"));
  assertEquals(await target({ example: "relay" }), scratch.at("target/release/examples/relay"));
  assertEquals(
    await scratch.path({ path: "target:debug/relay" }, here),
    scratch.at("target/debug/relay"),
  );
  await scratch.write("elsewhere/release/relay", SCRIPT);
  const variable = (name: string) =>
    name === "CARGO_TARGET_DIR" ? "elsewhere" : name === "HOME" ? "/none" : undefined;
  assertEquals(
    await scratch.path({ path: "target:relay" }, { ...here, variable }),
    scratch.at("elsewhere/release/relay"),
  );
  await assertRejects(
    () => target({ bin: "relai" }),
    TomlError,
    'sims/a.toml:10: binary "relay": cargo has not built "relai"; did you mean "relay"? It was looked for ' +
      `at ${scratch.at("sims/target/release/relai")}, `,
  );
});
