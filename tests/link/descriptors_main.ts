// Prints the descriptors that labs with conditions leave open after their close.
import { Lab } from "@netyard/netyard";
import { openDescriptors } from "../lab/life/descriptors_main.ts";

async function use(): Promise<void> {
  await using lab = await Lab.create({ seed: 1 });
  const r = await lab.addRouter("r", { downlinkCondition: "wifi" });
  for (let n = 0; n < 10; n++) {
    const d = await lab.addDevice(`d${n}`, {
      interfaces: { eth0: { gateway: r, condition: "wifi" } },
    });
    const eth0 = d.interface("eth0");
    if (n % 2) await eth0.setCondition(null);
    if (n === 3) await eth0.measure({ probes: 1 });
    if (n % 5 === 0) await lab.remove(d);
  }
  await lab.inject({ kind: "degrade-downlink", node: r, condition: "mobile-3g" });
}

await use(); // What is loaded once stays.
const before = openDescriptors();
for (let n = 0; n < 3; n++) await use();
const left = openDescriptors().filter((fd) => !before.includes(fd));
// The runtime keeps the event loop of a thread that ended until the next one ends.
console.log(left.length <= 2 ? "none" : `left: ${left}`);
