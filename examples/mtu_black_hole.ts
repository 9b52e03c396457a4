// A VPN with a smaller MTU than the links around it, and a firewall that drops ICMP: small requests work,
// large transfers hang.
//
//   server -- dc ----- IX ----- vpn (1420, ICMP blocked) -- home (1500) -- laptop (1500)
//
// Server and laptop agree on packets of 1500 bytes, the MTU of their own links. The links of the VPN
// router have an MTU of 1420. A sender learns that from an ICMP message, "fragmentation needed" or, in
// IPv6, "packet too big"; if these are dropped, it retransmits the same packets forever (a path-MTU
// black hole, RFC 2923). Without the block, the same download works.
//
// deno run -P examples/mtu_black_hole.ts
import "@netyard/netyard/rootless";
import { formatTable } from "./lib/table.ts";
import { Lab } from "@netyard/netyard";
import { assertEquals } from "@std/assert";

const SMALL = 100;
const LARGE = 200_000;

await using lab = await Lab.create({ label: "mtu-black-hole" });
const dc = await lab.addRouter("dc", { preset: "public" });
const vpn = await lab.addRouter("vpn", { mtu: 1420, blockIcmpFragNeeded: true });
const home = await lab.addRouter("home", { upstream: vpn });
const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
const laptop = await lab.addDevice("laptop", { interfaces: { eth0: { gateway: home } } });

// The server sends the requested number of bytes.
await using _http = server.runSync(() =>
  Deno.serve({ hostname: "::", port: 80, onListen: () => {} }, ({ url }) => {
    return new Response(new Uint8Array(Number(new URL(url).searchParams.get("bytes"))));
  })
);

const blocked = await tryAll(3000);
await vpn.setBlockIcmpFragNeeded(false);
const open = await tryAll(20_000);

console.log(formatTable([
  ["", "ICMP blocked", "let through"],
  ...Object.keys(blocked).map((what) => [what, blocked[what], open[what]]),
]));

for (const family of ["IPv4", "IPv6"]) {
  assertEquals(blocked[`${family}, ping of 84 bytes`], "answered");
  assertEquals(blocked[`${family}, ping of 1500 bytes`], "nothing");
  assertEquals(blocked[`${family}, ${SMALL} bytes of HTTP`], `${SMALL} bytes`);
  assertEquals(blocked[`${family}, ${LARGE} bytes of HTTP`], "hangs");
  assertEquals(blocked[`${family}, the server's packets`], "1500 bytes");

  assertEquals(open[`${family}, ping of 1500 bytes`], "told to send 1420");
  assertEquals(open[`${family}, ${LARGE} bytes of HTTP`], `${LARGE} bytes`);
  assertEquals(open[`${family}, the server's packets`], "1420 bytes");
}

/** Runs each request once, by both families at once, with a deadline for the download. */
async function tryAll(patienceMs: number): Promise<Record<string, string>> {
  const [v4, v6] = await Promise.all([
    tryFamily("IPv4", server.ip!, laptop.ip!, patienceMs),
    tryFamily("IPv6", server.ip6!, laptop.ip6!, patienceMs),
  ]);
  return { ...v4, ...v6 };
}

async function tryFamily(family: string, ip: string, client: string, patienceMs: number) {
  const [host, headers] = family === "IPv6" ? [`[${ip}]`, 48] : [ip, 28];
  const results: Record<string, string> = {};
  for (const bytes of [SMALL, LARGE]) {
    const url = `http://${host}/?bytes=${bytes}`;
    results[`${family}, ${bytes} bytes of HTTP`] = await laptop.run(download, url, patienceMs);
  }
  const route = await server.$`ip route get ${client}`.text();
  const learnt = / mtu (\d+)/.exec(route)?.[1] ?? "1500";
  results[`${family}, the server's packets`] = `${learnt} bytes`;
  // Last: the laptop learns the MTU by its pings, and announces it in its next handshake.
  results[`${family}, ping of 84 bytes`] = await ping(ip, 84 - headers);
  results[`${family}, ping of 1500 bytes`] = await ping(ip, 1500 - headers);
  return results;
}

/** The result of a ping that no router may fragment. */
async function ping(to: string, payload: number): Promise<string> {
  const args = ["-c", "1", "-W", "1", "-M", "do", "-s", String(payload), to];
  const { success, stdout } = await laptop.command("ping", { args }).output();
  if (success) return "answered";
  const told = /mtu ?= ?(\d+)/.exec(new TextDecoder().decode(stdout));
  return told ? `told to send ${told[1]}` : "nothing";
}

/** The laptop's program: returns how much of a page it receives. */
async function download(url: string, patienceMs: number): Promise<string> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(patienceMs) });
    return `${(await response.arrayBuffer()).byteLength} bytes`;
  } catch {
    return "hangs";
  }
}
