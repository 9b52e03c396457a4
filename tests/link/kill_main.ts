// A script to be killed: a lab whose links have conditions, and traffic on them.
import { Lab } from "@netyard/netyard";

const lab = await Lab.create({ label: "killed-conditions" });
const r = await lab.addRouter("r", { downlinkCondition: { latencyMs: 3 } });
for (let n = 0; n < 5; n++) {
  const d = await lab.addDevice(`d${n}`, {
    interfaces: { eth0: { gateway: r, condition: "wifi-bad" } },
  });
  const args = ["-c", 'ping -q -f "$1"', Deno.args[0], r.downstreamGateway!];
  d.command("sh", { args, stdout: "null" }).spawn();
}
console.log("built");
await new Promise(() => setInterval(() => {}, 1000));
