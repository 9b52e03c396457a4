// A service with a replica in the EU and one in the US, of which one leads, and the cables between
// them are cut one after the other.
//
//   eu ---- 80 ms ---- us
//     \               /
//    190 ms      150 ms
//       \           /
//           asia
//
// Each replica tells the other all the time that it is alive; one that is silent for a second is taken
// for dead, and of those that live the first in the alphabet leads. One cable cut is no harm: traffic
// takes the way by Asia, which is longer. With the second, the US are alone, and nothing says so: each
// side takes the other for dead, and both lead. (A real service asks for a majority.) Once a cable works
// again, one of the two steps down.
//
// deno run -P examples/split_brain.ts
import "@netyard/netyard/rootless";
import { formatTable } from "./lib/table.ts";
import { Lab } from "@netyard/netyard";
import { waitUntil } from "@netyard/netyard/testing";
import { assertEquals, assertGreaterOrEqual } from "@std/assert";

const PORT = 7000;
const BEAT_MS = 20;
/** So many beats in a row must be missing. */
const PATIENCE = 50;

/** What a replica knows. */
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

/** How it is now. */
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

/** Waits until each replica holds this one for the leader. */
async function agree(...leaders: string[]): Promise<void> {
  await waitUntil(async () => {
    const states = await Promise.all(replicas.map((replica) => replica.run(status)));
    return states.every(({ leader }, i) => leader === leaders[i]);
  }, { what: `${leaders} lead`, timeoutMs: 20_000 });
}

/** Waits until each has heard more of the other than what was on its way. */
async function hearMore(): Promise<void> {
  const heard = () => Promise.all(replicas.map(async (one) => (await one.run(status)).heard));
  const before = await heard();
  await waitUntil(async () => (await heard()).every((count, i) => count >= before[i] + 20), {
    what: "the replicas hear of each other",
    timeoutMs: 20_000,
  });
}

/**
 * The service. What a function leaves running goes on in its node, and what it leaves on `globalThis`,
 * the next function there finds.
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
  await new Promise<void>((bound) => socket.bind(port, bound));
  setInterval(() => {
    socket.send(name, port, peer, () => {});
    // Beats are counted, not milliseconds: a program that slept takes nobody for dead.
    if (++missing < patience) return;
    other = undefined;
    decide();
  }, beatMs);
}

function status(): Status {
  return (globalThis as unknown as { state: Status }).state;
}
