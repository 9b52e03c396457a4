import { assertEquals, assertStringIncludes } from "@std/assert";
import { lendPackages } from "../native/lend_packages.ts";
import { OrdinaryUser } from "../native/ordinary_user.ts";

const ROOT = new URL("../../", import.meta.url);

const SCRIPT = `
import "./native/rootless.ts";
import { Lab } from "./mod.ts";
await using lab = await Lab.create({ label: "hello", record: "on-failure" });
await lab.addRouter("home");
if (Deno.args[0] === "exit") Deno.exit(4);
throw new RangeError("too far");
`;

const SIMULATION = `
[sim]
name = "call"
[[router]]
name = "home"
[device.box.eth0]
gateway = "home"
[[step]]
action = "run"
device = "box"
cmd = ["false"]
`;

Deno.test("scripts and simulations of an ordinary user leave bundles, too", async () => {
  const files = await Promise.all(
    ["deno.json", "deno.lock", "mod.ts"].map(async (name) =>
      [name, await Deno.readTextFile(new URL(name, ROOT))] as const
    ),
  );
  await using user = await OrdinaryUser.create(["native", "lib"], {
    ...Object.fromEntries(files),
    "script.ts": SCRIPT,
    "call.toml": SIMULATION,
  });
  await lendPackages(`${user.dir}/.deno`);
  await Deno.mkdir(`${user.dir}/tmp`);
  await Deno.chmod(`${user.dir}/tmp`, 0o777);
  const env = { TMPDIR: `${user.dir}/tmp`, NETYARD_FAILURES: `${user.dir}/tmp/failures` };
  const deno = (...args: string[]) =>
    user.run([user.deno, "run", "-A", "--cached-only", "--no-check", ...args], { env });

  const thrown = await deno("script.ts");
  assertEquals(thrown.code, 1, thrown.stderr);
  assertStringIncludes(thrown.stderr, `what happened is recorded in ${env.NETYARD_FAILURES}/`);
  const exited = await deno("script.ts", "exit");
  assertEquals(exited.code, 4, exited.stderr);
  assertStringIncludes(exited.stderr, `what happened is recorded in ${env.NETYARD_FAILURES}/`);
  const ran = await deno("lib/cli/main.ts", "run", "call.toml", "--record", "on-failure");
  assertStringIncludes(ran.stdout, "to see it: netyard show ", ran.stderr);
  const labels = [...Deno.readDirSync(env.NETYARD_FAILURES)].map(({ name }) =>
    name.slice("20260102-030405-678-".length)
  );
  assertEquals(labels.sort(), ["call", "call.zip", "hello", "hello", "hello.zip", "hello.zip"]);
});
