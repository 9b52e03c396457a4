// The frames on a bridge, and those that reach one NIC.
//
//   a (VM) -----\
//                lan (capture)
//   b (VM) -----/     |
//   (capture)      resolver
//
// `a` asks the resolver for the address of a website, and pings `b`. The capture of the bridge has all
// frames, each once; the capture of b's NIC has only the ping, since a bridge forwards unicast frames to
// their destination alone. `expect()` waits for a packet, also one that came before.
//
// deno run -P examples/vm_capture.ts
import "@netyard/netyard/rootless";
import { formatTable } from "./lib/table.ts";
import { type CapturedPacket, Lab } from "@netyard/netyard";
import { assert, assertEquals, assertMatch } from "@std/assert";

const WEBSITE = "192.0.2.80";

await using lab = await Lab.create({ label: "vm-capture" });
const lan = lab.bridge("lan");
const [a, b] = ["a", "b"].map((name) => lab.vm(name, { bridges: [lan] }));
const resolver = await lab.addDevice("resolver", { interfaces: { eth0: { gateway: lan } } });
await lab.setNameserver(resolver.ip!);
await lab.boot();
await resolver.run(answerAll, WEBSITE);

// 1. A capture is complete from the moment when capture() resolves.
await using onBridge = await lan.capture();
await using onCard = await b.nic("lan").capture({ filter: "ip" });
const { stdout } = await a.run("nslookup -type=a example.com");
(await a.run("ping -c 1 b.lan")).assertOk();

// 2. Packets as on the wire.
const question = await onBridge.expect((packet) => packet.destinationPort === 53);
const answer = await onBridge.expect((packet) => packet.sourcePort === 53);
const isPing = (packet: CapturedPacket) => packet.protocol === "icmp";
const ping = await onBridge.expect(isPing, { what: "a ping" });
const pingAtB = await onCard.expect(isPing, { what: "a ping that reaches b" });

// 3. A file for Wireshark, or for tcpdump.
const path = await Deno.makeTempFile({ suffix: ".pcap" });
await onBridge.toFile(path);
// -U: as root, tcpdump would become another user, which does not exist in a user namespace.
const lines = await resolver.$`unshare -U tcpdump -n -t -r ${path} udp port 53`.quiet().lines();
await Deno.remove(path);

console.log(formatTable([
  ["seen", "from", "to"],
  ...Object.entries({ question, answer, ping, "ping at b": pingAtB })
    .map(([name, { sourceIp, destinationIp }]) => [name, sourceIp!, destinationIp!]),
]));
console.log("\ntcpdump reads of the file:");
for (const line of lines) console.log(`  ${line}`);

assertMatch(stdout, new RegExp(`Address: *${WEBSITE}`));
assertEquals([question.sourceIp, question.destinationIp], [a.ip, resolver.ip]);
assertEquals([ping.sourceIp, ping.destinationIp], [a.ip, b.ip]);
assertEquals(pingAtB.bytes, ping.bytes);
assert(lines.some((line) => line.includes("A? example.com.")), lines.join("\n"));
assert(lines.some((line) => line.includes(`A ${WEBSITE}`)), lines.join("\n"));
await onCard.close();
for await (const packet of onCard.packets()) assert(isPing(packet), `${packet}`);

/**
 * A name server that answers every query with one address (RFC 1035, section 4). It keeps running on the
 * thread of the resolver.
 */
async function answerAll(address: string): Promise<void> {
  const { createSocket } = await import("node:dgram");
  const socket = createSocket("udp4");
  socket.on("message", (query, { address: host, port }) => {
    const header = [...query.subarray(0, 2), 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0];
    // The name of the question (a pointer), type A, class IN, TTL 60 s, 4 bytes.
    const record = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...address.split(".").map(Number)];
    socket.send(new Uint8Array([...header, ...query.subarray(12), ...record]), port, host);
  });
  await new Promise<void>((bound, failed) => socket.once("error", failed).bind(53, bound));
}
