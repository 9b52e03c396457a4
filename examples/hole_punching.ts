// Two peers behind NATs find a direct path to each other, or fall back to a relay.
//
//   alice -- home-a (NAT) -----------\
//   bob   -- home-b (NAT) --------------- IX ----- dc -- server (two reflectors, a relay)
//   carol -- office (symmetric NAT) --/
//
// 1. Each peer asks two reflectors, as STUN servers, for the mapping of one of its UDP ports.
// 2. The peers exchange their mappings; this script is the signalling channel.
// 3. Both send to the other's mapping until they receive something. A home NAT lets in only replies, but
//    the other's packet counts as one: its own peer has sent to that address before.
// 4. The NAT of the office maps each destination to another port. The mapping that a reflector saw is
//    not the source of carol's packets to alice, so both NATs drop them, and the two use the relay.
//
// deno run -P examples/hole_punching.ts
import "@netyard/netyard/rootless";
import { formatTable } from "./lib/table.ts";
import { type Device, Lab, type SocketAddress } from "@netyard/netyard";
import { assert, assertEquals, assertNotEquals } from "@std/assert";

await using lab = await Lab.create({ label: "hole-punching" });
const dc = await lab.addRouter("dc", { preset: "public" });
const homeA = await lab.addRouter("home-a", { preset: "home" });
const homeB = await lab.addRouter("home-b", { preset: "home" });
const office = await lab.addRouter("office", { nat: "corporate" });
const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
const alice = await lab.addDevice("alice", { interfaces: { eth0: { gateway: homeA } } });
const bob = await lab.addDevice("bob", { interfaces: { eth0: { gateway: homeB } } });
const carol = await lab.addDevice("carol", { interfaces: { eth0: { gateway: office } } });

await using stun = await server.spawnReflector();
await using otherStun = await server.spawnReflector();
const relay = await server.run(startRelay, server.ip!);

const same = await connect(alice, bob, 40000);
const mixed = await connect(alice, carol, 40001);

const text = ({ ip, port }: SocketAddress) => `${ip}:${port}`;
console.log(formatTable([
  ["peer", "UDP port", "one reflector saw", "the other saw"],
  ...[...same.peers, ...mixed.peers].map((peer) => [
    peer.name,
    `${peer.ip}:${peer.port}`,
    text(peer.mapping),
    text(peer.otherMapping),
  ]),
]));
console.log();
console.log(formatTable([
  ["peers", "way", "one heard", "the other heard"],
  ...[same, mixed].flatMap(({ peers: [a, b], direct, relayed }) => [
    [`${a.name}, ${b.name}`, "direct", ...direct.map(describe)],
    ...relayed ? [[`${a.name}, ${b.name}`, "relay", ...relayed.map(describe)]] : [],
  ]),
]));

const [a, b] = same.peers;
assertEquals(a.mapping, a.otherMapping, "a home NAT maps a port to one port for all destinations");
assertEquals(b.mapping, b.otherMapping);
// Directly: each receives from the other's mapping.
assertEquals(same.direct, [
  { message: "hello from bob", from: b.mapping },
  { message: "hello from alice", from: a.mapping },
]);
assert(!same.relayed, "no relay for peers that hear each other");

const [, c] = mixed.peers;
assertNotEquals(c.mapping, c.otherMapping, "a symmetric NAT maps each destination anew");
assertEquals(mixed.direct, [null, null], "no way through a symmetric NAT");
assertEquals(mixed.relayed, [
  { message: "hello from carol", from: relay },
  { message: "hello from alice", from: relay },
]);

/** What a peer received from the other, and from which address; null for nothing. */
type Heard = { message: string; from: SocketAddress } | null;

function describe(heard: Heard): string {
  return heard ? `"${heard.message}" from ${text(heard.from)}` : "nothing";
}

/** The signalling: gives each peer the other's mapping, and the relay as a fallback. */
async function connect(one: Device, other: Device, port: number) {
  const peers = await Promise.all([one, other].map(async (device) => ({
    name: device.name,
    ip: device.ip,
    port,
    mapping: await device.probeUdpMapping(stun.address, { port }),
    otherMapping: await device.probeUdpMapping(otherStun.address, { port }),
  })));
  const [a, b] = peers;
  const talkTo = (forOne: SocketAddress, forOther: SocketAddress) =>
    Promise.all([
      one.run(talk, one.name, port, forOne),
      other.run(talk, other.name, port, forOther),
    ]);
  const direct = await talkTo(b.mapping, a.mapping);
  const relayed = direct.includes(null) ? await talkTo(relay, relay) : undefined;
  return { peers, direct, relayed };
}

/** A peer: says hello until it hears the other, for at most half a second. */
async function talk(name: string, port: number, to: SocketAddress): Promise<Heard> {
  const { createSocket } = await import("node:dgram");
  const socket = createSocket("udp4");
  await new Promise<void>((bound, failed) => socket.once("error", failed).bind(port, bound));
  const greet = () => socket.send(`hello from ${name}`, to.port, to.ip);
  const again = setInterval(greet, 20);
  greet();
  const heard = await new Promise<Heard>((resolve) => {
    setTimeout(() => resolve(null), 500);
    socket.on("message", (data, { address, port }) => {
      resolve({ message: data.toString(), from: { ip: address, port } });
    });
  });
  // Once more: the other side may not have heard this one yet.
  if (heard) await new Promise((sent) => socket.send(`hello from ${name}`, to.port, to.ip, sent));
  clearInterval(again);
  socket.close();
  return heard;
}

/** A relay: forwards each datagram to all other senders. It keeps running after this returns. */
async function startRelay(ip: string): Promise<SocketAddress> {
  const { createSocket } = await import("node:dgram");
  const socket = createSocket("udp4");
  await new Promise<void>((bound, failed) => socket.once("error", failed).bind(0, ip, bound));
  const members = new Map<string, { address: string; port: number }>();
  socket.on("message", (data, from) => {
    members.set(`${from.address}:${from.port}`, from);
    for (const member of members.values()) {
      if (member.address === from.address && member.port === from.port) continue;
      socket.send(data, member.port, member.address);
    }
  });
  return { ip, port: socket.address().port };
}
