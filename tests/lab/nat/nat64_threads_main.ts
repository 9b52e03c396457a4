// How many worker threads a lab has without NAT64, with one, and with two.
import { Lab } from "@netyard/netyard";
import { readFileText } from "../../../native/libc.ts";

const workers = () =>
  [...Deno.readDirSync("/proc/self/task")].map(({ name }) =>
    readFileText(`/proc/self/task/${name}/comm`)
  ).filter((name) => name.startsWith("worker-")).length;
await using lab = await Lab.create({ label: "threads" });
const dc = await lab.addRouter("dc");
await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
const without = workers();
await lab.addRouter("one", { preset: "isp-v6" });
const withOne = workers();
await lab.addRouter("two", { natV6: "nat64" });
console.log(without, withOne, workers());
