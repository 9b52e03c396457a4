// A mobile carrier that has both families: IPv4 is shared among its subscribers, IPv6 is not. Who can
// be reached from outside, by which?
//
//   phone  --\
//             carrier (carrier-grade NAT; no firewall) --\                /-- server
//   tablet --/                                            IX -------- dc --
//   laptop --- home (NAT; firewall) ---------------------/                \-- stranger
//
// 1. By IPv4 phone and tablet are one address, the carrier's, and differ in the port. By IPv6 each is
//    itself.
// 2. A stranger who sends to the carrier's address finds nobody, until a device has sent something to
//    anybody: then the port that the NAT took for it leads to it, for all the world (RFC 4787:
//    endpoint-independent mapping and filtering). A home NAT lets in only who was sent to.
// 3. By IPv6 the stranger just sends to the phone; nothing is in between. At home the firewall is.
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
// Global IPv6 addresses, and those that are set aside for such NATs (RFC 6598) of IPv4.
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
// A second one, to compare with: does the NAT take another port for another destination?
await using other4 = await server.spawnReflector({ ip: server.ip });

// First what nobody asked for, then the rest: once one device has sent, a port leads to it.
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

/** Whether a stranger reaches a program that answers to everybody, and has not sent anything yet. */
async function tryUnasked(device: Device): Promise<string> {
  await using _program = await device.spawnReflector({ ip: device.ip!, port: PORT });
  const ip = device === laptop ? home.uplinkIp! : carrier.uplinkIp!;
  return await outcome(stranger.probeUdpMapping({ ip, port: PORT }, PATIENCE));
}

/** How a device looks from outside, and whether a stranger reaches a program on it then. */
async function tryFamilies(device: Device) {
  const [own4, own6] = [device.ip!, device.ip6!].map((ip) => ({ ip, port: PORT }));
  // It asks a server how it looks, from one port, and then another server.
  const outside4 = await device.probeUdpMapping(server4.address, { port: PORT });
  const again = await device.probeUdpMapping(other4.address, { port: PORT });
  assertEquals(again, outside4, "both NATs take one port for all destinations");
  // The stranger knows the port, and has never been sent anything; of IPv6, nobody has.
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
