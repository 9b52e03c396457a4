// A laptop turns its VPN on and off: what a server sees of it.
//
//   VPN off: laptop -- home (NAT) ----------------------\
//                                                        IX -------- dc -- server
//   VPN on:  laptop -- vpn-exit (NAT, packets of 1420) --/
//
// With a full tunnel all traffic leaves at the exit of the VPN, as if the laptop were connected there: it
// has another address and a smaller MTU (the headers of WireGuard take the rest), and a server sees the
// exit. So replug() models turning the VPN on.
//
// deno run -P examples/vpn_full_tunnel.ts
import "@netyard/netyard/rootless";
import { formatTable } from "./lib/table.ts";
import { Lab } from "@netyard/netyard";
import { assertEquals, assertNotEquals } from "@std/assert";

await using lab = await Lab.create({ label: "vpn-full-tunnel" });
const dc = await lab.addRouter("dc", { preset: "public" });
const home = await lab.addRouter("home", { preset: "home" });
const exit = await lab.addRouter("vpn-exit", { nat: "home", mtu: 1420 });
const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
const laptop = await lab.addDevice("laptop", { interfaces: { eth0: { gateway: home } } });
const eth0 = laptop.interface("eth0");

// A reflector answers, as a STUN server does, with the address that it saw.
await using reflector = await server.spawnReflector();

const before = await look();
await eth0.replug(exit);
const during = await look();
await eth0.replug(home);
const after = await look();

console.log(formatTable([
  ["", "VPN off", "VPN on", "VPN off again"],
  ["the laptop's address", before.ip, during.ip, after.ip],
  ["the server saw, by UDP", before.udp, during.udp, after.udp],
  ["the server saw, by TCP", before.tcp, during.tcp, after.tcp],
  ["largest packet", ...[before, during, after].map(({ mtu }) => `${mtu} bytes`)],
]));

assertNotEquals(before.ip, during.ip, "the tunnel gives an address of its own");
const seen = [before, during, after].map(({ udp, tcp }) => [udp, tcp]);
assertEquals(seen, [home, exit, home].map(({ uplinkIp }) => [uplinkIp, uplinkIp]));
assertEquals([before.mtu, during.mtu, after.mtu], [1500, 1420, 1500]);

/** Returns the state of the laptop, and the address that the server sees. */
async function look() {
  return {
    ip: laptop.ip!,
    mtu: laptop.mtu,
    udp: (await laptop.probeUdpMapping(reflector.address)).ip,
    tcp: (await laptop.probeTcpMapping(reflector.address)).ip,
  };
}
