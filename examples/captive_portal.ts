// A guest joins a hotel's Wi-Fi: first there is nothing but the portal, then, after the login, the
// Internet as the hotel lets it through.
//
//   before: guest -- portal (answers HTTP itself, lets nothing out)   IX -------- dc -- server
//   after:  guest -- hotel (NAT; out: TCP, and UDP 53) ---------------/
//
// The guest sees a network that works: it has an address and a gateway. But whatever it asks by
// HTTP, the portal answers, with a redirection to its login page; that is how phones find out. All
// else is dropped without a word. The login moves the guest to the network behind the portal.
//
// What the hotel lets out is no way for UDP, be it QUIC or a direct path to a peer; but a relay by TCP
// works on any port, unlike in an office (corporate_fallback.ts).
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

// The server: a website on 80 and 443, a name server's port, and a relay's (TURN).
await using _website = serve(server, 80, () => new Response("welcome to the website"));
await using _secure = await server.spawnReflector({ port: 443 });
await using _dns = await server.spawnReflector({ port: 53 });
await using _turn = await server.spawnReflector({ port: 3478 });

// The portal: it takes what the guest sends to any web server for itself, and shows the way in.
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
  // The hotel lets no UDP out but to name servers.
  "UDP 443": "no answer",
  "UDP 3478": "no answer",
  "TCP 3478": `seen as ${hotel.uplinkIp}`,
  "ping": "answered",
});

/** A web server in a node: it is made there, and answers from here. */
function serve(node: typeof server | typeof portal, port: number, handler: Deno.ServeHandler) {
  return node.runSync(() => Deno.serve({ port, onListen: () => {} }, handler));
}

/** All that the guest tries, at once, and what becomes of it. */
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

/** Asks for a page as a phone that looks for portals does: it does not follow redirections. */
async function get(url: string, timeoutMs: number): Promise<string> {
  // A client of its own: the usual one would go on by a connection from before the login.
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
