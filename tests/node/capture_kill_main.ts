// A script to be killed: captures of a device and of a router, with traffic.
import { Lab } from "@netyard/netyard";

const lab = await Lab.create({ label: "killed" });
const dc = await lab.addRouter("dc");
const laptop = await lab.addDevice("laptop", { interfaces: { eth0: { gateway: dc } } });
const [tag] = Deno.args;
// A filter that names the script in tcpdump's command line.
const filter = `icmp or port ${tag}`;
await Promise.all([laptop.capture("eth0", { filter }), dc.capture("any", { filter })]);
laptop.command("ping", { args: ["-i", "0.01", lab.ix.ip], stdout: "null" }).spawn();
console.log("captures");
await new Promise(() => setInterval(() => {}, 1000));
