import { assert } from "@std/assert";
import { lendPackages } from "./lend_packages.ts";
import { OrdinaryUser } from "./ordinary_user.ts";

const ROOT = new URL("../../", import.meta.url);

/** Runs a script as an ordinary user, and returns the JSON that it printed after `SAID`. */
export async function saidByOrdinaryUser(script: string): Promise<ReturnType<typeof JSON.parse>> {
  const files = await Promise.all(
    ["deno.json", "deno.lock", "mod.ts"].map(async (name) =>
      [name, await Deno.readTextFile(new URL(name, ROOT))] as const
    ),
  );
  await using user = await OrdinaryUser.create(["native", "lib"], {
    ...Object.fromEntries(files),
    "script.ts": script,
  });
  await lendPackages(`${user.dir}/.deno`);
  const run = [user.deno, "run", "-P", "--cached-only", "--no-check", "script.ts"];
  const { stdout, stderr } = await user.run(run);
  const said = /^SAID (.*)$/m.exec(stdout)?.[1];
  assert(said, stderr);
  return JSON.parse(said);
}
