// A guest joins the Wi-Fi of a hotel: at first only the portal answers; after the login, the firewall of
// the hotel lets some of the Internet through.
//
//   before: guest -- portal (answers HTTP itself, lets nothing out)   IX -------- dc -- server
//   after:  guest -- hotel (NAT; out: TCP, and UDP 53) ---------------/
//
// The guest sees a working network: it has an address and a gateway. But the portal answers every HTTP
// request with a redirection to its login page; that is how phones detect it. Everything else is
// dropped silently. The login moves the guest to the hotel's network.
//
// The hotel blocks UDP, so neither QUIC nor a direct path to a peer works; but a TCP relay works on any
// port, unlike in an office (corporate_fallback.ts).
//
// deno run -P examples/captive_portal.ts
import "@netyard/netyard/rootless";
import { formatTable } from "./lib/table.ts";
import { Lab } from "@netyard/netyard";
import { assertEquals } from "@std/assert";

await using lab = await Lab.create({ label: "captive-portal" });
const dc = await lab.addRouter("dc", { preset: "public" });
const portal = await lab.addRouter("portal", {
  preset: "hotel",
  firewall: {
    inbound: "block",
    outbound: { tcp: "block", udp: "block", icmp: "block", other: "block" },
  },
});
const hotel = await lab.addRouter("hotel", { preset: "hotel" });
const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
const guest = await lab.addDevice("guest", { interfaces: { wlan0: { gateway: portal } } });

// The server: a website on 80 and 443, and the ports of a name server and a relay (TURN).
await using _website = serve(server, 80, () => new Response("welcome to the website"));
await using _secure = await server.spawnReflector({ port: 443 });
await using _dns = await server.spawnReflector({ port: 53 });
await using _turn = await server.spawnReflector({ port: 3478 });

// The portal: it redirects HTTP requests for any server to its login page.
const login = `http://${portal.downstreamGateway}/login`;
await using _portal = serve(
  portal,
  80,
  ({ url }) =>
    new URL(url).pathname === "/login" ? new Response("please log in") : Response.redirect(login),
);
await portal.$`nft -f -`.stdinText(`
  table ip captive {
    chain prerouting {
      type nat hook prerouting priority dstnat - 1
      iifname != "ix" tcp dport 80 dnat to ${portal.downstreamGateway}
    }
  }
`);

const before = await tryAll();
await guest.interface("wlan0").replug(hotel); // "Your login was successful."
const after = await tryAll();

const ways = Object.keys(before) as (keyof typeof before)[];
console.log(formatTable([
  ["the guest tries", "before the login", "after it"],
  ...ways.map((way) => [way, before[way], after[way]]),
]));

assertEquals(before, {
  "HTTP": `sent to ${login}`,
  "the login page": "please log in",
  "TCP 443": "no answer",
  "UDP 53": "no answer",
  "UDP 443": "no answer",
  "UDP 3478": "no answer",
  "TCP 3478": "no answer",
  "ping": "no answer",
});
assertEquals(after, {
  "HTTP": "welcome to the website",
  "the login page": "no answer",
  "TCP 443": `seen as ${hotel.uplinkIp}`,
  "UDP 53": `seen as ${hotel.uplinkIp}`,
  // The hotel blocks all UDP but DNS.
  "UDP 443": "no answer",
  "UDP 3478": "no answer",
  "TCP 3478": `seen as ${hotel.uplinkIp}`,
  "ping": "answered",
});

/** A web server in a node: its socket is in the node, its code runs here. */
function serve(node: typeof server | typeof portal, port: number, handler: Deno.ServeHandler) {
  return node.runSync(() => Deno.serve({ port, onListen: () => {} }, handler));
}

/** Runs all attempts of the guest at once, and returns their results. */
async function tryAll() {
  const ip = server.ip!;
  const options = { timeoutMs: 1500 };
  const seen = (probe: Promise<{ ip: string }>) =>
    probe.then(({ ip }) => `seen as ${ip}`, () => "no answer");
  const [http, page, tcp443, udp53, udp443, udp3478, tcp3478, ping] = await Promise.all([
    guest.run(get, `http://${ip}/news`, options.timeoutMs),
    guest.run(get, login, options.timeoutMs),
    seen(guest.probeTcpMapping({ ip, port: 443 }, options)),
    seen(guest.probeUdpMapping({ ip, port: 53 }, options)),
    seen(guest.probeUdpMapping({ ip, port: 443 }, options)),
    seen(guest.probeUdpMapping({ ip, port: 3478 }, options)),
    seen(guest.probeTcpMapping({ ip, port: 3478 }, options)),
    guest.command("ping", { args: ["-c", "1", "-W", "1.5", ip] }).output(),
  ]);
  return {
    "HTTP": http,
    "the login page": page,
    "TCP 443": tcp443,
    "UDP 53": udp53,
    "UDP 443": udp443,
    "UDP 3478": udp3478,
    "TCP 3478": tcp3478,
    "ping": ping.success ? "answered" : "no answer",
  };
}

/** Requests a page as a phone does to detect portals: without following redirections. */
async function get(url: string, timeoutMs: number): Promise<string> {
  // A new client: the default one would reuse a connection from before the login.
  using client = Deno.createHttpClient({});
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await fetch(url, { client, redirect: "manual", signal });
    const text = await response.text();
    return response.status === 302 ? `sent to ${response.headers.get("location")}` : text;
  } catch {
    return "no answer";
  }
}
