// Three devices on one bridge that gets worse step by step: frames from a to b are late, then all
// frames of the bridge, then a and b are partitioned, and finally everything is reset. Frames from a to
// c are only affected by the impairments of the whole bridge.
//
//   a ---.
//   b --- lan
//   c ---'
//
// deno run -P examples/bridge_impairments.ts
import "@netyard/netyard/rootless";
import { formatTable } from "./lib/table.ts";
import { type Device, Lab } from "@netyard/netyard";
import { assert, assertEquals } from "@std/assert";

await using lab = await Lab.create({ label: "bridge-impairments" });
const lan = lab.bridge("lan");
const a = await lab.addDevice("a");
const b = await lab.addDevice("b");
const c = await lab.addDevice("c");
await lan.attach([a, b, c]);

const rows: (string | number | undefined)[][] = [];
rows.push(await look("as it is"));
await lan.addLatency({ from: a, to: b, ms: 40 });
rows.push(await look("a to b is late"));
await lan.addLatency(10);
rows.push(await look("and the bridge"));
await lan.partition(a, b);
rows.push(await look("a and b are apart"));
await lan.reset();
rows.push(await look("reset"));

console.log(formatTable([
  ["", "a to b.lan", "a to c.lan", "b to c.lan"],
  ...rows.map(([phase, ...times]) => [
    String(phase),
    ...times.map((ms) => ms === undefined ? "no answer" : `${Number(ms).toFixed(1)} ms`),
  ]),
]));

/** The shortest expected round trips. */
const least = [[0, 0, 0], [40, 0, 0], [60, 20, 20], [undefined, 20, 20], [0, 0, 0]];
rows.forEach(([phase, ...times], row) => {
  times.forEach((ms, pair) => {
    const wanted = least[row][pair];
    if (wanted === undefined) return assertEquals(ms, undefined, `${phase}`);
    assert(Number(ms) >= wanted - 0.5 && Number(ms) < wanted + 20, `${phase}: ${ms} ms`);
  });
});

/** Measures the round trips, by the names of the members on the bridge. */
async function look(phase: string): Promise<(string | number | undefined)[]> {
  const pairs: [Device, string][] = [[a, "b.lan"], [a, "c.lan"], [b, "c.lan"]];
  return [phase, ...await Promise.all(pairs.map(([from, to]) => roundTrip(from, to)))];
}

/** Returns the shortest of some round trips, in milliseconds; undefined without an answer. */
async function roundTrip(from: Device, to: string): Promise<number | undefined> {
  const args = ["-c", "5", "-i", "0.05", "-W", "1", to];
  const { stdout } = await from.command("ping", { args }).output();
  const times = [...new TextDecoder().decode(stdout).matchAll(/time=([\d.]+)/g)]
    .map(([, ms]) => Number(ms));
  return times.length > 0 ? Math.min(...times) : undefined;
}
