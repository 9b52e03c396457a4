import { Lab, type Node } from "@netyard/netyard";
import { formatTable, median, ms, times } from "./stats.ts";

const CALLS = 30;

async function cost(fn: () => unknown): Promise<{ first: number; next: number }> {
  const all: number[] = [];
  for (let i = 0; i < CALLS; i++) {
    const started = performance.now();
    await fn();
    all.push(performance.now() - started);
  }
  return { first: all[0], next: median(all.slice(1)) };
}

/** Prints what it costs to run something in a node, beside the same on the host. */
export async function benchUse(): Promise<void> {
  const rows = [["running `true`, or nothing", "first ms", "next ms", "to the host"]];
  const host = await cost(() => new Deno.Command("true").output());
  rows.push(["Deno.Command on the host", ms(host.first), ms(host.next), ""]);
  const ways: [string, (node: Node) => unknown][] = [
    ["command().output()", (node) => node.command("true").output()],
    ["command().outputSync()", (node) => node.command("true").outputSync()],
    ["$", (node) => node.$`env true`.quiet()],
    ["run()", (node) => node.run(() => 1)],
    ["runSync()", (node) => node.runSync(() => 1)],
  ];
  for (const [name, way] of ways) {
    await using lab = await Lab.create({ label: "bench" });
    const gateway = await lab.addRouter("dc");
    const node = await lab.addDevice("server", { interfaces: { eth0: { gateway } } });
    const { first, next } = await cost(() => way(node));
    rows.push([name, ms(first), ms(next), times(next, host.next)]);
  }
  console.log(`${formatTable(rows)}\n`);
}
