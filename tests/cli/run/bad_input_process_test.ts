import { assertEquals, assertMatch } from "@std/assert";
import { lendPackages } from "../../native/lend_packages.ts";
import { OrdinaryUser } from "../../native/ordinary_user.ts";
import { step, write } from "./bad_input/kit.ts";
import { refusalsOf } from "./bad_input/refusals.ts";
import { inDirectory } from "../kit.ts";
import { assertFailed } from "./real_run.ts";

const ROOT = new URL("../../../", import.meta.url);
const MAIN = new URL("lib/cli/main.ts", ROOT).pathname;

/** Runs `netyard run` as a process in a directory. */
async function netyardRun(cwd: string, args: readonly string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--config", new URL("deno.json", ROOT).pathname, MAIN, "run", ...args],
    cwd,
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

Deno.test("the command as a process refuses files too, and leaves nothing", async () => {
  for (
    const [table, what] of [
      ["files", "TOML that does not parse"],
      ["steps", "a step for an unknown device"],
      ["binaries", "a program whose file is missing"],
    ]
  ) {
    const refusal = (await refusalsOf(table)).find((each) => each.what === what)!;
    await inDirectory(async (directory) => {
      await write(directory, refusal.files);
      const before = Array.from(Deno.readDirSync(directory), ({ name }) => name);
      const { code, stdout, stderr } = await netyardRun(directory, refusal.args);
      const here = `${await Deno.realPath(directory)}`;
      assertEquals(
        { code, stdout, stderr: stderr.replaceAll(here, "DIR/here").replace(/ +$/gm, "") },
        { code: 2, stdout: "", stderr: refusal.says },
      );
      assertEquals(Array.from(Deno.readDirSync(directory), ({ name }) => name), before);
    });
  }
});

Deno.test("files are found from the current directory, and named as on the command line", async () => {
  await inDirectory(async (directory) => {
    const sims = { "sims/a.toml": step('device = "b"\ncmd = ["true"]'), "sub/readme": "" };
    await write(directory, sims);
    for (const [path, name] of [["../sims/", "../sims/a.toml"], ["../sims/a.toml"]]) {
      const { code, stderr } = await netyardRun(`${directory}/sub`, [path]);
      assertEquals([code, stderr], [
        2,
        `${name ?? path}:8: "device" is "b", but the topology has no such node. It has: a, dc\n`,
      ]);
    }
  });
});

Deno.test("a file without read permission is refused with the system's reason", async () => {
  await using user = await OrdinaryUser.create(["native", "lib"], {
    "deno.json": await Deno.readTextFile(new URL("deno.json", ROOT)),
    "deno.lock": await Deno.readTextFile(new URL("deno.lock", ROOT)),
    "mod.ts": await Deno.readTextFile(new URL("mod.ts", ROOT)),
  });
  await lendPackages(`${user.dir}/.deno`);
  await write(user.dir, { "a.toml": "[sim]\n", "sims/a.toml": "[sim]\n" });
  await Deno.chmod(`${user.dir}/a.toml`, 0);
  await Deno.chmod(`${user.dir}/sims`, 0);
  for (const path of ["a.toml", "sims"]) {
    const argv = ["run", "-A", "--cached-only", "--no-check", "lib/cli/main.ts", "run", path];
    const { code, stdout, stderr } = await user.run([user.deno, ...argv]);
    assertEquals({ code, stdout, stderr }, {
      code: 2,
      stdout: "",
      stderr: `${path}: it cannot be read: Permission denied (os error 13)\n`,
    });
  }
  await Deno.chmod(`${user.dir}/sims`, 0o755);
});

Deno.test("the timeout of a capture names it, and the output instead of it", async () => {
  await inDirectory(async (directory) => {
    const server = `action = "spawn"
id = "server"
device = "a"
cmd = ["sh", "-c", "echo starting; sleep 1000"]
[step.captures.port]
regex = 'port=(\\d+)'
[[step]]
id = "client"
device = "a"
cmd = ["echo", "\${server.port}"]
timeout = "1s"`;
    await write(directory, step(server));
    const { code, stdout, stderr } = await netyardRun(directory, ["a.toml"]);
    assertFailed(code, stdout);
    assertEquals(stderr, "");
    assertEquals(
      // A host that is busy with other tests has reasons of its own.
      stdout.replace(/\n {4}inconclusive: .*(\n {6}- .*)+/, "").replace(
        /sim-[\d-]+|[\d.]+ s(?= |;|:|\n)/g,
        "<->",
      ).split("\n").slice(3, -3).join("\n"),
      `✗ x timed out after <->
    step 2 of 2: run client in a (a.toml:14)
    waited <-> for the capture "server.port" of step "server" (spawn, a.toml:7), which still runs; it printed last:
      starting
    command: sh -c 'echo starting; sleep 1000'
    log: .netyard-work/<->/x/nodes/a/stdout.log`,
    );
    assertMatch(stdout, /^1 timed out (\(inconclusive\) )?in /m);
  });
});
