import { assert, assertEquals } from "@std/assert";
import { saidByOrdinaryUser } from "../../native/ordinary_script.ts";

/** What a device gets of advertisements in a user namespace, by either sender. */
const SCRIPT = `
import "@netyard/netyard/rootless";
import { Lab } from "@netyard/netyard";
const said = {};
for (const advertiser of ["builtin", "radvd"]) {
  await using lab = await Lab.create({ seed: 7, ipv6: { provisioning: "ra", advertiser } });
  const home = await lab.addRouter("home", { preset: "home" });
  const dc = await lab.addRouter("dc");
  const a = await lab.addDevice("a", {
    interfaces: { eth0: { gateway: home } },
    ipv6: { privacy: true },
  });
  const b = await lab.addDevice("b", { interfaces: { eth0: { gateway: dc } } });
  const run = (line) => a.command("sh", { args: ["-c", line] }).output();
  const routes = async () => (await run("ip -6 route show default | wc -l")).stdout;
  const text = (bytes) => new TextDecoder().decode(bytes).trim();
  const pings = (await run("ping -q -c 1 -W 2 " + b.ip6)).success;
  const before = text(await routes());
  await home.setRouterAdvertisement({ enabled: false });
  let after;
  for (const end = Date.now() + 5000; Date.now() < end && after !== "0";) after = text(await routes());
  said[advertiser] = { ip6: a.ip6, temporary: !!a.interface("eth0").temporaryIp6, pings, before, after };
}
console.log("SAID " + JSON.stringify(said));
`;

Deno.test("devices of an ordinary user listen to router advertisements", async () => {
  const said = await saidByOrdinaryUser(SCRIPT);
  const { builtin, radvd } = said;
  assertEquals(builtin, {
    ip6: builtin.ip6,
    temporary: true,
    pings: true,
    before: "1",
    after: "0",
  });
  assert(builtin.ip6.startsWith("fd10:0:1:"), builtin.ip6);
  assertEquals(radvd, builtin);
});
