// A phone moves from Wi-Fi to the cellular network during two conversations with a server.
//
//   before: phone -- home (NAT), wifi -------------\
//                                                   IX -------- dc -- server
//   after:  phone -- carrier (CGNAT), mobile-4g ---/
//
// For half a second, while the radio attaches, there is no network. Then the phone has another address
// behind another NAT, and a longer delay.
//
// By TCP it sends a beat every 10 ms, and the server answers each. The connection is bound to the old
// address: neither end gets an error, their packets go nowhere. The program notices that no answer
// comes, and connects again; the server sees a new client. By UDP it sends from one socket that is
// bound to no address: that conversation continues, as with QUIC, and only the server must accept
// another address.
//
// deno run -P examples/handoff.ts
import "@netyard/netyard/rootless";
import { formatTable } from "./lib/table.ts";
import { Lab, type SocketAddress } from "@netyard/netyard";
import { waitUntil } from "@netyard/netyard/testing";
import {
  assert,
  assertEquals,
  assertGreaterOrEqual,
  assertLess,
  assertNotEquals,
} from "@std/assert";

const GAP_MS = 500;

await using lab = await Lab.create({ label: "handoff" });
const dc = await lab.addRouter("dc", { preset: "public" });
const home = await lab.addRouter("home", { preset: "home" });
const carrier = await lab.addRouter("carrier", { preset: "isp-cgnat" });
const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
const phone = await lab.addDevice("phone", {
  interfaces: { net0: { gateway: home, condition: "wifi" } },
});
const net0 = phone.interface("net0");

/** For each connection, in order: the client that the server saw, and the number of beats. */
const seen: { from: Deno.NetAddr; beats: number; connection: Deno.Conn }[] = [];
const listener = server.runSync(() => Deno.listen({ port: 7000 }));
const serving = serve(listener);
// By UDP a reflector answers with the address that it saw.
await using reflector = await server.spawnReflector();

const talking = phone.run(talk, { ip: server.ip!, port: 7000 }, reflector.address);
const wifiIp = phone.ip!;
await waitUntil(() => seen.at(-1)?.beats! >= 10, { what: "the conversations are in progress" });

await net0.linkDown();
await new Promise((resolve) => setTimeout(resolve, GAP_MS));
await net0.replug(carrier);
await net0.setCondition("mobile-4g");
await net0.linkUp();

const cellularIp = phone.ip!;
const { connections, tcpGapMs, udp, udpGapMs } = await talking;
const addresses = phone.runSync(() => Deno.networkInterfaces()).map(({ address }) => address);
listener.close();
for (const { connection } of seen) connection.close();
await serving;

const ends = <T>(list: T[]): [T, T] => [list[0], list.at(-1)!];
const [before, after] = ends(connections);
console.log(formatTable([
  ["", "before", "after"],
  ["the phone's address", before.local, after.local],
  ["by TCP the server saw", ...ends(seen).map(({ from }) => `${from.hostname}:${from.port}`)],
  ["by UDP the server saw", ...udp],
  ["beats that arrived", ...ends(seen).map(({ beats }) => `${beats}`)],
  ["answered within", ...[before, after].map(({ rttsMs }) => `${median(rttsMs).toFixed(0)} ms`)],
]));
console.log(`\nNo answer for ${udpGapMs.toFixed(0)} ms by UDP, ${tcpGapMs.toFixed(0)} ms by TCP.`);

const distinct = (list: unknown[]) => [...new Set(list)];
assertNotEquals(wifiIp, cellularIp);
assert(!addresses.includes(wifiIp), `the phone still has ${wifiIp}`);
assertEquals(
  distinct(connections.map(({ local }) => local)),
  [wifiIp, cellularIp],
  "each connection is from the address of its time",
);
const routers = [home.uplinkIp, carrier.uplinkIp];
assertEquals(distinct(seen.map(({ from }) => from.hostname)), routers);
assertEquals(udp.map((from) => from.split(":")[0]), routers, "the same socket, two addresses");
assertGreaterOrEqual(Math.min(...before.rttsMs), 6, "wifi: 5 ms each way, give or take 2");
assertGreaterOrEqual(Math.min(...after.rttsMs), 34, "mobile-4g: 25 ms each way, give or take 8");
assertLess(Math.min(...before.rttsMs), Math.min(...after.rttsMs));
for (const gapMs of [udpGapMs, tcpGapMs]) assertGreaterOrEqual(gapMs, GAP_MS);
assertLess(tcpGapMs, 5000, "the program finds its way in a few seconds");

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

/** The server: answers each beat. */
async function serve(listener: Deno.Listener): Promise<void> {
  const conversations: Promise<void>[] = [];
  for await (const connection of listener) conversations.push(answer(connection));
  await Promise.all(conversations);
}

async function answer(connection: Deno.Conn): Promise<void> {
  const peer = { from: connection.remoteAddr as Deno.NetAddr, beats: 0, connection };
  seen.push(peer);
  const buffer = new Uint8Array(64);
  try {
    while (await connection.read(buffer)) {
      peer.beats++;
      await connection.write(buffer.subarray(0, 1));
    }
  } catch {
    // Closed at the end: the connection from before the handoff never sees its end.
  }
}

/** The phone's program: runs until it has used a second address for a while. */
async function talk(beats: SocketAddress, questions: SocketAddress) {
  const { createSocket } = await import("node:dgram");
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const silence = () => {
    let [lastMs, longestMs] = [performance.now(), 0];
    const broken = () => {
      longestMs = Math.max(longestMs, performance.now() - lastMs);
      lastMs = performance.now();
    };
    return { broken, longestMs: () => longestMs };
  };

  // UDP: the addresses that the server saw, in order.
  const udp: string[] = [];
  const udpSilence = silence();
  const socket = createSocket("udp4");
  socket.on("message", (data) => {
    udpSilence.broken();
    if (!udp.includes(data.toString())) udp.push(data.toString());
  });
  // Without a route, sending fails.
  const asking = setInterval(() => socket.send("?", questions.port, questions.ip, () => {}), 10);
  await new Promise((resolve) => socket.once("message", resolve));

  // TCP: each connection, and the time of each of its answers.
  const connections: { local: string; rttsMs: number[] }[] = [];
  const tcpSilence = silence();
  // TCP itself recovers a loss within this time.
  const patienceMs = 700;
  const late = () =>
    pause(patienceMs).then(() => {
      throw new Error(`no answer within ${patienceMs} ms`);
    });

  const beat = async (connection: Deno.Conn) => {
    const { hostname: local } = connection.localAddr as Deno.NetAddr;
    const rttsMs: number[] = [];
    connections.push({ local, rttsMs });
    while (local === connections[0].local || rttsMs.length < 10 || udp.length < 2) {
      const sent = performance.now();
      await connection.write(new Uint8Array(1));
      const length = await Promise.race([connection.read(new Uint8Array(64)), late()]);
      if (length === null) throw new Error("the server closed the connection");
      rttsMs.push(performance.now() - sent);
      tcpSilence.broken();
      await pause(10);
    }
  };
  const giveUp = performance.now() + 20_000;
  try {
    while (performance.now() < giveUp) {
      try {
        using connection = await Deno.connect({ hostname: beats.ip, port: beats.port });
        await beat(connection);
        const [udpGapMs, tcpGapMs] = [udpSilence.longestMs(), tcpSilence.longestMs()];
        return { connections, tcpGapMs, udp, udpGapMs };
      } catch {
        await pause(10); // The link is down, or the connection leads nowhere: try again.
      }
    }
    throw new Error("no way to the server for 20 s");
  } finally {
    clearInterval(asking);
    socket.close();
  }
}
