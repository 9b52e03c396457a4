import { assert, assertEquals } from "@std/assert";
import { lendPackages } from "../native/lend_packages.ts";
import { OrdinaryUser } from "../native/ordinary_user.ts";

const ROOT = new URL("../../", import.meta.url);

/** A delegation and a renumbering, in a user namespace. */
const SCRIPT = `
import "@netyard/netyard/rootless";
import { Lab } from "@netyard/netyard";
await using lab = await Lab.create();
const isp = await lab.addRouter("isp", { prefixDelegation: { pool: "auto" } });
const home = await lab.addRouter("home", { preset: "home", upstream: isp, prefixDelegation: true });
const pc = await lab.addDevice("pc", { interfaces: { eth0: { gateway: home } } });
const pings = async () =>
  (await pc.command("ping", { args: ["-q", "-c", "1", "-W", "1", lab.ix.ip6] }).output()).success;
const said = [home.delegatedPrefix, await pings(), await home.renewPrefix(), await pings()];
console.log("SAID " + JSON.stringify(said));
`;

Deno.test("an ordinary user has prefixes delegated and renewed", async () => {
  const files = await Promise.all(
    ["deno.json", "deno.lock", "mod.ts"].map(async (name) =>
      [name, await Deno.readTextFile(new URL(name, ROOT))] as const
    ),
  );
  await using user = await OrdinaryUser.create(["native", "lib"], {
    ...Object.fromEntries(files),
    "script.ts": SCRIPT,
  });
  await lendPackages(`${user.dir}/.deno`);
  const { stdout, stderr } = await user.run([
    user.deno,
    "run",
    "-P",
    "--cached-only",
    "--no-check",
    "script.ts",
  ]);
  const said = /^SAID (.*)$/m.exec(stdout)?.[1];
  assert(said, stderr);
  assertEquals(JSON.parse(said), ["2001:db8:8000::/56", true, "2001:db8:8000:100::/56", true]);
});
