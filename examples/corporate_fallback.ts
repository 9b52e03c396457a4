// A client that finds a way out of an office: UDP first, then TCP, then TCP on the port of the web.
//
//   workstation -- office (symmetric NAT; out: TCP 80, 443 and UDP 53) --\
//                                                                         exchange -- dc -- relay
//   laptop -- home (NAT) -----------------------------------------------/
//
// The relay answers on UDP and TCP of 3478 (TURN's port) and of 443. The office's firewall drops
// what it does not allow without a word, so that the client learns of it by waiting alone. At home
// the same client gets through at once: the relay is not to blame.
//
// deno run -P examples/corporate_fallback.ts
import "@netyard/netyard/rootless";
import { formatTable } from "./lib/table.ts";
import { Lab } from "@netyard/netyard";
import { assertEquals, assertStringIncludes } from "@std/assert";

/** One way that the client tried. */
interface Attempt {
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

// A reflector stands for the relay: it tells by UDP and TCP who asked.
await using _turn = await relay.spawnReflector({ port: 3478 });
await using _web = await relay.spawnReflector({ port: 443 });

const attempts = {
  workstation: await workstation.run(findRelay, relay.ip!, 300),
  laptop: await laptop.run(findRelay, relay.ip!, 300),
};

console.log(formatTable([
  ["from", "way", "result", "after"],
  ...Object.entries(attempts).flatMap(([from, list]) =>
    list.map(({ way, result, ms }) => [from, way, result, `${ms.toFixed(0)} ms`])
  ),
]));

const outcome = (list: Attempt[]) => list.map(({ way, ok }) => `${way} ${ok ? "works" : "fails"}`);
assertEquals(outcome(attempts.workstation), [
  "UDP 3478 fails",
  "TCP 3478 fails",
  "TCP 443 works",
]);
assertEquals(outcome(attempts.laptop), ["UDP 3478 works"]);
// The relay saw the office's address, and the home's.
assertStringIncludes(attempts.workstation[2].result, `seen as ${office.uplinkIp}:`);
assertStringIncludes(attempts.laptop[0].result, `seen as ${home.uplinkIp}:`);

/**
 * The client. It runs on the device's own thread, to which its source text is sent: what it
 * imports, it imports inside.
 */
async function findRelay(hostname: string, timeoutMs: number): Promise<Attempt[]> {
  const { createSocket } = await import("node:dgram");

  const askUdp = async (port: number, signal: AbortSignal) => {
    const socket = createSocket("udp4");
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
      attempts.push({ way, ok: true, result: `seen as ${seen}`, ms: performance.now() - started });
      return attempts;
    } catch (error) {
      const result = signal.aborted ? "no answer" : (error as Error).message;
      attempts.push({ way, ok: false, result, ms: performance.now() - started });
    }
  }
  return attempts;
}
