// A typical home: one IPv4 address for all devices, and an IPv6 address for each of them, from a prefix
// that the provider delegates to the router and replaces each night.
//
//   laptop -- home (NAT; lets nobody in) -- isp ----- IX ----- dc -- server
//
// 1. By IPv4 the server sees the home router, by IPv6 the laptop itself. The laptop makes its addresses
//    from router advertisements (SLAAC), and sends from a temporary one (RFC 8981).
// 2. No external host can connect to the laptop: by IPv4 there is no mapping, by IPv6 the firewall of the
//    router drops (RFC 6092).
// 3. At night the provider delegates another prefix (DHCPv6, RFC 8415). Connections by IPv6 end silently;
//    connections by IPv4 continue.
//
// deno run -P examples/residential_dual_stack.ts
import "@netyard/netyard/rootless";
import { formatTable } from "./lib/table.ts";
import { type Device, Lab } from "@netyard/netyard";
import { assert, assertEquals, assertNotEquals } from "@std/assert";

const PORT = 8022;

await using lab = await Lab.create({ label: "residential-dual-stack" });
const dc = await lab.addRouter("dc", { preset: "public" });
const isp = await lab.addRouter("isp", { preset: "public", prefixDelegation: { pool: "auto" } });
const home = await lab.addRouter("home", {
  preset: "home",
  upstream: isp,
  prefixDelegation: true,
});
const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
const laptop = await lab.addDevice("laptop", {
  interfaces: { wlan0: { gateway: home } },
  ipv6: { provisioning: "ra", privacy: true },
});

// The server answers with the address of the client, and echoes, by each family.
await using reflector4 = await server.spawnReflector({ ip: server.ip, port: 3478 });
await using reflector6 = await server.spawnReflector({ ip: server.ip6, port: 3478 });
const echo = repeat(server);
// Servers on the laptop, for a host that reaches it.
await using _program = await laptop.spawnReflector({ ip: "::", port: PORT });

// 1. From inside.
const day = await look();

// 2. From outside, and once without the firewall.
const guarded = await visit();
await home.setFirewall("none");
const open = await visit();
await home.setFirewall("block-inbound");

// 3. The night, with two connections open.
const [by4, by6] = await Promise.all([connect(server.ip!), connect(server.ip6!)]);
const before = await Promise.all([answers(by4), answers(by6)]);
await home.renewPrefix();
const night = await look();
const after = await Promise.all([answers(by4), answers(by6)]);
for (const connection of [by4, by6]) connection.close();
await echo.close();

console.log(formatTable([
  ["", "by day", "after the night"],
  ["delegated prefix", day.prefix, night.prefix],
  ["laptop, IPv4", day.ip, night.ip],
  ["laptop, IPv6", day.ip6, night.ip6],
  ["the server sees, IPv4", day.seen4, night.seen4],
  ["the server sees, IPv6", day.seen6, night.seen6],
  ["connected by IPv4", before[0], after[0]],
  ["connected by IPv6", before[1], after[1]],
]));
console.log();
console.log(formatTable([
  ["from outside to the laptop", "firewall", "without"],
  ["IPv4, TCP", guarded.tcp4, open.tcp4],
  ["IPv6, TCP", guarded.tcp6, open.tcp6],
  ["IPv6, UDP", guarded.udp6, open.udp6],
]));

assertEquals([day.seen4, night.seen4], [home.uplinkIp, home.uplinkIp]);
for (const { prefix, ip6, seen6 } of [day, night]) {
  const network = prefix.replace("::/56", "");
  assert(ip6.startsWith(`${network}:`) && seen6.startsWith(`${network}:`), `${ip6} ${seen6}`);
  assertNotEquals(seen6, ip6, "it sends from the address that changes with time");
}
assertEquals(day.ip, night.ip);
for (const what of ["prefix", "ip6", "seen6"] as const) assertNotEquals(day[what], night[what]);
assertEquals(before, ["answers", "answers"]);
assertEquals(after, ["answers", "silence"]);
assertEquals(guarded, { tcp4: "no answer", tcp6: "no answer", udp6: "no answer" });
assertEquals(open, { tcp4: "no answer", tcp6: "answered", udp6: "answered" });

/** The addresses of the laptop, and those that the server sees. */
async function look() {
  const [seen4, seen6] = await Promise.all(
    [reflector4, reflector6].map(({ address }) => laptop.probeUdpMapping(address)),
  );
  const { ip, ip6 } = laptop;
  const prefix = home.delegatedPrefix!;
  return { prefix, ip: ip!, ip6: ip6!, seen4: seen4.ip, seen6: seen6.ip };
}

/** The result of an external host that connects to the laptop. */
async function visit() {
  const options = { timeoutMs: 1000 };
  const result = (probe: Promise<unknown>) => probe.then(() => "answered", () => "no answer");
  const [tcp4, tcp6, udp6] = await Promise.all([
    // The private address is unreachable from outside: only the address of the router can be tried.
    result(server.probeTcpMapping({ ip: home.uplinkIp!, port: PORT }, options)),
    result(server.probeTcpMapping({ ip: laptop.ip6!, port: PORT }, options)),
    result(server.probeUdpMapping({ ip: laptop.ip6!, port: PORT }, options)),
  ]);
  return { tcp4, tcp6, udp6 };
}

function connect(hostname: string): Promise<Deno.TcpConn> {
  return laptop.runSync(() => Deno.connect({ hostname, port: echo.port }));
}

/** Whether the other end of a connection still answers. */
async function answers(connection: Deno.TcpConn): Promise<"answers" | "silence"> {
  const hears = async () => {
    await connection.write(new Uint8Array(1));
    return await connection.read(new Uint8Array(1)) !== null;
  };
  let timer;
  const patience = new Promise<boolean>((resolve) => timer = setTimeout(resolve, 1000, false));
  const heard = await Promise.race([hears().catch(() => false), patience]);
  clearTimeout(timer);
  return heard ? "answers" : "silence";
}

/** An echo server. */
function repeat(node: Device) {
  const listener = node.runSync(() => Deno.listen({ hostname: "::", port: 0 }));
  const connections: Deno.Conn[] = [];
  const talk = async (connection: Deno.Conn) => {
    const buffer = new Uint8Array(64);
    for (let n; (n = await connection.read(buffer));) await connection.write(buffer.subarray(0, n));
  };
  const serving = (async () => {
    for await (const connection of listener) {
      connections.push(connection);
      talk(connection).catch(() => {}); // Closed at the end.
    }
  })();
  return {
    port: (listener.addr as Deno.NetAddr).port,
    async close() {
      listener.close();
      await serving;
      for (const connection of connections) connection.close();
    },
  };
}
