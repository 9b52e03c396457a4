// The server has two addresses, and the path to one of them is broken: a client that tries both connects.
//
//   laptop -- home ----- IX ----- dc -- server
//
// The laptop cannot know that IPv6 is broken: it has an address and a default route, and its packets
// are dropped. A program that only tries the first address, the IPv6 one (RFC 6724), waits for minutes;
// one that tries the next address after a moment, as in "Happy Eyeballs" (RFC 8305), loses only that
// moment. If the router rejects IPv6 instead, both learn of it immediately.
//
// deno run -P examples/happy_eyeballs.ts
import "@netyard/netyard/rootless";
import { formatTable } from "./lib/table.ts";
import { Lab } from "@netyard/netyard";
import { assertEquals, assertLess } from "@std/assert";

/** How long curl waits before it tries the other family, in milliseconds. */
const HEAD_START_MS = 200;
const PATIENCE_MS = 1500;

await using lab = await Lab.create({ label: "happy-eyeballs" });
const dc = await lab.addRouter("dc", { preset: "public" });
// Global addresses: from a unique local one, a program would try IPv4 first.
const home = await lab.addRouter("home", { preset: "home", pool: "public" });
const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
// With some delay: an error that arrives while connect() is still starting would be ignored.
const laptop = await lab.addDevice("laptop", {
  interfaces: { eth0: { gateway: home, condition: { latencyMs: 5 } } },
});
for (const ip of [server.ip6!, server.ip!]) await lab.dnsEntry("server.test", ip);
await using _http = server.runSync(() =>
  Deno.serve({ hostname: "::", port: 80, onListen: () => {} }, () => new Response("hello\n"))
);

const works = await tryBoth();
await home.setFamilyBroken("ipv6", true);
const dropped = await tryBoth();
await home.setFamilyBroken("ipv6", { how: "reject" });
const refused = await tryBoth();
await home.setFamilyBroken("ipv6", false);
const mended = await tryBoth();

const text = ({ by, ms }: Outcome) => by === "nothing" ? by : `${by}, ${ms} ms`;
console.log(formatTable([
  ["IPv6", "both, in turn", "the first alone"],
  ["works", ...works.map(text)],
  ["vanishes", ...dropped.map(text)],
  ["is refused", ...refused.map(text)],
  ["works again", ...mended.map(text)],
]));

const byOf = (outcomes: Outcome[]) => outcomes.map(({ by }) => by);
assertEquals(byOf(works), ["IPv6", "IPv6"]);
assertEquals(byOf(dropped), ["IPv4", "nothing"]);
assertEquals(byOf(refused), ["IPv4", "nothing"]);
assertEquals(byOf(mended), ["IPv6", "IPv6"]);
const fallbackMs = dropped[0].ms;
assertLess(HEAD_START_MS - 1, fallbackMs);
assertLess(fallbackMs, 1000); // When a SYN that was lost is sent again.
console.log(`The fallback took ${fallbackMs} ms, of which ${HEAD_START_MS} ms were asked for.`);

/** The family by which a program connected, and the time. */
interface Outcome {
  by: "IPv4" | "IPv6" | "nothing";
  ms: number;
}

function tryBoth(): Promise<Outcome[]> {
  return Promise.all([curl(), curl("-6")]);
}

async function curl(...options: string[]): Promise<Outcome> {
  const { stdout } = await laptop.command("curl", {
    args: [
      ...options,
      ...["--silent", "--output", "/dev/null", "--max-time", String(PATIENCE_MS / 1000)],
      ...["--happy-eyeballs-timeout-ms", String(HEAD_START_MS)],
      ...["--write-out", "%{remote_ip} %{time_connect}", "http://server.test/"],
    ],
  }).output();
  const [ip, seconds] = new TextDecoder().decode(stdout).split(" ");
  if (!(Number(seconds) > 0)) return { by: "nothing", ms: 0 };
  const ms = Math.round(Number(seconds) * 1000);
  return { by: ip.includes(":") ? "IPv6" : "IPv4", ms };
}
