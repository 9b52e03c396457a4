// A laptop is carried away from the access point and then put down beside it: the link gets worse in
// steps, and suddenly good again.
//
//   laptop -- home (NAT) ----- IX ----- dc -- server
//     wifi, wifi-bad, mobile-3g, nothing
//
// A schedule changes the condition, while a program on the laptop sends a numbered datagram every 5 ms
// and records when each was answered. Presets apply to each direction, so a round trip has twice the
// delay and about twice the loss. A change is effective from the next packet on: the program only
// notices that its answers take more or less time.
//
// deno run -P examples/progressive_degradation.ts
import "@netyard/netyard/rootless";
import { formatTable } from "./lib/table.ts";
import { Lab, type LinkPreset } from "@netyard/netyard";
import { assertEquals, assertGreater, assertGreaterOrEqual, assertLess } from "@std/assert";

/** A datagram: when it was sent, and the time until its answer, if there was one. */
interface Probe {
  at: number;
  rttMs?: number;
}

await using lab = await Lab.create({ label: "progressive-degradation" });
const dc = await lab.addRouter("dc", { preset: "public" });
const home = await lab.addRouter("home", { preset: "home" });
const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
const laptop = await lab.addDevice("laptop", { interfaces: { wlan0: { gateway: home } } });
const wlan0 = laptop.interface("wlan0");

await server.run(echo, 7000);
const probing = laptop.run(probe, server.ip!, 7000);

// Each condition from its `from` to its `until`.
const phases: { name: string; from: number; until: number }[] = [];
const set = (condition: LinkPreset | null) => async () => {
  const until = Date.now();
  await wlan0.setCondition(condition);
  if (phases.length > 0) phases.at(-1)!.until = until;
  phases.push({ name: condition ?? "nothing", from: Date.now(), until: Infinity });
};
await using walk = lab.schedule([
  { at: 0, do: set("wifi") },
  { at: "1s", do: set("wifi-bad") },
  { at: "2200ms", do: set("mobile-3g") },
  { at: "3700ms", do: set(null) },
  { at: "4500ms", do: () => {} },
]);
await walk.done;
const probes = await laptop.run(stopProbing).then(() => probing);

// A probe counts for a condition if it was answered under the same one, or never.
const results = phases.map(({ name, from, until }) => {
  const sent = probes.filter(({ at }) => at > from && at < until);
  const rtts = sent.filter(({ at, rttMs }) => rttMs !== undefined && at + rttMs < until)
    .map(({ rttMs }) => rttMs!).sort((a, b) => a - b);
  const lost = sent.filter(({ rttMs }) => rttMs === undefined).length;
  return { name, sent: sent.length, lost, min: rtts[0], median: rtts[rtts.length >> 1] };
});
console.log(formatTable([
  ["condition", "sent", "lost", "least RTT", "median RTT"],
  ...results.map(({ name, sent, lost, min, median }) => [
    name,
    `${sent}`,
    `${lost} (${(100 * lost / sent).toFixed(1)} %)`,
    `${min.toFixed(1)} ms`,
    `${median.toFixed(1)} ms`,
  ]),
]));

const [wifi, bad, cell, nothing] = results;
const cleared = phases[3].from;
const answers = probes.filter(({ at }) => at > cleared).map(({ at, rttMs = NaN }) => at + rttMs);
const backMs = Math.min(...answers) - cleared;
console.log(`\nThe first answer by the good link came after ${backMs} ms.`);

assertEquals(results.map(({ name }) => name), ["wifi", "wifi-bad", "mobile-3g", "nothing"]);
// The lowest delay that the presets allow: both directions, each minus its jitter; minus a millisecond for
// the clock.
assertGreaterOrEqual(wifi.min, 2 * (5 - 2) - 1);
assertGreaterOrEqual(bad.min, 2 * (40 - 15) - 1);
assertGreaterOrEqual(cell.min, 2 * (100 - 30) - 1);
assertLess(wifi.median, bad.median);
assertLess(bad.median, cell.median);
assertLess(nothing.median, bad.median, "it is good again");
assertLess(nothing.min, wifi.min, "better than it ever was");
assertEquals(nothing.lost, 0, "and loses nothing");
assertLess(backMs, 1000, "at once");
assertGreater(bad.lost + cell.lost, wifi.lost, "4 % are lost on a bad link, 0.2 % on a good one");

/** The laptop's program: sends until it is stopped, and then waits for the last answers. */
async function probe(ip: string, port: number): Promise<Probe[]> {
  const { createSocket } = await import("node:dgram");
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const probes: Probe[] = [];
  const socket = createSocket("udp4");
  socket.on("message", (data) => {
    const probe = probes[Number(data)];
    probe.rttMs = Date.now() - probe.at;
  });
  const state = Object.assign(globalThis, { stopped: false });
  for (const start = performance.now(); !state.stopped; await pause(5)) {
    // All that are due: a timer may be late.
    while (probes.length * 5 <= performance.now() - start) {
      socket.send(String(probes.length), port, ip);
      probes.push({ at: Date.now() });
    }
  }
  const arrived = () => probes.filter(({ rttMs }) => rttMs !== undefined).length;
  for (let before = -1; before < arrived(); await pause(500)) before = arrived();
  socket.close();
  return probes;
}

/** Functions on one node share `globalThis`. */
function stopProbing(): void {
  Object.assign(globalThis, { stopped: true });
}

/** The server's program: returns each datagram. */
async function echo(port: number): Promise<void> {
  const { createSocket } = await import("node:dgram");
  const socket = createSocket("udp4");
  socket.on("message", (data, { address, port }) => socket.send(data, port, address));
  await new Promise<void>((bound, failed) => socket.once("error", failed).bind(port, bound));
}
