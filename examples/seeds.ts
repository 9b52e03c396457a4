// The same seed gives the same losses: a random failure can be repeated.
//
//   phone -- home (NAT) ----- IX ----- dc -- server
//     20 % of what it sends is lost
//
// A phone sends numbered datagrams, and the server records which arrive. The losses depend on the seed
// of the lab, the names of the node and its interface, and the number of the packet; so a second lab
// with the same seed loses exactly the same ones, and a lab with another seed loses others. A lab
// without a given seed draws one: `lab.seed`.
//
// This holds for Netyard's own emulator; netem has its own random numbers.
//
// deno run -P examples/seeds.ts
import "@netyard/netyard/rootless";
import { formatTable } from "./lib/table.ts";
import { Lab, type LinkEngineKind } from "@netyard/netyard";
import { assert, assertEquals, assertNotEquals } from "@std/assert";

const COUNT = 200;
const LOSS_PCT = 20;

const first = await run(7);
if (first.engine === "netem") {
  console.log(
    "Here netem impairs the links, which draws for itself: no seed decides what is lost.",
  );
  Deno.exit(0);
}
const second = await run(7);
const other = await run(8);
const drawn = await run();
const again = await run(drawn.seed);

console.log(formatTable([
  ["lab", "seed", "lost", "which"],
  row("the first", first),
  row("the same seed", second),
  row("another seed", other),
  row("no seed given", drawn),
  row("with the seed it drew", again),
]));

assertEquals(second.lost, first.lost);
assertEquals(again.lost, drawn.lost);
assertNotEquals(other.lost, first.lost);
assertNotEquals(drawn.lost, first.lost);
for (const { lost } of [first, other, drawn]) {
  assert(lost.length > COUNT / 20 && lost.length < COUNT / 2, `${lost.length} are about 20 %`);
}

interface Run {
  seed: number;
  engine: LinkEngineKind;
  /** The numbers of the datagrams that were lost. */
  lost: number[];
}

function row(what: string, { seed, lost }: Run): string[] {
  return [what, `${seed}`, `${lost.length}`, `${lost.slice(0, 8).join(", ")}, ...`];
}

/** Creates a lab, sends the datagrams through it, and returns which were lost. */
async function run(seed?: number): Promise<Run> {
  await using lab = await Lab.create({ label: "seeds", seed });
  const dc = await lab.addRouter("dc", { preset: "public" });
  const home = await lab.addRouter("home", { preset: "home" });
  const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
  const phone = await lab.addDevice("phone", {
    interfaces: { wlan0: { gateway: home, condition: { up: { lossPct: LOSS_PCT } } } },
  });

  await server.run(listen, 7000);
  await phone.run(send, server.ip!, 7000, COUNT);
  const arrived = new Set(await server.run(arrivedBelow, COUNT));
  const all = Array.from({ length: COUNT }, (_, n) => n);
  const lost = all.filter((n) => !arrived.has(n));
  return { seed: lab.seed, engine: lab.linkEngine!, lost };
}

/** The phone's program: sends numbered datagrams, and a few more. */
async function send(ip: string, port: number, count: number): Promise<void> {
  const { createSocket } = await import("node:dgram");
  const socket = createSocket("udp4");
  // This link keeps the order: when one of the last arrives, no other is in transit.
  for (let n = 0; n < count + 30; n++) {
    await new Promise((sent) => socket.send(String(n), port, ip, sent));
  }
  socket.close();
}

/** The server's program: records what arrives, on `globalThis`, for the next function. */
async function listen(port: number): Promise<void> {
  const { createSocket } = await import("node:dgram");
  const numbers: number[] = [];
  const socket = createSocket("udp4");
  Object.assign(globalThis, { numbers, socket });
  socket.on("message", (data) => numbers.push(Number(data)));
  await new Promise<void>((bound, failed) => socket.once("error", failed).bind(port, bound));
}

/** Returns the datagrams that arrived, once one of the last has. */
async function arrivedBelow(count: number): Promise<number[]> {
  const { numbers, socket } = globalThis as unknown as {
    numbers: number[];
    socket: { once(event: "message", heard: () => void): void };
  };
  while (!numbers.some((n) => n >= count)) {
    await new Promise<void>((heard) => socket.once("message", heard));
  }
  return numbers.filter((n) => n < count);
}
