// The kill switch of a VPN: between the open network and the tunnel, no packet of the laptop leaks.
//
//   1. open:    laptop -- home (NAT) -------\
//   2. blocked: laptop, its link down        IX -------- dc -- server
//   3. tunnel:  laptop -- vpn-exit (NAT) ---/
//
// The link goes down first, moves to the tunnel while it is down, and only then comes up. A program on
// the laptop keeps sending meanwhile, by IPv4 and by IPv6, which tunnels tend to forget. Each packet
// carries its phase; the server counts what arrives.
//
// deno run -P examples/vpn_kill_switch.ts
import "@netyard/netyard/rootless";
import { formatTable } from "./lib/table.ts";
import { Lab } from "@netyard/netyard";
import { waitUntil } from "@netyard/netyard/testing";
import { assertEquals, assertGreater } from "@std/assert";

const PORT = 5000;
const ROUNDS = 20;

await using lab = await Lab.create({ label: "vpn-kill-switch" });
const dc = await lab.addRouter("dc", { preset: "public" });
const home = await lab.addRouter("home", { preset: "home" });
const exit = await lab.addRouter("vpn-exit", { nat: "home", mtu: 1420 });
const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
const laptop = await lab.addDevice("laptop", { interfaces: { eth0: { gateway: home } } });
const eth0 = laptop.interface("eth0");

await server.run(startCounting, PORT);
const send = (phase: string) => laptop.run(sendAll, phase, [server.ip!, server.ip6!], PORT, ROUNDS);

const refused = { open: await send("open"), blocked: 0, tunnel: 0 };
const openIp = laptop.ip6!;

await eth0.linkDown(); // The kill switch.
refused.blocked += await send("blocked");
await eth0.replug(exit); // The tunnel is made.
refused.blocked += await send("blocked");
await eth0.linkUp(); // Only now anything may leave.

refused.tunnel = await send("tunnel");

// The last packet to arrive was sent last: an earlier leak would have arrived before it.
await waitUntil(async () => {
  const { tunnel } = await server.run(counts);
  return tunnel?.IPv4.count === ROUNDS && tunnel.IPv6.count === ROUNDS;
});
const arrived = await server.run(counts);

const sent = { open: 2 * ROUNDS, blocked: 4 * ROUNDS, tunnel: 2 * ROUNDS };
console.log(formatTable([
  ["phase", "tried", "refused", "arrived by IPv4", "arrived by IPv6"],
  ...(["open", "blocked", "tunnel"] as const).map((phase) => [
    phase,
    `${sent[phase]}`,
    `${refused[phase]}`,
    describe(arrived[phase]?.IPv4),
    describe(arrived[phase]?.IPv6),
  ]),
]));

assertEquals(arrived, {
  open: {
    IPv4: { count: ROUNDS, from: [home.uplinkIp!] },
    IPv6: { count: ROUNDS, from: [openIp] },
  },
  tunnel: {
    IPv4: { count: ROUNDS, from: [exit.uplinkIp!] },
    IPv6: { count: ROUNDS, from: [laptop.ip6!] },
  },
}, "nothing of the time between");
assertEquals([refused.open, refused.tunnel], [0, 0]);
assertGreater(refused.blocked, 0, "the laptop's kernel itself sees that there is no way out");

/** The packets that arrived in one phase, by family. */
type Arrivals = Record<"IPv4" | "IPv6", { count: number; from: string[] }>;

function describe(arrivals: { count: number; from: string[] } | undefined): string {
  return arrivals?.count ? `${arrivals.count} from ${arrivals.from.join(", ")}` : "nothing";
}

/** The laptop's program: sends to each address a number of times; returns how often there was no route. */
async function sendAll(
  phase: string,
  to: string[],
  port: number,
  rounds: number,
): Promise<number> {
  const { createSocket } = await import("node:dgram");
  let refused = 0;
  for (const ip of to) {
    const socket = createSocket(ip.includes(":") ? "udp6" : "udp4");
    for (let i = 0; i < rounds; i++) {
      await new Promise<void>((done) =>
        socket.send(phase, port, ip, (error) => {
          if (error) refused++;
          done();
        })
      );
    }
    socket.close();
  }
  return refused;
}

/**
 * The server's program. Functions on one node share a thread and `globalThis`.
 */
async function startCounting(port: number): Promise<void> {
  const { createSocket } = await import("node:dgram");
  const phases: Record<string, Arrivals> = {};
  Object.assign(globalThis, { phases });
  for (const type of ["udp4", "udp6"] as const) {
    const socket = createSocket({ type, ipv6Only: type === "udp6" });
    socket.on("message", (data, { address }) => {
      const phase = phases[data.toString()] ??= {
        IPv4: { count: 0, from: [] },
        IPv6: { count: 0, from: [] },
      };
      const arrivals = phase[type === "udp4" ? "IPv4" : "IPv6"];
      arrivals.count++;
      if (!arrivals.from.includes(address)) arrivals.from.push(address);
    });
    await new Promise<void>((bound, failed) => socket.once("error", failed).bind(port, bound));
  }
}

/** Returns what the server has counted so far. */
function counts(): Partial<Record<string, Arrivals>> {
  return (globalThis as unknown as { phases: Record<string, Arrivals> }).phases;
}
