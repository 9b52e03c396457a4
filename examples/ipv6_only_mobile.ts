// A phone in an IPv6-only mobile network that still reaches IPv4-only servers.
//
//   phone (CLAT) --\                                           /-- dc -- modern (both families)
//                    carrier (IPv6; NAT64, DNS64) ----- IX -----
//   tablet --------/                                            \-- old-dc -- legacy (IPv4 alone)
//
// 1. IPv6 is not translated: the server sees the phone itself.
// 2. IPv4 servers have addresses in 64:ff9b::/96, whose last 32 bits are the IPv4 address (RFC 6052). The
//    carrier translates (NAT64, RFC 6146), and the server sees the carrier.
// 3. For names with IPv4 addresses alone, the name server of the carrier answers with such addresses
//    (DNS64, RFC 6147), so programs notice nothing.
// 4. Programs that only know IPv4, or that are given an IPv4 address, need a translator on the device
//    (CLAT; 464XLAT, RFC 6877). The phone has one. The tablet does not: it gets "no route" immediately.
//
// deno run -P examples/ipv6_only_mobile.ts
import "@netyard/netyard/rootless";
import { formatTable } from "./lib/table.ts";
import { type Device, embedV4InNat64, Lab } from "@netyard/netyard";
import { assertEquals, assertMatch } from "@std/assert";

await using lab = await Lab.create({ label: "ipv6-only-mobile" });
const dc = await lab.addRouter("dc", { preset: "public" });
const oldDc = await lab.addRouter("old-dc", { preset: "public-v4" });
const carrier = await lab.addRouter("carrier", { preset: "isp-v6" });
const modern = await lab.addDevice("modern", { interfaces: { eth0: { gateway: dc } } });
const legacy = await lab.addDevice("legacy", { interfaces: { eth0: { gateway: oldDc } } });
const phone = await lab.addDevice("phone", {
  interfaces: { wwan0: { gateway: carrier } },
  clat: true,
});
const tablet = await lab.addDevice("tablet", { interfaces: { wwan0: { gateway: carrier } } });
await lab.dnsEntry("modern.test", modern.ip6!);
await lab.dnsEntry("modern.test", modern.ip!);
await lab.dnsEntry("legacy.test", legacy.ip!);

await using _modern = serve(modern, "::");
await using _legacy = serve(legacy, "0.0.0.0");

const embedded = embedV4InNat64(legacy.ip!);
const ways = {
  "IPv6": await get(phone, "http://modern.test/"),
  "NAT64": await get(phone, `http://[${embedded}]/`),
  "NAT64, by name": await get(phone, "http://legacy.test/"),
  "IPv4 alone, CLAT": await get(phone, `http://${legacy.ip}/`, "-4"),
  "IPv4 alone, no CLAT": await get(tablet, `http://${legacy.ip}/`, "-4"),
};
const pings = {
  [embedded]: await ping(tablet, embedded),
  [legacy.ip!]: await ping(phone, legacy.ip!),
};

console.log(formatTable([
  ["way", "from", "to", "the server sees"],
  ...Object.entries(ways).map(([way, { from, to, seen }]) => [way, from, to, seen]),
]));
console.log(`\nping ${embedded}: ${pings[embedded]} (tablet)`);
console.log(`ping ${legacy.ip}: ${pings[legacy.ip!]} (phone)`);

assertEquals([phone.ip, tablet.ip], [undefined, undefined], "the network has no IPv4");
const translated = { to: embedded, seen: carrier.uplinkIp! };
assertEquals(ways, {
  "IPv6": { from: phone.ip6!, to: modern.ip6!, seen: phone.ip6! },
  "NAT64": { from: phone.ip6!, ...translated },
  "NAT64, by name": { from: phone.ip6!, ...translated },
  "IPv4 alone, CLAT": { from: phone.clat!.ip, to: legacy.ip!, seen: carrier.uplinkIp! },
  "IPv4 alone, no CLAT": { from: "-", to: "-", seen: "nothing" },
});
assertMatch(carrier.uplinkIp!, /^198\.18\./);
assertEquals(Object.values(pings), ["answered", "answered"]);
// All IPv4 traffic went through the translator of the carrier, which refused nothing.
assertEquals(carrier.nat64Counters()!.refused, {});
assertEquals(phone.clatCounters()!.refused, {});

/** A web server that answers with the address of the client. */
function serve(node: Device, hostname: string) {
  const say: Deno.ServeHandler<Deno.NetAddr> = (_, { remoteAddr }) =>
    new Response(remoteAddr.hostname);
  return node.runSync(() => Deno.serve({ hostname, port: 80, onListen: () => {} }, say));
}

/** Requests a page with curl; returns both addresses, and the client that the server saw. */
async function get(device: Device, url: string, ...options: string[]) {
  const { success, stdout } = await device.command("curl", {
    args: [
      ...options,
      ...["--globoff", "--silent", "--max-time", "3"],
      ...["--write-out", "\n%{local_ip}\n%{remote_ip}", url],
    ],
  }).output();
  const [seen, from, to] = new TextDecoder().decode(stdout).split("\n");
  return success ? { from, to, seen } : { from: "-", to: "-", seen: "nothing" };
}

async function ping(device: Device, to: string): Promise<string> {
  const args = ["-q", "-c", "1", "-W", "2", to];
  return (await device.command("ping", { args }).output()).success ? "answered" : "no answer";
}
