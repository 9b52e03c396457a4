import {
  assert,
  assertEquals,
  assertGreater,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { embedV4InNat64, Lab, TopologyError } from "@netyard/netyard";
import { labTest } from "@netyard/netyard/testing";
import { reduceAll } from "../../../lib/events/mod.ts";
import {
  connects,
  eventsOf,
  expectPings,
  greet,
  ip,
  links,
  pings,
  seenBy,
  sh,
  udp,
} from "../kit.ts";
import { attached, fourServer, page, said } from "./nat64_scene.ts";

// ix -- four(server), v4-only;  ix -- carrier(phone, tablet), v6-only with NAT64
labTest("programs that know IPv6 alone reach a server that has IPv4 alone", async (lab) => {
  const { server, ip: to, embedded } = await fourServer(lab);
  const carrier = await lab.addRouter("carrier", { preset: "isp-v6" });
  const phone = await attached(lab, "phone", carrier);
  const tablet = await attached(lab, "tablet", carrier);
  assertEquals([phone.ip, carrier.natV6, carrier.nat64Prefix], [
    undefined,
    "nat64",
    "64:ff9b::/96",
  ]);
  const outside = carrier.uplinkIp!;
  assertMatch(outside, /^198\.18\./);

  await using site = page(server, to);
  const url = `http://[${embedded}]:${site.port}/`;
  const curl = await said(phone, "curl", "-6", "-gsS", "--max-time", "5", url);
  assertEquals(curl, { success: true, text: outside });

  assert(await pings(phone, embedded, "-6"));
  await using hello = greet(server, to);
  assertEquals(await seenBy(phone, embedded, hello.port), outside);
  const reply = await tablet.run(
    async (hostname, port) => {
      using connection = await Deno.connect({ hostname, port });
      const buffer = new Uint8Array(64);
      return new TextDecoder().decode(buffer.subarray(0, await connection.read(buffer) ?? 0));
    },
    embedded,
    hello.port,
  );
  assertEquals(reply, outside);

  await using socket = udp(server, to);
  for (const node of [phone, tablet]) {
    await using sender = udp(node, node.ip6!);
    await sender.send(embedded, socket.port);
  }
  assertEquals(await socket.received(2), 2);
  assertEquals(socket.from, [outside, outside]);

  const counters = carrier.nat64Counters()!;
  assertGreater(counters.translated, 20);
  assertEquals([counters.refused, counters.lost, counters.hosts], [{}, 0, 2]);
});

// ix -- dc(server), dual-stack;  ix -- carrier(phone)
labTest("IPv6 passes a NAT64 untouched, and strangers come in by neither family", async (lab) => {
  const dc = await lab.addRouter("dc", { preset: "public" });
  const server = await attached(lab, "server", dc);
  const carrier = await lab.addRouter("carrier", { preset: "isp-v6" });
  const phone = await attached(lab, "phone", carrier);
  await using hello6 = greet(server, server.ip6!);
  assertEquals(await seenBy(phone, server.ip6!, hello6.port), phone.ip6);
  const { translated } = carrier.nat64Counters()!;
  assertEquals(translated, 0);

  await using inside = greet(phone, "::", 7000);
  assertEquals(await connects(server, phone.ip6!, inside.port), false);
  assertEquals(await connects(server, carrier.uplinkIp!, inside.port), false);
  // Nor by a mapping that another server's flow made.
  const other = await attached(lab, "other", dc);
  await using near = udp(phone, phone.ip6!, 7001);
  await using known = udp(other, other.ip!);
  await near.send(embedV4InNat64(other.ip!), known.port);
  assertEquals(await known.received(1), 1);
  await using stranger = udp(server, server.ip!);
  await stranger.send(carrier.uplinkIp!, 7001);
  await known.send(carrier.uplinkIp!, 7001);
  assertEquals(await near.received(1), 1);
  assertEquals(near.from, [embedV4InNat64(other.ip!)]);
});

// ix -- one(server), v4-only;  ix -- two(other), v4-only;  ix -- carrier(phone, tablet)
labTest(
  "a port keeps its mapping for all destinations, and two hosts do not collide",
  async (lab) => {
    const one = await fourServer(lab);
    const two = await fourServer(lab, "other");
    const carrier = await lab.addRouter("carrier", { preset: "isp-v6" });
    const phone = await attached(lab, "phone", carrier);
    const tablet = await attached(lab, "tablet", carrier);
    await using first = await one.server.spawnReflector({ port: 3478 });
    await using second = await two.server.spawnReflector({ port: 3479 });
    const reflectors = [
      { ip: one.embedded, port: first.address.port },
      { ip: two.embedded, port: second.address.port },
    ];
    const mappings = [];
    for (const node of [phone, tablet]) {
      for (const reflector of reflectors) {
        mappings.push(await node.probeUdpMapping(reflector, { port: 50_000 }));
      }
    }
    const [p1, p2, t1, t2] = mappings;
    assertEquals(p1, { ip: carrier.uplinkIp!, port: 50_000 });
    assertEquals(p2, p1);
    assertEquals(t2, t1);
    assert(t1.port !== p1.port);
  },
);

// ix -- one(server);  ix -- two(other);  ix -- carrier(phone), with a NAT as corporations have it
labTest("the NAT that a router has is that of its NAT64 too", async (lab) => {
  const { server, embedded } = await fourServer(lab);
  const carrier = await lab.addRouter("carrier", { natV6: "nat64", nat: "corporate" });
  const phone = await attached(lab, "phone", carrier);
  await using one = await server.spawnReflector({ port: 3478 });
  await using two = await server.spawnReflector({ port: 3479 });
  const seen = [];
  for (const { address: { port } } of [one, two]) {
    seen.push(await phone.probeUdpMapping({ ip: embedded, port }, { port: 50_001 }));
  }
  assertEquals(seen.map(({ ip }) => ip), [carrier.uplinkIp, carrier.uplinkIp]);
  assert(seen[0].port !== seen[1].port, "one port for two destinations");
});

// ix -- four(server), v4-only;  ix -- home(carrier(inner(laptop)))
labTest("NAT64 works behind a NAT, and routers behind it need none of their own", async (lab) => {
  const { server, ip: to, embedded } = await fourServer(lab);
  const home = await lab.addRouter("home", { preset: "home" });
  const carrier = await lab.addRouter("carrier", { preset: "isp-v6", upstream: home });
  const inner = await lab.addRouter("inner", { ipSupport: "v6-only", upstream: carrier });
  const laptop = await attached(lab, "laptop", inner);
  assertMatch(carrier.uplinkIp!, /^10\./);
  await using hello = greet(server, to);
  assertEquals(await seenBy(laptop, embedded, hello.port), home.uplinkIp);
  assert(await pings(laptop, embedded, "-6"));
});

// ix -- four(server);  ix -- carrier(phone), at first without NAT64
labTest("NAT64 is switched off and on again at once, with its name server", async (lab) => {
  const { server, embedded } = await fourServer(lab);
  const carrier = await lab.addRouter("carrier", { preset: "isp-v6" });
  const phone = await attached(lab, "phone", carrier);
  const modes = ["none", "nat64", "masquerade", "nat64", "nptv6", "nat64"] as const;
  await Promise.all(modes.map((mode) => carrier.setNatV6(mode)));
  assertEquals(carrier.natV6, "nat64");
  await expectPings([[phone, embedded, true]]);
  await lab.dnsEntry("web.test", server.ip!);
  const gateway = carrier.downstreamGateway6!;
  assertStringIncludes(sh(phone, "cat /etc/resolv.conf"), `nameserver ${gateway}\n`);
  const options = { nameServer: { ipAddr: gateway, port: 53 } };
  const found = await phone.run(
    (options) => Deno.resolveDns("web.test", "AAAA", options),
    options,
  );
  assertEquals(found, [embedded]);
});

labTest("NAT64 is switched on and off while the lab runs", async (lab) => {
  const { server, ip: to, embedded } = await fourServer(lab);
  const carrier = await lab.addRouter("carrier", { preset: "isp-v6", natV6: "none" });
  const phone = await attached(lab, "phone", carrier);
  await using hello = greet(server, to);
  const before = links(carrier);
  assertEquals([carrier.uplinkIp, carrier.nat64Counters()], [undefined, undefined]);
  assertEquals(await connects(phone, embedded, hello.port), false);

  for (let round = 0; round < 2; round++) {
    await carrier.setNatV6("nat64");
    assertMatch(carrier.uplinkIp!, /^198\.18\./);
    assertEquals(await seenBy(phone, embedded, hello.port), carrier.uplinkIp);
    assert(links(carrier).includes("nat64"));

    await carrier.setNatV6("none");
    assertEquals(links(carrier), before);
    assertEquals([carrier.nat64Prefix, carrier.nat64Counters()], [undefined, undefined]);
    assertEquals(await connects(phone, embedded, hello.port), false);
    assertEquals(ip(carrier, "-6 route show 64:ff9b::/96"), []);
  }
  const events = await eventsOf(lab);
  const changes = events.flatMap((e) => e.kind === "nat-v6-changed" ? [e.natV6] : []);
  assertEquals(changes, ["nat64", "none", "nat64", "none"]);
  assertEquals(reduceAll(events).routers.carrier.uplinkIp, carrier.uplinkIp);
});

labTest(
  "NAT64 without an IPv4 uplink, or without IPv6, is refused, and nothing is left",
  async (lab) => {
    const six = await lab.addRouter("six", { ipSupport: "v6-only" });
    const before = links(six);
    await assertRejects(
      () => lab.addRouter("carrier", { preset: "isp-v6", upstream: six }),
      TopologyError,
      'natV6 "nat64" needs an IPv4 uplink to translate to, but its upstream "six" has no IPv4',
    );
    const inner = await lab.addRouter("inner", { ipSupport: "v6-only", upstream: six });
    await assertRejects(() => inner.setNatV6("nat64"), TopologyError, "needs an IPv4 uplink");
    await assertRejects(
      () => lab.addRouter("four", { preset: "public-v4", natV6: "nat64" }),
      TopologyError,
      "v4-only",
    );
    assertEquals(inner.natV6, "none");
    assertEquals(links(six), [...before, "inner"].sort());
    await assertRejects(
      () => lab.addRouter("dc", { downstreamCidr: "169.254.0.0/16" }),
      TopologyError,
      "which is for NAT64",
    );
  },
);

Deno.test("a configuration whose NAT64 has no IPv4 uplink is refused before anything is built", async () => {
  await assertRejects(
    () =>
      Lab.fromConfig({
        routers: [
          { name: "six", ipSupport: "v6-only" },
          { name: "carrier", preset: "isp-v6", upstream: "six" },
        ],
      }),
    Error,
    "needs an IPv4 uplink",
  );
});

Deno.test("a lab without NAT64 has no thread for it, and a lab with two has one", async () => {
  const script = new URL("./nat64_threads_main.ts", import.meta.url).pathname;
  const config = new URL("../../../deno.json", import.meta.url).pathname;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--config", config, script],
  }).output();
  assertEquals(new TextDecoder().decode(stdout).trim(), "0 1 1");
});
