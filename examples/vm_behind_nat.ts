// A virtual machine at home, behind a NAT, and a server in a data centre.
//
//   nas (VM) ----\
//                 home (NAT, firewall) ----- IX ----- dc -- server
//   tablet ------/
//
// A machine is a member of a LAN like a device: it has addresses, routes and names when boot() resolves.
// It reaches the server, which sees the address of the NAT; the server does not reach the machine, but a
// device in the same home does. IPv6 has no NAT: the server sees the address of the machine, and the
// firewall of the home router blocks the server.
//
// deno run -P examples/vm_behind_nat.ts
import "@netyard/netyard/rootless";
import { formatTable } from "./lib/table.ts";
import { type Device, Lab } from "@netyard/netyard";
import { assertEquals, assertNotEquals } from "@std/assert";

const PORT = 8080;

await using lab = await Lab.create({ label: "vm-behind-nat" });
const dc = await lab.addRouter("dc", { preset: "public" });
const home = await lab.addRouter("home", { preset: "home" });
const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
const tablet = await lab.addDevice("tablet", { interfaces: { eth0: { gateway: home } } });
const nas = lab.vm("nas", { bridges: [home] });
await nas.boot();

// 1. A server in Deno: its socket is made inside the data centre, its code runs here.
const service = server.runSync(() =>
  Deno.serve(
    { hostname: "::", port: PORT, onListen() {} },
    (_request, { remoteAddr }) => new Response(remoteAddr.hostname.replace(/^::ffff:/, "")),
  )
);

// 2. The machine asks it with wget for its own address.
const [v4, v6] = await Promise.all([server.ip!, `[${server.ip6!}]`].map(async (host) => {
  const answer = await nas.run(["wget", "-q", "-O", "-", `http://${host}:${PORT}/`]);
  return answer.assertOk().stdout;
}));
await service.shutdown();

// 3. A server in the machine, and the hosts that reach it.
await nas.writeFile("/tmp/index.html", "photos");
(await nas.run(["httpd", "-p", `${PORT}`, "-h", "/tmp"])).assertOk();
const rows = await Promise.all([
  ask("the server, by the home's address", server, home.uplinkIp!),
  ask("the server, by IPv4", server, nas.ip!),
  ask("the server, by IPv6", server, `[${nas.ip6!}]`),
  ask("the tablet, by IPv4", tablet, nas.ip!),
  ask("the tablet, by IPv6", tablet, `[${nas.ip6!}]`),
]);

console.log(formatTable([
  ["", "the NAS's address", "what the server saw"],
  ["IPv4", nas.ip!, v4],
  ["IPv6", nas.ip6!, v6],
]));
console.log();
console.log(formatTable([["who asks the NAS", "answer"], ...rows]));

assertEquals([v4, v6], [home.uplinkIp!, nas.ip6!]);
assertNotEquals(nas.ip, home.uplinkIp);
assertEquals(rows.map(([, answer]) => answer), ["none", "none", "none", "photos", "photos"]);

/** Returns what a device gets from the server in the machine within two seconds. */
async function ask(who: string, device: Device, host: string): Promise<[string, string]> {
  return [who, await device.run(get, `http://${host}:${PORT}/`)];
}

/** Runs on the thread of the device. */
async function get(url: string): Promise<string> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2000) });
    return await answer.text();
  } catch {
    return "none";
  }
}
