// A mobile carrier with both families: its subscribers share IPv4 addresses, but not IPv6 ones. Which
// devices are reachable from outside, by which family?
//
//   phone  --\
//             carrier (carrier-grade NAT; no firewall) --\                /-- server
//   tablet --/                                            IX -------- dc --
//   laptop --- home (NAT; firewall) ---------------------/                \-- stranger
//
// 1. By IPv4, phone and tablet have the address of the carrier, and differ in the port. By IPv6, each
//    has its own address.
// 2. A stranger reaches no device at the address of the carrier, until a device has sent something: then
//    its port on the NAT leads to it, for every sender (RFC 4787: endpoint-independent mapping and
//    filtering). A home NAT lets in only peers that the device has sent to.
// 3. By IPv6 the stranger reaches the phone directly; at home, the firewall blocks it.
//
// deno run -P examples/mobile_cgnat.ts
import "@netyard/netyard/rootless";
import { formatTable } from "./lib/table.ts";
import { type Device, formatSocketAddress, Lab, type Router } from "@netyard/netyard";
import { assertEquals, assertNotEquals } from "@std/assert";

const PORT = 40000;
const PATIENCE = { timeoutMs: 1000 };

await using lab = await Lab.create({ label: "mobile-cgnat" });
const dc = await lab.addRouter("dc", { preset: "public" });
// Global IPv6 addresses, and the IPv4 addresses reserved for carrier-grade NAT (RFC 6598).
const carrier = await lab.addRouter("carrier", {
  preset: "isp-cgnat",
  pool: "public",
  downstreamCidr: "100.64.0.0/24",
});
const home = await lab.addRouter("home", { preset: "home", prefixDelegation: true });
const at = (gateway: Router, name: string) =>
  lab.addDevice(name, { interfaces: { eth0: { gateway } } });
const server = await at(dc, "server");
const stranger = await at(dc, "stranger");
const phone = await at(carrier, "phone");
const tablet = await at(carrier, "tablet");
const laptop = await at(home, "laptop");

await using server4 = await server.spawnReflector({ ip: server.ip });
await using server6 = await server.spawnReflector({ ip: server.ip6 });
// A second one, to compare: does the NAT use another port for another destination?
await using other4 = await server.spawnReflector({ ip: server.ip });

// Unsolicited packets first: once a device has sent, a port leads to it.
const unasked = await Promise.all([phone, tablet, laptop].map(tryUnasked));
const [first, second, atHome] = await Promise.all([phone, tablet, laptop].map(tryFamilies));
const rows = { phone: first, tablet: second, laptop: atHome };
const devices = Object.keys(rows) as (keyof typeof rows)[];
const row = (head: string, what: keyof typeof rows.phone) => [
  head,
  ...devices.map((device) => `${rows[device][what]}`),
];
console.log(formatTable([
  ["", ...devices],
  row("IPv4, its own", "own4"),
  row("IPv4, outside", "outside4"),
  row("IPv6, its own", "own6"),
  row("IPv6, outside", "outside6"),
]));
console.log();
console.log(formatTable([
  ["a stranger sends by", ...devices],
  ["IPv4, before it sent", ...unasked],
  row("IPv4, once it sent", "mapped4"),
  row("IPv6, UDP", "udp6"),
  row("IPv6, TCP", "tcp6"),
]));

assertEquals([first.outsideIp4, second.outsideIp4], [carrier.uplinkIp, carrier.uplinkIp]);
assertNotEquals(first.outside4, second.outside4, "one address, and a port for each");
for (const { outside6, own6 } of Object.values(rows)) assertEquals(outside6, own6);
const reached = ({ mapped4, udp6, tcp6 }: typeof first) => [mapped4, udp6, tcp6];
assertEquals(unasked, ["no answer", "no answer", "no answer"]);
assertEquals(reached(first), ["answered", "answered", "answered"]);
assertEquals(reached(second), ["answered", "answered", "answered"]);
assertEquals(reached(atHome), ["no answer", "no answer", "no answer"]);

/** Whether a stranger reaches a program that answers everyone and has sent nothing yet. */
async function tryUnasked(device: Device): Promise<string> {
  await using _program = await device.spawnReflector({ ip: device.ip!, port: PORT });
  const ip = device === laptop ? home.uplinkIp! : carrier.uplinkIp!;
  return await outcome(stranger.probeUdpMapping({ ip, port: PORT }, PATIENCE));
}

/** Returns the mapping of a device, and whether a stranger reaches a program on it then. */
async function tryFamilies(device: Device) {
  const [own4, own6] = [device.ip!, device.ip6!].map((ip) => ({ ip, port: PORT }));
  // The device probes one server, and then another, from one port.
  const outside4 = await device.probeUdpMapping(server4.address, { port: PORT });
  const again = await device.probeUdpMapping(other4.address, { port: PORT });
  assertEquals(again, outside4, "both NATs take one port for all destinations");
  // The stranger knows the port, and the device has never sent to it.
  const program4 = await device.spawnReflector(own4);
  const program6 = await device.spawnReflector(own6);
  const [mapped4, udp6, tcp6] = await Promise.all([
    outcome(stranger.probeUdpMapping(outside4, PATIENCE)),
    outcome(stranger.probeUdpMapping(own6, PATIENCE)),
    outcome(stranger.probeTcpMapping(own6, PATIENCE)),
  ]);
  for (const program of [program4, program6]) await program.close();
  const outside6 = await device.probeUdpMapping(server6.address, { port: PORT });
  const text = formatSocketAddress;
  return {
    own4: text(own4),
    outside4: text(outside4),
    outsideIp4: outside4.ip,
    own6: text(own6),
    outside6: text(outside6),
    ...{ mapped4, udp6, tcp6 },
  };
}

function outcome(probe: Promise<unknown>): Promise<string> {
  return probe.then(() => "answered", () => "no answer");
}
