// A laptop behind a home NAT, a server on the Internet, and traffic between them.
//
//   laptop -- home (NAT, firewall) ----- IX ----- dc -- server
//
// deno run -P examples/hello.ts
import "@netyard/netyard/rootless";
import { formatTable } from "./lib/table.ts";
import { Lab } from "@netyard/netyard";
import { assertEquals } from "@std/assert";

await using lab = await Lab.create({ label: "hello" });
const dc = await lab.addRouter("dc", { preset: "public" });
const home = await lab.addRouter("home", { preset: "home" });
const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
const laptop = await lab.addDevice("laptop", { interfaces: { eth0: { gateway: home } } });
const serverIp = server.ip!;

// 1. Any program runs in a node unchanged.
const ping = await laptop.$`ping -c 3 -i 0.02 ${serverIp}`.text();
const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec(ping)!;
const [, rtt] = /= [\d.]+\/([\d.]+)\//.exec(ping)!;

// 2. A socket made inside a node keeps working on this thread; run() has a thread in the node.
const listener = server.runSync(() => Deno.listen({ port: 8080 }));
const [greeting, seenBy] = await Promise.all([
  laptop.run(async (hostname) => {
    using connection = await Deno.connect({ hostname, port: 8080 });
    return await new Response(connection.readable).text();
  }, serverIp),
  (async () => {
    const connection = await listener.accept();
    await connection.write(new TextEncoder().encode("hello from the server"));
    connection.close();
    return connection.remoteAddr as Deno.NetAddr;
  })(),
]);
listener.close();

// 3. A reflector reports the NAT mapping of the laptop.
await using reflector = await server.spawnReflector();
const mapping = await laptop.probeUdpMapping(reflector.address, { port: 40000 });

// 4. IPv6 has no NAT that hides the laptop; the firewall of the home router drops unsolicited packets.
const web = laptop.runSync(() => Deno.listen({ hostname: "::", port: 80 }));
const knock = (waitMs: number) =>
  server.run(
    async (hostname, waitMs) => {
      const late = new Promise<string>((done) =>
        setTimeout(() => done("no answer, refused"), waitMs)
      );
      const connected = Deno.connect({ hostname, port: 80 }).then(
        (connection) => (connection.close(), "connected"),
        (error) => error.message,
      );
      return await Promise.race([connected, late]);
    },
    laptop.ip6!,
    waitMs,
  );
const withFirewall = await knock(20);
await home.setFirewall("none");
const withoutFirewall = await knock(5_000);
web.close();

console.log(formatTable([
  ["what", "from", "to", "result"],
  [
    "ping through the NAT",
    `laptop ${laptop.ip}`,
    `server ${serverIp}`,
    `${received} of ${sent}, ${rtt} ms`,
  ],
  ["TCP", `laptop ${laptop.ip}`, `server ${serverIp}:8080`, `"${greeting}"`],
  [
    "  as the server saw it",
    `${seenBy.hostname}:${seenBy.port}`,
    "",
    seenBy.hostname === home.uplinkIp ? "the home router's address" : "not translated",
  ],
  ["UDP mapping", `laptop ${laptop.ip}:40000`, "reflector", `${mapping.ip}:${mapping.port}`],
  ["TCP from outside", "server", `laptop [${laptop.ip6}]:80`, withFirewall],
  ["  firewall off", "server", `laptop [${laptop.ip6}]:80`, withoutFirewall],
]));

assertEquals(received, sent);
assertEquals(greeting, "hello from the server");
assertEquals(seenBy.hostname, home.uplinkIp, "the server sees the home router, not the laptop");
assertEquals(mapping, { ip: home.uplinkIp, port: 40000 }, "a home NAT keeps the port");
assertEquals([withFirewall, withoutFirewall], ["no answer, refused", "connected"]);
