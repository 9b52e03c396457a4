import { assertEquals } from "@std/assert";
import { saidByOrdinaryUser } from "../../native/ordinary_script.ts";

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

Deno.test("delegation and renewal work for an ordinary user", async () => {
  const said = await saidByOrdinaryUser(SCRIPT);
  assertEquals(said, ["2001:db8:8000::/56", true, "2001:db8:8000:100::/56", true]);
});
