import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Firewall, InvalidOptionError, Lab } from "@netyard/netyard";
import { attach, servers } from "../nat/net.ts";
import { tcpReaches } from "../nat/tcp.ts";

const RANGE = "must be at least 1";

/** What is wrong, and what the message says of it after the name of the option. */
const BAD_FIREWALLS: [firewall: unknown, says: string][] = [
  [
    "block",
    'is "block", but must be one of none, block-inbound, corporate, captive-portal or a FirewallConfig object; did you mean "block-inbound"?',
  ],
  [
    true,
    "is true, but must be one of none, block-inbound, corporate, captive-portal or a FirewallConfig object",
  ],
  [{ inbound: "deny" }, '.inbound" is "deny", but must be one of allow, block'],
  [{ outbound: { tcp: [0] } }, `.outbound.tcp[0]" is 0, but ${RANGE}`],
  [{ outbound: { udp: [53, 65_536] } }, '.outbound.udp[1]" is 65536, but must be at most 65535'],
  [{ outbound: { tcp: [80.5] } }, '.outbound.tcp[0]" is 80.5, but must be a whole number'],
  [{ outbound: { tcp: 80 } }, '.outbound.tcp" is 80, but must be one of allow, block or a list'],
  [{ outbound: { icmp: [8] } }, '.outbound.icmp" is [ 8 ], but must be one of allow, block'],
  [{ outbound: { sctp: "block" } }, '.outbound.sctp". Options: tcp, udp, icmp, other'],
  [{ outgoing: {} }, '.outgoing"'],
];

/** How a message names an option of the whole that was given: by its path in the options, if any. */
const at = (option: string, says: string) =>
  says.startsWith("is ")
    ? `${option ? `"${option}"` : "the value"} ${says}`
    : option
    ? says
    : says.replace(/^\./, "");

for (const [firewall, says] of BAD_FIREWALLS) {
  Deno.test(`a bad firewall is refused, and nothing changes: ${JSON.stringify(firewall)}`, async () => {
    await using lab = await Lab.create({ label: "bad-firewall" });
    const error = await assertRejects(
      () => lab.addRouter("bad", { firewall: firewall as Firewall }),
      InvalidOptionError,
      at("firewall", says),
    );
    assert(error.message.startsWith('addRouter("bad"): '), error.message);
    assertEquals(lab.routers, []);

    const router = await lab.addRouter("router", { preset: "public", firewall: "corporate" });
    const rules = await router.$`nft list ruleset`.text();
    const refused = await assertRejects(
      () => router.setFirewall(firewall as Firewall),
      InvalidOptionError,
      at("", says),
    );
    assert(refused.message.startsWith("router: setFirewall(): "), refused.message);
    assertEquals(router.firewall, "corporate");
    assertEquals(await router.$`nft list ruleset`.text(), rules);
  });
}

// laptop - router - IX - dc - server
Deno.test("a refused replacement leaves the former firewall in place", async () => {
  await using lab = await Lab.create({ label: "still-blocks" });
  const [server] = await servers(lab, "server");
  const router = await lab.addRouter("router", { preset: "public", firewall: "corporate" });
  const laptop = await attach(lab, "laptop", router);
  const [http, other] = [
    await server.spawnReflector({ port: 80 }),
    await server.spawnReflector({ port: 81 }),
  ];
  const bad = { inbound: "allow", outbound: { tcp: [81, 0] } } as Firewall;
  await assertRejects(() => router.setFirewall(bad), InvalidOptionError);
  assertEquals(await tcpReaches(laptop, http.address), "open");
  assertEquals(await tcpReaches(laptop, other.address, 300), "no answer");
});
