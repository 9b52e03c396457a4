// How a device gets its IPv6 address and its default route, in packets: it solicits routers, its router
// advertises, and the kernel of the device does the rest.
//
//   laptop ------\
//                 home (capture) ----- IX ----- dc -- server
//   printer, tv -/
//
// 1. The laptop joins and sends a Router Solicitation, from its link-local address to all routers.
// 2. The router answers with a Router Advertisement (RFC 4861): the prefix of the LAN, from which the
//    laptop makes an address (SLAAC, RFC 4862), and the lifetime of the default route.
// 3. The router sends a lifetime of 0: the laptop keeps its address and loses its default route. Then
//    the router is a default router again.
//
// `provisioning: "ra"` turns this on, here for one device, or with `Lab.create({ ipv6 })` for all.
// Otherwise the lab sets addresses and routes itself, without such packets.
//
// deno run -P examples/ra_capture.ts
import "@netyard/netyard/rootless";
import { formatTable } from "./lib/table.ts";
import { type CapturedPacket, Lab } from "@netyard/netyard";
import { waitUntil } from "@netyard/netyard/testing";
import { assert, assertEquals, assertNotEquals } from "@std/assert";

await using lab = await Lab.create({ label: "ra-capture" });
const dc = await lab.addRouter("dc", { preset: "public" });
const home = await lab.addRouter("home", { preset: "home" });
const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
const printer = await lab.addDevice("printer", { interfaces: { eth0: { gateway: home } } });
await lab.addDevice("tv", { interfaces: { eth0: { gateway: home } } });

/** The types of ICMPv6 that matter here (RFC 4861, section 4). */
const [SOLICITATION, ADVERTISEMENT] = [133, 134];
const isType = (type: number) => (packet: CapturedPacket) => packet.payload?.[0] === type;

// 1. and 2. The laptop joins while the LAN of the router is captured.
const filter = `icmp6 and (ip6[40] == ${SOLICITATION} or ip6[40] == ${ADVERTISEMENT})`;
await using capture = await home.capture("lan", { filter });
const laptop = await lab.addDevice("laptop", {
  interfaces: { eth0: { gateway: home } },
  ipv6: { provisioning: "ra" },
});
const question = await capture.expect(isType(SOLICITATION), { what: "a solicitation" });
const answer = await capture.expect(
  (packet) => isType(ADVERTISEMENT)(packet) && packet.timestampMs >= question.timestampMs,
  { what: "an advertisement" },
);
const advertised = read(answer);
const rows = [["as it comes", ...await look()]];

// 3. No default router, and then one again.
await home.setRouterAdvertisement({ lifetimeSecs: 0 });
const farewell = await capture.expect(
  (packet) => isType(ADVERTISEMENT)(packet) && read(packet).lifetimeSecs === 0,
  { what: "an advertisement that says so" },
);
await waitUntil(async () => await route() === "none", { what: "the laptop to have no way out" });
rows.push(["lifetime 0", ...await look()]);
await home.setRouterAdvertisement({ lifetimeSecs: 600 });
await waitUntil(async () => await route() !== "none", { what: "the laptop to have a way out" });
rows.push(["lifetime 600", ...await look()]);

console.log(formatTable([
  ["packet", "from", "to", "says"],
  ["solicitation", question.sourceIp!, question.destinationIp!, "who is a router?"],
  ...[answer, farewell].map((packet) => {
    const { prefix, lifetimeSecs } = read(packet);
    const says = `${prefix}, default router for ${lifetimeSecs} s`;
    return ["advertisement", packet.sourceIp!, packet.destinationIp!, says];
  }),
]));
console.log();
console.log(formatTable([["laptop", "address", "default route", "ping to the server"], ...rows]));

const { linkLocal6, mac } = laptop.interface("eth0");
assertEquals([question.sourceMac, question.sourceIp, question.destinationIp], [
  mac,
  linkLocal6,
  "ff02::2", // all routers
]);
assertEquals(answer.sourceIp, home.interface("lan").linkLocal6);
assertEquals(advertised, { prefix: home.downstreamCidr6, lifetimeSecs: 1800 });
const network = home.downstreamCidr6!.replace("::/64", ":");
assert(laptop.ip6!.startsWith(network), "the address is of the advertised prefix");
assertNotEquals(laptop.ip6, `${network}:4`, "and not the next one: the kernel made it");
const way = `${home.interface("lan").linkLocal6} eth0`;
assertEquals(rows, [
  ["as it comes", laptop.ip6, way, "answered"],
  ["lifetime 0", laptop.ip6, "none", "no answer"],
  ["lifetime 600", laptop.ip6, way, "answered"],
]);
// Devices with static addresses ignore advertisements.
assertEquals((await printer.$`ip -6 route show default`.text()).includes("proto ra"), false);

/** The address and the default route of the laptop, and whether they work. */
async function look(): Promise<string[]> {
  const text = await laptop.$`ip -6 -o addr show dev eth0 scope global`.text();
  const [, address] = text.match(/inet6 ([\da-f:]+)/)!;
  const args = ["-q", "-c", "1", "-W", "2", server.ip6!];
  const { success } = await laptop.command("ping", { args }).output();
  return [address, await route(), success ? "answered" : "no answer"];
}

/** The default route: the link-local address of the router, and its link (RFC 4007). */
async function route(): Promise<string> {
  const text = await laptop.$`ip -6 route show default`.text();
  const found = text.match(/via (\S+) dev (\S+)/);
  return found ? `${found[1]} ${found[2]}` : "none";
}

/** Reads an advertisement: its lifetime, and the prefix in its options (RFC 4861, 4.2 and 4.6.2). */
function read(packet: CapturedPacket) {
  const bytes = packet.payload!;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const [PREFIX, HEADER_BYTES] = [3, 16];
  let prefix = "none";
  for (let at = HEADER_BYTES; at < bytes.length; at += 8 * bytes[at + 1]) {
    if (bytes[at] !== PREFIX) continue;
    const groups = [0, 1, 2, 3].map((i) => view.getUint16(at + 16 + 2 * i).toString(16));
    prefix = `${groups.join(":").replace(/(:0)+$/, "")}::/${bytes[at + 2]}`;
  }
  return { prefix, lifetimeSecs: view.getUint16(6) };
}
