// A laptop with two uplinks: its home network, and a VPN to the office.
//
//            eth0 -- home (NAT) ------------\
//   laptop                                   IX -------- dc -- website
//            wg0 --- office (NAT) -----------/
//                      \-- intranet
//
// 1. Split tunnel: the default route is eth0, and only traffic to the office takes the tunnel. Without
//    it, the intranet is unreachable: for the laptop while wg0 is down, and for the tablet in the same
//    home.
// 2. Full tunnel: the default route is wg0, and the website sees the office.
// 3. Back to the split tunnel.
//
// deno run -P examples/vpn_split_tunnel.ts
import "@netyard/netyard/rootless";
import { formatTable } from "./lib/table.ts";
import { type Device, Lab, type Reflector } from "@netyard/netyard";
import { assertEquals } from "@std/assert";

await using lab = await Lab.create({ label: "vpn-split-tunnel" });
const dc = await lab.addRouter("dc", { preset: "public" });
const home = await lab.addRouter("home", { preset: "home" });
const office = await lab.addRouter("office", { nat: "corporate", mtu: 1420 });
const website = await lab.addDevice("website", { interfaces: { eth0: { gateway: dc } } });
const intranet = await lab.addDevice("intranet", { interfaces: { eth0: { gateway: office } } });
const tablet = await lab.addDevice("tablet", { interfaces: { eth0: { gateway: home } } });
const laptop = await lab.addDevice("laptop", {
  interfaces: { eth0: { gateway: home }, wg0: { gateway: office } },
  defaultVia: "eth0",
});
const wg0 = laptop.interface("wg0");

// Reflectors stand for both servers: they answer with the address that they saw.
await using atWebsite = await website.spawnReflector();
await using atIntranet = await intranet.spawnReflector();

const split = await look(laptop);
const without = await look(tablet);
await wg0.linkDown();
const tunnelDown = await look(laptop);
await wg0.linkUp();
await laptop.setDefaultRoute("wg0");
const full = await look(laptop);
await laptop.setDefaultRoute("eth0");
const splitAgain = await look(laptop);

console.log(formatTable([
  ["", "the website saw", "the intranet saw"],
  ["laptop, split tunnel", ...split],
  ["tablet, no tunnel", ...without],
  ["laptop, tunnel down", ...tunnelDown],
  ["laptop, full tunnel", ...full],
  ["laptop, split tunnel again", ...splitAgain],
]));

assertEquals(split, [home.uplinkIp, wg0.ip], "each goes its own way");
assertEquals(without, [home.uplinkIp, "nobody"], "the office is private");
assertEquals(tunnelDown, [home.uplinkIp, "nobody"], "the tunnel is the only way to it");
assertEquals(full, [office.uplinkIp, wg0.ip], "all goes by the office");
assertEquals(splitAgain, split);

/** Returns the addresses that the website and the intranet see for a device. */
function look(device: Device): Promise<string[]> {
  const ask = ({ address }: Reflector) =>
    device.probeUdpMapping(address, { timeoutMs: 2000 }).then(({ ip }) => ip, () => "nobody");
  return Promise.all([ask(atWebsite), ask(atIntranet)]);
}
