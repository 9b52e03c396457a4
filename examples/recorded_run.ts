// A run that can be looked at afterwards: events, counters, packets, and what programs report.
//
//   laptop -- home (NAT) ----- IX ----- dc -- server
//
// With an `outDir` a lab writes what happens; `record: "full"` adds every packet, with the secrets of TLS.
// A line of JSON that a program prints, with a member "event", becomes an event of the run, and so does
// `lab.emit()`. `netyard show DIRECTORY --open` shows it all in the browser: the topology at any moment, a
// timeline, logs, packets with a ladder diagram. In tests, `record: "on-failure"` keeps this only of those
// that fail: see lib/testing/README.md.
//
// deno run -P examples/recorded_run.ts
import "@netyard/netyard/rootless";
import { formatTable } from "./lib/table.ts";
import { Lab, readRun } from "@netyard/netyard";
import { assert, assertEquals } from "@std/assert";

const directory = await Deno.makeTempDir({ prefix: "recorded-run-" });
{
  await using lab = await Lab.create({
    label: "recorded",
    outDir: { exact: `${directory}/run` },
    record: "full",
  });
  const dc = await lab.addRouter("dc", { preset: "public" });
  const home = await lab.addRouter("home", { preset: "home" });
  const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
  const laptop = await lab.addDevice("laptop", {
    interfaces: { eth0: { gateway: home, condition: "wifi" } },
  });

  // 1. Code in a node, or any program, reports an event by a line of its output.
  await laptop.run(
    (address: string) => console.log(JSON.stringify({ event: "PeerChosen", address })),
    server.ip!,
  );
  await laptop.$`ping -c 5 -i 0.02 -W 5 ${server.ip!}`.quiet();

  // 2. The script emits one, and a fault is part of the record as well.
  lab.emit("halfway", { pings: 5 });
  const fault = await lab.inject({ kind: "link-down", node: laptop, interface: "eth0" });
  await fault.heal();
}

// 3. What is there, also for other tools: JSON by the line, and pcapng files for Wireshark.
const { events, state } = await readRun(`${directory}/run`);
const custom = events.flatMap((event) => event.kind === "custom" ? [event.name] : []);
const files: string[][] = [];
for await (const { name } of Deno.readDir(`${directory}/run/captures`)) files.push([name]);
console.log(formatTable([["captures"], ...files.sort()]));
console.log(`${events.length} events, of which ${custom.join(" and ")} are the program's and ours`);
console.log(`now: netyard show ${directory}/run --open`);

assertEquals(custom, ["PeerChosen", "halfway"]);
assertEquals(Object.keys(state.devices).sort(), ["laptop", "server"]);
assert(files.flat().includes("home-ix.pcapng"), "the NAT's own side of the Internet");
await Deno.remove(directory, { recursive: true }); // not in a script of yours
