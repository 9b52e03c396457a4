// A phone behind two NATs, of its home and of its provider, as seen from each side of them.
//
//   phone  -- home-a (NAT) --\
//                             isp (carrier-grade NAT) ----- IX ----- dc -- server
//   laptop -- home-b (NAT) --/
//
// Phone and laptop probe a reflector at each layer, always from the same port; it answers with the
// address that it saw. Outside, both subscribers share the address of their provider: a server can only
// distinguish them by the port.
//
// deno run -P examples/double_nat.ts
import "@netyard/netyard/rootless";
import { formatTable } from "./lib/table.ts";
import { Lab } from "@netyard/netyard";
import { assertEquals, assertNotEquals } from "@std/assert";

const PORT = 40000;

await using lab = await Lab.create({ label: "double-nat" });
const dc = await lab.addRouter("dc", { preset: "public" });
const isp = await lab.addRouter("isp", { preset: "isp-cgnat" });
const homeA = await lab.addRouter("home-a", { preset: "home", upstream: isp });
const homeB = await lab.addRouter("home-b", { preset: "home", upstream: isp });
const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
const phone = await lab.addDevice("phone", { interfaces: { eth0: { gateway: homeA } } });
const laptop = await lab.addDevice("laptop", { interfaces: { eth0: { gateway: homeB } } });

// A router has several addresses; the one on its LAN is the gateway.
await using inHomeA = await homeA.spawnReflector({ ip: homeA.downstreamGateway });
await using inHomeB = await homeB.spawnReflector({ ip: homeB.downstreamGateway });
await using atIsp = await isp.spawnReflector({ ip: isp.downstreamGateway });
await using outside = await server.spawnReflector();

const ask = (device: typeof phone, reflector: typeof outside) =>
  device.probeUdpMapping(reflector.address, { port: PORT });

const fromPhone = {
  home: await ask(phone, inHomeA),
  isp: await ask(phone, atIsp),
  outside: await ask(phone, outside),
};
const fromLaptop = {
  home: await ask(laptop, inHomeB),
  isp: await ask(laptop, atIsp),
  outside: await ask(laptop, outside),
};

const text = ({ ip, port }: { ip: string; port: number }) => `${ip}:${port}`;
console.log(formatTable([
  ["seen by", "phone", "laptop"],
  ["itself", `${phone.ip}:${PORT}`, `${laptop.ip}:${PORT}`],
  ["its home router", text(fromPhone.home), text(fromLaptop.home)],
  ["the provider", text(fromPhone.isp), text(fromLaptop.isp)],
  ["a server outside", text(fromPhone.outside), text(fromLaptop.outside)],
]));

assertEquals(fromPhone.home, { ip: phone.ip, port: PORT }, "inside its home nothing is translated");
assertEquals(fromLaptop.home, { ip: laptop.ip, port: PORT });
assertEquals(fromPhone.isp.ip, homeA.uplinkIp, "the provider sees the home router");
assertEquals(fromLaptop.isp.ip, homeB.uplinkIp);
assertEquals(fromPhone.outside.ip, isp.uplinkIp, "the world sees the provider");
assertEquals(fromLaptop.outside.ip, isp.uplinkIp, "two subscribers share the provider's address");
assertNotEquals(fromPhone.outside.port, fromLaptop.outside.port, "and differ in the port");

console.log(
  `\nOne address for two homes: ${isp.uplinkIp}, ` +
    `port ${fromPhone.outside.port} is the phone's and ${fromLaptop.outside.port} the laptop's.`,
);
