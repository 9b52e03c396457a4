import { assertEquals, assertRejects } from "@std/assert";
import { BinaryError, resolveBinaries } from "../../../lib/sim/binary/binaries.ts";
import { TomlError } from "../../../lib/toml/errors.ts";
import { pathExists, readFileText } from "../../../native/libc.ts";
import type { BinarySpec } from "../../../lib/sim/types/types.ts";
import { outputOf, Scratch } from "./binaries_kit.ts";

const MAKE = "echo run >>log; printf '#!/bin/sh\\necho made\\n' >relay; chmod +x relay; echo hello";

Deno.test("a command makes a program in the directory of its file, each time", async () => {
  await using scratch = await Scratch.make();
  const spec: Partial<BinarySpec> = { mode: "command", command: MAKE, path: "relay" };
  const path = await scratch.path(spec);
  assertEquals([path, await outputOf(path)], [scratch.at("sims/relay"), "made"]);
  assertEquals(scratch.said.includes('binary "relay": hello'), true);
  await scratch.path({ ...spec, command: ["sh", "-c", MAKE] });
  assertEquals(await scratch.lines("sims/log"), ["run", "run"]);
});

Deno.test("a command with sources runs only if one is newer, and once for all simulations", async () => {
  await using scratch = await Scratch.make();
  await scratch.write("sims/src/a", "1");
  const spec: Partial<BinarySpec> = {
    mode: "command",
    command: MAKE,
    path: "relay",
    sources: ["src"],
  };
  const [one, two] = [scratch.simulation([spec]), scratch.simulation([spec])];
  await resolveBinaries([one, two], scratch.options());
  await Promise.all([scratch.path(spec), scratch.path(spec)]);
  assertEquals(await scratch.lines("sims/log"), ["run"]);
  const later = new Date(Date.now() + 60_000);
  await Deno.utime(scratch.at("sims/src/a"), later, later);
  await scratch.path(spec);
  assertEquals(await scratch.lines("sims/log"), ["run", "run"]);
  await assertRejects(
    () => scratch.path({ ...spec, sources: ["none"] }),
    TomlError,
    `"sources" names ${scratch.at("sims/none")}, which does not exist`,
  );
});

Deno.test("a command that fails shows the end of its output, and keeps all of it", async () => {
  await using scratch = await Scratch.make();
  const refused = async (command: string | string[]) => {
    const spec: Partial<BinarySpec> = { mode: "command", command, path: "relay" };
    return (await assertRejects(() => scratch.path(spec), BinaryError) as Error).message;
  };
  const failed = await refused("for i in $(seq 30); do echo line $i >&2; done; exit 3");
  assertEquals(failed.startsWith('sims/a.toml:10: binary "relay": "command" ('), true);
  assertEquals(failed.endsWith("line 29\nline 30"), true);
  const log = /failed with exit code 3 \(whole output: (.*)\):\n/.exec(failed)![1];
  assertEquals((await Deno.readTextFile(log)).split("\n").length, 31);
  assertEquals(
    await refused("true"),
    'sims/a.toml:10: binary "relay": "command" (true) succeeded, but did not make ' +
      scratch.at("sims/relay"),
  );
  assertEquals((await refused(["./no-such"])).includes('"command" cannot start: '), true);
  await assertRejects(
    () => scratch.path({ mode: "command", command: ["no-such"], path: "relay" }),
    TomlError,
    'sims/a.toml:10: binary "relay": "command" needs no-such, which is in no directory of PATH',
  );
});

Deno.test("the signal ends a command and all processes that it started", async () => {
  await using scratch = await Scratch.make();
  const spec: Partial<BinarySpec> = { mode: "command", path: "relay" };
  const command = `sleep 1000 & echo $! >pid; echo up; wait`;
  const controller = new AbortController();
  const onProgress = (line: string) => {
    if (line.endsWith(": up")) controller.abort(new Error("stop"));
  };
  const { signal } = controller;
  const error = await assertRejects(() =>
    scratch.path({ ...spec, command }, { signal, onProgress })
  );
  assertEquals((error as Error).message, "stop");
  const [pid] = await scratch.lines("sims/pid");
  // A process that has ended may still be a zombie.
  const stat = `/proc/${pid}/stat`;
  assertEquals(!pathExists(stat) || /\) Z /.test(readFileText(stat)), true);
});

Deno.test("with noBuild a command is not run", async () => {
  await using scratch = await Scratch.make();
  const spec: Partial<BinarySpec> = { mode: "command", command: MAKE, path: "relay" };
  await assertRejects(
    () => scratch.path(spec, { noBuild: true }),
    TomlError,
    `${scratch.at("sims/relay")} was not made before, and nothing may be built`,
  );
  await scratch.path(spec);
  assertEquals(await scratch.path(spec, { noBuild: true }), scratch.at("sims/relay"));
  assertEquals(await scratch.lines("sims/log"), ["run"]);
});
