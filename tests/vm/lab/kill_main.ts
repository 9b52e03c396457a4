// A script to be killed: two machines that boot, run, are saved and restored, over and over.
import { Lab } from "@netyard/netyard";

const [tag] = Deno.args;
const lab = await Lab.create({ label: "killed" });
const lan = lab.bridge("lan");
const vms = ["a", "b"].map((name) => lab.vm(`${name}-${tag}`, { bridges: [lan] }));
await lab.boot();
await vms[0].spawn("while :; do echo x; sleep 1; done");
for (;;) {
  using snapshot = await vms[1].snapshot();
  await vms[1].restore(snapshot);
  await vms[1].run("ping -c 1 -W 1 " + vms[0].ip);
}
