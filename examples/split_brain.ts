// A service with one replica in the EU and one in the US, one of which leads, while the links between
// the regions are cut one after the other.
//
//   eu ---- 80 ms ---- us
//     \               /
//    190 ms      150 ms
//       \           /
//           asia
//
// The replicas send heartbeats to each other; one that is silent for a second counts as dead, and the
// first living one in the alphabet leads. One cut link does no harm: traffic takes the longer path
// through Asia. With the second one, the US is isolated: each side believes that the other is dead, and
// both lead. (A real service would require a majority.) When a link works again, one of the two steps
// down.
//
// deno run -P examples/split_brain.ts
import "@netyard/netyard/rootless";
import { formatTable } from "./lib/table.ts";
import { Lab } from "@netyard/netyard";
import { waitUntil } from "@netyard/netyard/testing";
import { assertEquals, assertGreaterOrEqual } from "@std/assert";

const PORT = 7000;
const BEAT_MS = 20;
/** The number of consecutive beats that must be missing. */
const PATIENCE = 50;

/** The state of a replica. */
interface Status {
  /** Which one leads, as far as it knows. */
  leader: string;
  /** All that led until now, in their order. */
  led: string[];
  /** How often it heard of the other. */
  heard: number;
}

await using lab = await Lab.create({ label: "split-brain" });
const { eu, us, asia } = await lab.addDefaultRegions();
const replicas = await Promise.all([eu, us].map(async (region) => {
  const gateway = await lab.addRouter(`dc-${region.name}`, { preset: "public", region });
  return lab.addDevice(region.name, { interfaces: { eth0: { gateway } } });
}));
const [inEu, inUs] = replicas;
await inEu.run(replicate, "eu", inUs.ip!, PORT, BEAT_MS, PATIENCE);
await inUs.run(replicate, "us", inEu.ip!, PORT, BEAT_MS, PATIENCE);

const rows: Row[] = [];
await agree("eu", "eu");
rows.push(await look("all cables work"));

const first = await lab.inject({ kind: "partition", a: eu, b: us });
await hearMore();
rows.push(await look("eu-us is cut"));

const second = await lab.inject({ kind: "partition", a: asia, b: us });
await agree("eu", "us");
rows.push(await look("us-asia, too"));

await second.heal();
await agree("eu", "eu");
rows.push(await look("us-asia is mended"));

await first.heal();
await hearMore();
rows.push(await look("eu-us, too"));

console.log(formatTable([
  ["", "way from the EU to the US", "the EU says", "the US say"],
  ...rows.map(({ phase, way, leaders }) => [phase, way.text, ...leaders]),
]));

assertEquals(rows.map(({ leaders }) => leaders.join()), [
  "eu leads,eu leads",
  "eu leads,eu leads",
  "eu leads,us leads",
  "eu leads,eu leads",
  "eu leads,eu leads",
]);
const [direct, byAsia, none, byAsiaAgain, directAgain] = rows.map(({ way }) => way);
assertGreaterOrEqual(direct.rttMs, 80);
assertGreaterOrEqual(byAsia.rttMs, 190 + 150);
assertEquals(byAsia.hops, direct.hops! + 1);
assertEquals(none.text, "none");
assertEquals([byAsiaAgain.hops, directAgain.hops], [byAsia.hops, direct.hops]);
const { led } = await inUs.run(status);
assertEquals(led, ["eu", "us", "eu"], "the US led once, and no more than that");
assertEquals((await inEu.run(status)).led, ["eu"]);
assertEquals(lab.faults, []);

interface Row {
  phase: string;
  way: { text: string; rttMs: number; hops?: number };
  leaders: string[];
}

/** Returns the present state. */
async function look(phase: string): Promise<Row> {
  const { stdout } = await inEu.command("ping", { args: ["-n", "-c1", "-W1", inUs.ip!] }).output();
  const [, ttl, rtt] = /ttl=(\d+) time=([\d.]+)/.exec(new TextDecoder().decode(stdout)) ?? [];
  const hops = 64 - Number(ttl); // Each router takes one off the 64 that it begins with.
  const way = ttl
    ? { text: `${hops} routers, ${Number(rtt).toFixed(0)} ms`, rttMs: Number(rtt), hops }
    : { text: "none", rttMs: Infinity };
  const states = await Promise.all(replicas.map((replica) => replica.run(status)));
  return { phase, way, leaders: states.map(({ leader }) => `${leader} leads`) };
}

/** Waits until each replica believes that this one leads. */
async function agree(...leaders: string[]): Promise<void> {
  await waitUntil(async () => {
    const states = await Promise.all(replicas.map((replica) => replica.run(status)));
    return states.every(({ leader }, i) => leader === leaders[i]);
  }, { what: `${leaders} lead`, timeoutMs: 20_000 });
}

/** Waits until each has received new beats of the other. */
async function hearMore(): Promise<void> {
  const heard = () => Promise.all(replicas.map(async (one) => (await one.run(status)).heard));
  const before = await heard();
  await waitUntil(async () => (await heard()).every((count, i) => count >= before[i] + 20), {
    what: "the replicas hear of each other",
    timeoutMs: 20_000,
  });
}

/**
 * The service. It keeps running in its node after the function returns; later functions on the same node
 * find its state on `globalThis`.
 */
async function replicate(
  name: string,
  peer: string,
  port: number,
  beatMs: number,
  patience: number,
): Promise<void> {
  const { createSocket } = await import("node:dgram");
  const state: Status = { leader: "nobody", led: [], heard: 0 };
  Object.assign(globalThis, { state });
  let other: string | undefined;
  let missing = 0;
  const decide = () => {
    const [leader] = [name, ...other === undefined ? [] : [other]].sort();
    if (leader !== state.leader) state.led.push(state.leader = leader);
  };

  const socket = createSocket("udp4");
  socket.on("message", (data) => {
    missing = 0;
    state.heard++;
    other = data.toString();
    decide();
  });
  await new Promise<void>((bound, failed) => socket.once("error", failed).bind(port, bound));
  setInterval(() => {
    socket.send(name, port, peer, () => {});
    // Counts beats, not milliseconds: a program that was suspended does not declare the other dead.
    if (++missing < patience) return;
    other = undefined;
    decide();
  }, beatMs);
}

function status(): Status {
  return (globalThis as unknown as { state: Status }).state;
}
