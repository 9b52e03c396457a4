// Which peers find a direct path to each other? Every router preset against every other, by real UDP hole
// punching, over IPv4 and over IPv6.
//
//   a-<preset> -- router \
//                         IX -------- dc -- server (a reflector for each family, as STUN server)
//   b-<preset> -- router /
//
// 1. Each peer asks the reflector for the mapping of one of its UDP ports. A peer without an answer is
//    behind a firewall that blocks UDP, and needs a TCP relay.
// 2. Both send to the other's mapping, and later to the address from which they receive.
// 3. A peer behind isp-v6 has no IPv4: it reaches IPv4 peers through the NAT64 of its carrier.
//
// deno run -P examples/p2p_matrix.ts
import "@netyard/netyard/rootless";
import { formatTable } from "./lib/table.ts";
import {
  type Device,
  embedV4InNat64,
  Lab,
  type Reflector,
  type RouterPreset,
  type SocketAddress,
} from "@netyard/netyard";
import { assertEquals } from "@std/assert";

const PRESETS: RouterPreset[] = [
  "public",
  "public-v4",
  "home",
  "isp-cgnat",
  "isp-v6",
  "cloud",
  "corporate",
  "hotel",
];

/** The number of pairs that run at the same time. */
const AT_ONCE = 12;

type Family = "IPv4" | "IPv6";

await using lab = await Lab.create({ label: "p2p-matrix" });
const dc = await lab.addRouter("dc", { preset: "public" });
const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
await using stun4 = await server.spawnReflector({ ip: server.ip });
await using stun6 = await server.spawnReflector({ ip: server.ip6 });

/** A device behind its own router. */
async function peer(side: "a" | "b", preset: RouterPreset): Promise<Device> {
  const router = await lab.addRouter(`${side}-router-${preset}`, { preset });
  return await lab.addDevice(`${side}-${preset}`, { interfaces: { eth0: { gateway: router } } });
}

const ones = await Promise.all(PRESETS.map((preset) => peer("a", preset)));
const others = await Promise.all(PRESETS.map((preset) => peer("b", preset)));

/** The result of each pair, by family. */
const direct = new Map<string, boolean>();
const key = (a: number, b: number, family: Family) => [...[a, b].sort(), family].join();

const pairs = PRESETS.flatMap((_, a) => PRESETS.slice(a).map((_, i) => [a, a + i]));
const tasks = pairs.flatMap(([a, b]) =>
  (["IPv4", "IPv6"] as const).map((family) => ({ a, b, family }))
);
let port = 40_000;
await Promise.all(Array.from({ length: AT_ONCE }, async () => {
  for (let task = tasks.pop(); task; task = tasks.pop()) {
    const { a, b, family } = task;
    direct.set(key(a, b, family), await connect(ones[a], others[b], family, port++));
  }
}));

const cell = (a: number, b: number) => {
  const ways = (["IPv4", "IPv6"] as const).filter((family) => direct.get(key(a, b, family)));
  return ways.length === 0 ? "relay" : ways.map((way) => way.slice(2)).join(" ");
};
console.log(formatTable([
  ["direct by", ...PRESETS],
  ...PRESETS.map((preset, a) => [preset, ...PRESETS.map((_, b) => cell(a, b))]),
]));

// The expected result follows from the presets: see the tables in the module documentation.
for (const [a, b] of pairs) {
  for (const family of ["IPv4", "IPv6"] as const) {
    const expected = meets(PRESETS[a], PRESETS[b], family);
    assertEquals(
      direct.get(key(a, b, family)),
      expected,
      `${PRESETS[a]}, ${PRESETS[b]}: ${family}`,
    );
  }
}

/** Whether two peers can meet without a relay. */
function meets(a: RouterPreset, b: RouterPreset, family: Family): boolean {
  const has = (preset: RouterPreset) =>
    family === "IPv4" || (preset !== "public-v4" && preset !== "hotel");
  const letsUdpOut = (preset: RouterPreset) => preset !== "corporate" && preset !== "hotel";
  if (![a, b].every((preset) => has(preset) && letsUdpOut(preset))) return false;
  if (family === "IPv6") return true; // No translation; firewalls let in what answers.
  // Another port for each destination: only a peer with endpoint-independent filtering receives from it.
  const isSymmetric = (preset: RouterPreset) => preset === "cloud";
  const letsAnybodyIn = (preset: RouterPreset) =>
    ["public", "public-v4", "isp-cgnat"].includes(preset);
  return (!isSymmetric(a) || letsAnybodyIn(b)) && (!isSymmetric(b) || letsAnybodyIn(a));
}

/** The signalling: gives each peer the mapping of the other. */
async function connect(a: Device, b: Device, family: Family, port: number): Promise<boolean> {
  const seen = await Promise.all([a, b].map((device) => mapping(device, family, port)));
  if (seen.includes(undefined)) return false;
  const [seenA, seenB] = seen as SocketAddress[];
  const heard = await Promise.all([
    a.run(talk, reached(a, seenB), port),
    b.run(talk, reached(b, seenA), port),
  ]);
  return heard.every((each) => each);
}

/** Returns the mapping of a port of a device; undefined without an answer. */
async function mapping(device: Device, family: Family, port: number) {
  const { address }: Reflector = family === "IPv4" ? stun4 : stun6;
  if (family === "IPv6" && device.ip6 === undefined) return undefined;
  try {
    return await device.probeUdpMapping(reached(device, address), { port, timeoutMs: 1500 });
  } catch {
    return undefined;
  }
}

/** Returns the address by which a device reaches another: through NAT64 if it has no IPv4. */
function reached(device: Device, { ip, port }: SocketAddress): SocketAddress {
  const translated = device.ip === undefined && !ip.includes(":");
  return { ip: translated ? embedV4InNat64(ip) : ip, port };
}

/** A peer: says hello until both sides have heard each other; resolves with whether they have. */
async function talk(to: SocketAddress, port: number): Promise<boolean> {
  const { createSocket } = await import("node:dgram");
  const socket = createSocket(to.ip.includes(":") ? "udp6" : "udp4");
  await new Promise<void>((bound, failed) => socket.once("error", failed).bind(port, bound));
  let [target, heard] = [to, false];
  const greet = () => socket.send(heard ? "i hear you" : "hello?", target.port, target.ip);
  const again = setInterval(greet, 30);
  greet();
  const met = await new Promise<boolean>((resolve) => {
    setTimeout(() => resolve(false), 3000);
    socket.on("message", (data, { address, port }) => {
      // From another port than the reflector saw, if the other's NAT has one for each destination.
      target = { ip: address, port };
      heard = true;
      if (data.toString() === "i hear you") resolve(true);
    });
  });
  // A few more, in case the last one was lost: the other waits for it.
  for (let i = 0; i < 3; i++) await new Promise((sent) => (greet(), setTimeout(sent, 30)));
  clearInterval(again);
  socket.close();
  return met;
}
