// A script to be killed: a lab with all that runs in one, of the stubborn kinds too.
import { Lab } from "@netyard/netyard";

const lab = await Lab.create({ label: "killed" });
const dc = await lab.addRouter("dc");
const home = await lab.addRouter("home", { preset: "home" });
const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
const laptop = await lab.addDevice("laptop", { interfaces: { eth0: { gateway: home } } });
const carrier = await lab.addRouter("carrier", { preset: "isp-v6" });
await lab.addDevice("phone", { interfaces: { eth0: { gateway: carrier } }, clat: true });
const tag = Deno.args[0];
const run = (node: typeof server, script: string) =>
  node.command("sh", { args: ["-c", script, tag], stdin: "null", stdout: "null" }).spawn();
run(server, 'trap "" TERM HUP INT; while :; do sleep 60; done');
run(laptop, 'setsid sh -c "while :; do sleep 60; done" "$0" & exit 0');
await server.spawnReflector();
laptop.run(async (tag) => {
  new Deno.Command("sh", { args: ["-c", "while :; do sleep 60; done", tag] }).spawn();
  await new Promise(() => {});
}, tag).catch(() => {});
console.log("built");
await new Promise(() => setInterval(() => {}, 1000));
