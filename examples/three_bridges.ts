// An office with three networks: desks, servers and printers. Desks reach servers and printers; servers
// and printers reach desks, but not each other.
//
//   clerk -- desks -- servers -- files
//              \
//            printers -- laser
//
// A bridge reaches no other network until it is routed, and then only that one.
//
// deno run -P examples/three_bridges.ts
import "@netyard/netyard/rootless";
import { formatTable } from "./lib/table.ts";
import { type Device, Lab } from "@netyard/netyard";
import { assertEquals } from "@std/assert";

await using lab = await Lab.create({ label: "three-bridges" });
const [desks, servers, printers] = ["desks", "servers", "printers"].map((name) => lab.bridge(name));
const clerk = await lab.addDevice("clerk", { interfaces: { eth0: { gateway: desks } } });
const files = await lab.addDevice("files", { interfaces: { eth0: { gateway: servers } } });
const laser = await lab.addDevice("laser", { interfaces: { eth0: { gateway: printers } } });

const rows: string[][] = [];
rows.push(await look("no routes"));
await desks.route([servers, printers]);
rows.push(await look("desks are routed"));
await desks.unroute(printers);
rows.push(await look("not with printers"));

console.log(formatTable([
  ["", "clerk to files", "clerk to laser", "files to laser"],
  ...rows,
]));
console.log(`Desks are routed with ${desks.routes.join(", ")}.`);

assertEquals(rows.map(([, ...answers]) => answers.join()), [
  "none,none,none",
  "v4 and v6,v4 and v6,none",
  "v4 and v6,none,none",
]);

/** Returns which networks reach each other, by which family. */
async function look(phase: string): Promise<string[]> {
  const pairs: [Device, Device][] = [[clerk, files], [clerk, laser], [files, laser]];
  return [phase, ...await Promise.all(pairs.map(([from, to]) => families(from, to)))];
}

async function families(from: Device, to: Device): Promise<string> {
  const [v4, v6] = await Promise.all([to.ip!, to.ip6!].map((ip) => answers(from, ip)));
  return [...v4 ? ["v4"] : [], ...v6 ? ["v6"] : []].join(" and ") || "none";
}

async function answers(from: Device, ip: string): Promise<boolean> {
  const ping = from.command("ping", { args: ["-q", "-c", "1", "-W", "1", ip] });
  return (await ping.output()).success;
}
