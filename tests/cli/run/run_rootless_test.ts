import { assertEquals } from "@std/assert";
import { lendPackages } from "../../native/lend_packages.ts";
import { OrdinaryUser } from "../../native/ordinary_user.ts";

const ROOT = new URL("../../../", import.meta.url);

/** Runs `netyard run` on a simulation with an empty lab and a program that must be built. */
const SCRIPT = `
import { Lab } from "./mod.ts";
import { processVariable } from "./lib/cli/command/colors.ts";
import { dispatch } from "./lib/cli/dispatch.ts";
import { REAL_TOOLS } from "./lib/cli/run/simulation_tools.ts";
import { fakeTools, outcome, runCommandBy, simulation } from "./tests/cli/kit.ts";

const { capable, becomeRoot, requireLab } = REAL_TOOLS;
const tools = fakeTools([simulation("one")], {
  capable,
  becomeRoot,
  requireLab,
  environment: processVariable,
  resolve: (all, { onProgress }) => {
    onProgress("built with root: " + capable());
    return Promise.resolve(new Map([[all[0], new Map([["relay", "/opt/relay"]])]]));
  },
  runner: async (each, { binaries, signal, onLine }) => {
    const lab = await Lab.create();
    await lab.close();
    const text = binaries.get("relay") + " " + Deno.env.get("NETYARD_BINARIES");
    onLine({ node: "ix", stream: "stdout", text });
    if (!Deno.args.includes("--jobs=2")) return outcome(each);
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    return outcome(each, { status: "interrupted" });
  },
});
Deno.exit(await dispatch([runCommandBy(tools)], ["run", "sims", "-v", ...Deno.args]));
`;

Deno.test("an ordinary user gets programs once, then becomes root, and can still interrupt the run", async () => {
  const files = await Promise.all(
    ["deno.json", "deno.lock", "mod.ts"].map(async (name) =>
      [name, await Deno.readTextFile(new URL(name, ROOT))] as const
    ),
  );
  await using user = await OrdinaryUser.create(["native", "lib", "tests/cli"], {
    ...Object.fromEntries(files),
    "script.ts": SCRIPT,
  });
  await lendPackages(`${user.dir}/.deno`);
  await Deno.mkdir(`${user.dir}/tmp`);
  await Deno.chmod(`${user.dir}/tmp`, 0o777);
  const env = { TMPDIR: `${user.dir}/tmp` };
  const argv = [user.deno, "run", "-A", "--cached-only", "--no-check", "script.ts"];

  const { code, stdout, stderr } = await user.run(argv, { env });
  // A process that is root already, as in a container, is not restarted.
  assertEquals([code, stderr.replace(/true|false/, "?")], [0, "built with root: ?\n"]);
  assertEquals(stdout.replace(/[\d.]+ m?s\b/g, "<time>").split("\n").slice(0, 3), [
    "started one",
    "ix | /opt/relay undefined",
    "passed one after <time> (1/1)",
  ]);
  assertEquals([...Deno.readDirSync(`${user.dir}/tmp`)], []);

  const child = user.spawn([...argv, "--jobs=2"], { env, stdin: true });
  const deadline = setTimeout(() => child.kill("SIGKILL"), 20_000);
  let said = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    if (!said.includes("ix |") && (said + text).includes("ix |")) child.kill("SIGINT");
    said += text;
  }
  await child.stderr.cancel();
  assertEquals((await child.status).code, 130, said);
  clearTimeout(deadline);
  assertEquals(/^1 interrupted in /m.test(said), true, said);
});
