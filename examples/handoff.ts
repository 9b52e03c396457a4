// A phone goes from Wi-Fi to the cellular network in the middle of a conversation with a server.
//
//   before: phone -- home (NAT) ------------\
//                                            exchange -- dc -- server
//   after:  phone -- carrier (CGNAT) -------/
//
// The phone sends a beat every 10 ms over one TCP connection, and the server answers each. At the
// handoff the phone's address goes, and with it the connection: nothing tells the two ends, their
// packets just lead nowhere. The program sees that no answer comes and connects anew, from the new
// address; the server sees a stranger.
//
// deno run -P examples/handoff.ts
import "@netyard/netyard/rootless";
import { formatTable } from "./lib/table.ts";
import { Lab, type SocketAddress } from "@netyard/netyard";
import { waitUntil } from "@netyard/netyard/testing";
import { assert, assertEquals, assertLess, assertNotEquals } from "@std/assert";

await using lab = await Lab.create({ label: "handoff" });
const dc = await lab.addRouter("dc", { preset: "public" });
const home = await lab.addRouter("home", { preset: "home" });
const carrier = await lab.addRouter("carrier", { preset: "isp-cgnat" });
const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
const phone = await lab.addDevice("phone", { interfaces: { net0: { gateway: home } } });
const net0 = phone.interface("net0");

/** For each connection, in their order: who the server saw, and how many beats came by it. */
const seen: { from: string; beats: number; connection: Deno.Conn }[] = [];
const listener = server.runSync(() => Deno.listen({ port: 7000 }));
const serving = serve(listener);

const beating = phone.run(beat, { ip: server.ip!, port: 7000 });
const wifiIp = phone.ip!;
await waitUntil(() => seen[0]?.beats >= 5);

await net0.linkDown();
await net0.replug(carrier);
await net0.linkUp();

const cellularIp = phone.ip!;
const { before, after, gapMs } = await beating;
const addresses = phone.runSync(() => Deno.networkInterfaces()).map(({ address }) => address);
listener.close();
for (const { connection } of seen) connection.close();
await serving;

console.log(formatTable([
  ["", "before", "after"],
  ["the phone's address", before, after],
  ["the server saw", seen[0].from, seen[1]?.from],
  ["beats that arrived", `${seen[0].beats}`, `${seen[1]?.beats}`],
]));
console.log(`\nNo answer for ${gapMs.toFixed(0)} ms.`);

assertNotEquals(wifiIp, cellularIp);
assertEquals(
  [before, after],
  [wifiIp, cellularIp],
  "each connection is from the address of its time",
);
assert(!addresses.includes(wifiIp), `the phone still has ${wifiIp}`);
assertEquals(seen.map(({ from }) => from.split(":")[0]), [home.uplinkIp, carrier.uplinkIp]);
assertLess(gapMs, 3000, "the program finds its way in three seconds");

async function serve(listener: Deno.Listener): Promise<void> {
  const conversations: Promise<void>[] = [];
  try {
    for await (const connection of listener) conversations.push(answer(connection));
  } finally {
    await Promise.all(conversations);
  }
}

async function answer(connection: Deno.Conn): Promise<void> {
  const { hostname, port } = connection.remoteAddr as Deno.NetAddr;
  const peer = { from: `${hostname}:${port}`, beats: 0, connection };
  seen.push(peer);
  const buffer = new Uint8Array(64);
  try {
    while (await connection.read(buffer)) {
      peer.beats++;
      await connection.write(buffer.subarray(0, 1));
    }
  } catch {
    // Closed at the end: the connection of before the handoff never hears of its end.
  }
}

/** The phone's program: beats until it has beaten by a second connection for a while. */
async function beat(
  { ip, port }: SocketAddress,
): Promise<{ before: string; after: string; gapMs: number }> {
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const late = async () => {
    await pause(100);
    throw new Error("no answer within 100 ms");
  };
  const answers: { local: string; at: number }[] = [];
  const giveUp = performance.now() + 10_000;
  while (performance.now() < giveUp) {
    try {
      using connection = await Deno.connect({ hostname: ip, port });
      const local = (connection.localAddr as Deno.NetAddr).hostname;
      for (let beats = 1;; beats++) {
        await connection.write(new Uint8Array(1));
        const length = await Promise.race([connection.read(new Uint8Array(64)), late()]);
        if (length === null) throw new Error("the server closed the connection");
        answers.push({ local, at: performance.now() });
        const first = answers[0].local;
        if (local !== first && beats === 5) {
          const resumed = answers.findIndex((answer) => answer.local === local);
          const gapMs = answers[resumed].at - answers[resumed - 1].at;
          return { before: first, after: local, gapMs };
        }
        await pause(10);
      }
    } catch {
      await pause(10); // The link is down, or the connection leads nowhere: try again.
    }
  }
  throw new Error("no way to the server for 10 s");
}
