// What a home NAT does to a packet, seen on both of its sides.
//
//   laptop (capture) -- home (NAT) ----- IX ----- dc -- server (capture)
//
// `capture()` records all packets of one interface of a node, from the call on. `expect()` waits for a
// packet, also one that came before, and reports the others if none matches; `toFile()` writes a file
// for Wireshark or `tcpdump -r`; `bytes` is the same as a stream, and `drain()` returns what is new.
//
// deno run -P examples/capture.ts
import "@netyard/netyard/rootless";
import { formatTable } from "./lib/table.ts";
import { type CapturedPacket, Lab } from "@netyard/netyard";
import { assertEquals } from "@std/assert";

const PORT = 5353;

await using lab = await Lab.create({ label: "capture" });
const dc = await lab.addRouter("dc", { preset: "public" });
const home = await lab.addRouter("home", { preset: "home" });
const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
const laptop = await lab.addDevice("laptop", { interfaces: { eth0: { gateway: home } } });
await using reflector = await server.spawnReflector({ port: PORT });

// 1. A filter selects the packets; pcap-filter(7) describes its language.
const filter = `udp port ${PORT}`;
await using inside = await laptop.capture("eth0", { filter });
await using outside = await server.capture("eth0", { filter });
await laptop.probeUdpMapping(reflector.address, { port: 40000 });

// 2. The same datagram, before and after the NAT.
const isQuestion = (packet: CapturedPacket) => packet.destinationPort === PORT;
const sent = await inside.expect(isQuestion, { what: "the question" });
const arrived = await outside.expect(isQuestion, { what: "the question at the server" });
const answer = await inside.expect((packet) => packet.sourcePort === PORT, { what: "an answer" });

// 3. A file for any other tool.
const path = await Deno.makeTempFile({ suffix: ".pcap" });
await inside.toFile(path);
// -U: as root, tcpdump would become another user, which does not exist in a user namespace.
const lines = await laptop.$`unshare -U tcpdump -n -q -t -r ${path}`.quiet().lines();
await Deno.remove(path);

const ends = (packet: CapturedPacket) => [
  `${packet.sourceIp}:${packet.sourcePort}`,
  `${packet.destinationIp}:${packet.destinationPort}`,
];
console.log(formatTable([
  ["seen", "from", "to"],
  ["by the laptop", ...ends(sent)],
  ["by the server", ...ends(arrived)],
  ["the answer", ...ends(answer)],
]));
console.log(`tcpdump reads ${lines.length} packets from the file`);

assertEquals(sent.sourceIp, laptop.ip);
assertEquals(arrived.sourceIp, home.uplinkIp, "the NAT put the home router's address there");
assertEquals(arrived.payload, sent.payload, "and changed nothing else");
assertEquals(new TextDecoder().decode(answer.payload), `${home.uplinkIp}:40000`);
