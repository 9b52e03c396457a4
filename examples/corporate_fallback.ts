// A client finds a way out of an office network: UDP first, then TCP, then TCP on port 443.
//
//   workstation -- office (symmetric NAT; out: TCP 80, 443 and UDP 53) --\
//                                                                         IX -------- dc -- relay
//   laptop -- home (NAT) -----------------------------------------------/
//
// The relay answers on UDP and TCP, on ports 3478 (TURN) and 443. The firewall of the office drops
// silently, so the client only notices by a timeout. At home the same client gets through immediately:
// the relay works.
//
// The office has IPv6 too, without translation. That does not avoid the firewall, which filters both
// families.
//
// deno run -P examples/corporate_fallback.ts
import "@netyard/netyard/rootless";
import { formatTable } from "./lib/table.ts";
import { type Device, Lab } from "@netyard/netyard";
import { assertEquals, assertStringIncludes } from "@std/assert";

/** One attempt of the client. */
interface Attempt {
  family: "IPv4" | "IPv6";
  way: string;
  ok: boolean;
  result: string;
  ms: number;
}

await using lab = await Lab.create({ label: "corporate-fallback" });
const dc = await lab.addRouter("dc", { preset: "public" });
const office = await lab.addRouter("office", { preset: "corporate" });
const home = await lab.addRouter("home", { preset: "home" });
const relay = await lab.addDevice("relay", { interfaces: { eth0: { gateway: dc } } });
const workstation = await lab.addDevice("workstation", {
  interfaces: { eth0: { gateway: office } },
});
const laptop = await lab.addDevice("laptop", { interfaces: { eth0: { gateway: home } } });

// A reflector stands for the relay: it answers by UDP and TCP with the address of the client.
const [relay4, relay6] = [relay.ip!, relay.ip6!];
await using _turn4 = await relay.spawnReflector({ ip: relay4, port: 3478 });
await using _turn6 = await relay.spawnReflector({ ip: relay6, port: 3478 });
await using _web4 = await relay.spawnReflector({ ip: relay4, port: 443 });
await using _web6 = await relay.spawnReflector({ ip: relay6, port: 443 });

/** By both families, at once. */
async function findBoth(device: Device): Promise<Attempt[]> {
  const attempts = [relay4, relay6].map((ip) => device.run(findRelay, ip, 500));
  return (await Promise.all(attempts)).flat();
}

const attempts = { workstation: await findBoth(workstation), laptop: await findBoth(laptop) };

console.log(formatTable([
  ["from", "by", "way", "result", "after"],
  ...Object.entries(attempts).flatMap(([from, list]) =>
    list.map(({ family, way, result, ms }) => [from, family, way, result, `${ms.toFixed(0)} ms`])
  ),
]));

const outcome = (list: Attempt[]) =>
  list.map(({ family, way, ok }) => `${family}, ${way} ${ok ? "works" : "fails"}`);
assertEquals(
  outcome(attempts.workstation),
  ["IPv4", "IPv6"].flatMap((family) => [
    `${family}, UDP 3478 fails`,
    `${family}, TCP 3478 fails`,
    `${family}, TCP 443 works`,
  ]),
);
assertEquals(outcome(attempts.laptop), ["IPv4, UDP 3478 works", "IPv6, UDP 3478 works"]);
// By IPv4 the relay saw the addresses of the office and the home; by IPv6 those of the clients.
const seen = (list: Attempt[]) => list.filter(({ ok }) => ok).map(({ result }) => result);
const [office4, office6] = seen(attempts.workstation);
assertStringIncludes(office4, `seen as ${office.uplinkIp}:`);
assertStringIncludes(office6, `seen as [${workstation.ip6}]:`);
const [home4, home6] = seen(attempts.laptop);
assertStringIncludes(home4, `seen as ${home.uplinkIp}:`);
assertStringIncludes(home6, `seen as [${laptop.ip6}]:`);

/**
 * The client. Its source text is sent to the thread of the device, where it runs: it imports what it
 * needs itself.
 */
async function findRelay(hostname: string, timeoutMs: number): Promise<Attempt[]> {
  const { createSocket } = await import("node:dgram");
  const family = hostname.includes(":") ? "IPv6" : "IPv4";

  const askUdp = async (port: number, signal: AbortSignal) => {
    const socket = createSocket(family === "IPv6" ? "udp6" : "udp4");
    try {
      return await new Promise<string>((resolve, reject) => {
        signal.onabort = () => reject(signal.reason);
        socket.on("error", reject);
        socket.on("message", (data) => resolve(data.toString()));
        socket.send("?", port, hostname);
      });
    } finally {
      socket.close();
    }
  };
  const askTcp = async (port: number, signal: AbortSignal) => {
    using connection = await Deno.connect({ hostname, port, signal });
    return await new Response(connection.readable).text();
  };

  const attempts: Attempt[] = [];
  for (const [protocol, port] of [["UDP", 3478], ["TCP", 3478], ["TCP", 443]] as const) {
    const way = `${protocol} ${port}`;
    const started = performance.now();
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const seen = await (protocol === "UDP" ? askUdp(port, signal) : askTcp(port, signal));
      const ms = performance.now() - started;
      attempts.push({ family, way, ok: true, result: `seen as ${seen}`, ms });
      return attempts;
    } catch (error) {
      const result = signal.aborted ? "no answer" : (error as Error).message;
      attempts.push({ family, way, ok: false, result, ms: performance.now() - started });
    }
  }
  return attempts;
}
