/** Builds labs whose routers advertise, says so, and waits to be killed; the tag names its programs. */
import { Lab } from "@netyard/netyard";

const [tag] = Deno.args;
const labs: Lab[] = [];
for (const advertiser of ["builtin", "radvd"] as const) {
  const lab = await Lab.create({ label: tag, ipv6: { provisioning: "ra", advertiser } });
  const home = await lab.addRouter("home", { routerAdvertisement: { intervalSecs: 1 } });
  const a = await lab.addDevice("a", { interfaces: { eth0: { gateway: home } } });
  for (const node of [home, a]) {
    node.command("sh", { args: ["-c", "sleep 1000; : $0", tag] }).spawn();
  }
  labs.push(lab);
}
console.log(`ready ${labs.length}`);
await new Promise(() => setTimeout(() => {}, 1_000_000));
