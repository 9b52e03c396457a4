// A cable connection: 20 Mbit/s down and 2 Mbit/s up, as a real TCP transfer each way sees it.
//
//   server -- dc ----- IX ----- isp (NAT) -- laptop
//                                   20 Mbit/s ->
//                                   <- 2 Mbit/s
//
// There are two ways to build this. A downlink condition of the router limits all packets that it sends
// into its LAN, shared by all devices, as the line of a home does; a condition of the laptop's own
// interface, in one direction, limits what the laptop sends. Or the interface has both conditions, one
// for each direction. The laptop sees the same. A file that goes from one such home to another is as
// slow as the uplink of the sender.
//
// deno run -P examples/asymmetric_bandwidth.ts
import "@netyard/netyard/rootless";
import { formatTable } from "./lib/table.ts";
import { Lab } from "@netyard/netyard";
import { assert, assertEquals, assertLess } from "@std/assert";

const DOWN = { rateKbit: 20_000 };
const UP = { rateKbit: 2_000 };
/** The number of bytes that pass in about 0.8 s. */
const bytesFor = ({ rateKbit }: typeof UP) => rateKbit * 100;

await using lab = await Lab.create({ label: "asymmetric-bandwidth" });
const dc = await lab.addRouter("dc", { preset: "public" });
const isp = await lab.addRouter("isp", { preset: "home", downlinkCondition: DOWN });
const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
const laptop = await lab.addDevice("laptop", { interfaces: { eth0: { gateway: isp } } });
const eth0 = laptop.interface("eth0");

// The server sends the requested number of bytes, and reports how many it received.
await using _http = server.runSync(() =>
  Deno.serve({ port: 80, onListen: () => {} }, async (request) => {
    if (request.method === "POST") return new Response(`${(await request.bytes()).length}`);
    return new Response(new Uint8Array(Number(new URL(request.url).searchParams.get("bytes"))));
  })
);

await eth0.setCondition(UP, "up");
assertEquals([isp.downlinkCondition, eth0.conditions], [DOWN, { up: UP, down: undefined }]);
const byRouter = await transfer();

// The same without the router: `condition: { up, down }` of a new device does this.
await isp.setDownlinkCondition(null);
await eth0.setCondition(DOWN, "down");
assertEquals([isp.downlinkCondition, eth0.conditions], [undefined, { up: UP, down: DOWN }]);
const byInterface = await transfer();

const mbit = (kbit: number) => `${(kbit / 1000).toFixed(1)} Mbit/s`;
const row = (what: string, { down, up }: typeof byRouter) => [
  what,
  mbit(down),
  mbit(up),
  (down / up).toFixed(1),
];
console.log(formatTable([
  ["", "down", "up", "ratio"],
  row("asked", { down: DOWN.rateKbit, up: UP.rateKbit }),
  row("downlink of the router", byRouter),
  row("interface, each direction", byInterface),
]));

for (const { down, up } of [byRouter, byInterface]) {
  // Never faster than requested; a busy host takes longer. Headers take 5 % of the rate.
  assertLess(down, DOWN.rateKbit);
  assertLess(up, UP.rateKbit);
  assert(down / up > 4 && down / up < 25, `ten times as fast, but it was ${down / up}`);
}

/** Measures a transfer in each direction, one after the other, in kbit/s of payload. */
async function transfer() {
  const down = await laptop.run(download, `http://${server.ip}/`, bytesFor(DOWN));
  const up = await laptop.run(upload, `http://${server.ip}/`, bytesFor(UP));
  return { down, up };
}

/** The laptop downloads a number of bytes. */
async function download(url: string, bytes: number): Promise<number> {
  const started = performance.now();
  const response = await fetch(`${url}?bytes=${bytes}`);
  const got = (await response.bytes()).length;
  if (got !== bytes) throw new Error(`${got} bytes came of ${bytes}`);
  return 8 * bytes / (performance.now() - started);
}

/** The laptop uploads a number of bytes; the server answers when it has all of them. */
async function upload(url: string, bytes: number): Promise<number> {
  const started = performance.now();
  const response = await fetch(url, { method: "POST", body: new Uint8Array(bytes) });
  const got = Number(await response.text());
  if (got !== bytes) throw new Error(`${got} bytes came of ${bytes}`);
  return 8 * bytes / (performance.now() - started);
}
