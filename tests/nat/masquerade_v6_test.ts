import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { type Device, Lab, type Router } from "@netyard/netyard";
import { attach, servers } from "./net.ts";
import { arrivals, Udp } from "./udp.ts";

interface Scene {
  lab: Lab;
  router: Router;
  laptop: Device;
  s1: Device;
  s2: Device;
}

// laptop - router - IX - dc - s1, s2
async function scene(run: (scene: Scene) => Promise<void>): Promise<void> {
  await using lab = await Lab.create({ label: "masquerade" });
  const [s1, s2] = await servers(lab, "s1", "s2");
  const router = await lab.addRouter("router", { natV6: "masquerade", pool: "private" });
  const laptop = await attach(lab, "laptop", router);
  await run({ lab, router, laptop, s1, s2 });
}

const reflector = (on: Device) => on.spawnReflector({ ip: on.ip6! });

Deno.test("masquerade hides IPv6 behind the router's address, with one port for all destinations", async () => {
  await scene(async ({ router, laptop, s1, s2 }) => {
    assertEquals([router.natV6, router.externalCidr6], ["masquerade", undefined]);
    assert(laptop.ip6?.startsWith("fd10:"), laptop.ip6);
    await using socket = await Udp.open(laptop, 40000, "::");
    const [r1, r2] = [await reflector(s1), await reflector(s2)];
    const seen = { ip: router.uplinkIp6!, port: 40000 };
    assertEquals(await socket.seenBy(r1), seen);
    assertEquals(await socket.seenBy(r2), seen);
    assertEquals((await laptop.probeTcpMapping(r1.address)).ip, seen.ip);
  });
});

Deno.test("masquerade gives two internal hosts two ports, and lets in only replies of the contacted peers", async () => {
  await scene(async ({ lab, router, laptop, s1, s2 }) => {
    const tablet = await attach(lab, "tablet", router);
    const [r1, r2] = [await reflector(s1), await reflector(s2)];
    await using one = await Udp.open(laptop, 40000, "::");
    await using two = await Udp.open(tablet, 40000, "::");
    const [first, second] = [await one.seenBy(r1), await two.seenBy(r1)];
    assertEquals(first, { ip: router.uplinkIp6!, port: 40000 });
    assertEquals(second.ip, first.ip);
    assertNotEquals(second.port, first.port);
    assertEquals(await two.seenBy(r2), second);

    await using stranger = await Udp.open(s2, 5000, "::");
    const texts = await arrivals(
      one,
      () => stranger.send("from a stranger", first),
      () => one.send("?", r1.address),
    );
    assertEquals(texts.length, 1);
    assert(texts[0].endsWith(":40000"), texts[0]);
  });
});

Deno.test("no external host reaches a host behind a masquerade by its own address, and ping gets out", async () => {
  await scene(async ({ lab, router, laptop, s1 }) => {
    assertEquals(await lab.ix.$`ip -6 route show ${router.downstreamCidr6!}`.text(), "");
    const ping = async (from: Device, to: string) =>
      (await from.command("ping", { args: ["-c", "1", "-W", "1", to] }).output()).success;
    assertEquals([await ping(s1, laptop.ip6!), await ping(laptop, s1.ip6!)], [false, true]);
  });
});

// laptop - inner - outer - IX - dc - server
Deno.test("a masquerade hides the routers behind it, and their LANs", async () => {
  await using lab = await Lab.create({ label: "nested" });
  const [server] = await servers(lab, "server");
  const outer = await lab.addRouter("outer", { natV6: "masquerade", pool: "private" });
  const inner = await lab.addRouter("inner", { upstream: outer, pool: "private" });
  const laptop = await attach(lab, "laptop", inner);
  const at = await reflector(server);
  assertEquals((await laptop.probeUdpMapping(at.address)).ip, outer.uplinkIp6);
  assertEquals(await lab.ix.$`ip -6 route show ${inner.downstreamCidr6!}`.text(), "");
  await outer.setNatV6("none");
  assertEquals((await laptop.probeUdpMapping(at.address)).ip, laptop.ip6);
  await inner.setNatV6("masquerade");
  assertEquals((await laptop.probeUdpMapping(at.address)).ip, inner.uplinkIp6);
});

Deno.test("a masquerade takes the timeouts of the IPv4 NAT, as conntrack has one set for both", async () => {
  await scene(async ({ router, laptop, s1 }) => {
    const stream = () => router.$`sysctl -n net.netfilter.nf_conntrack_udp_timeout_stream`.text();
    const rules = () => router.$`nft list table ip6 netyard_nat`.text();
    assertEquals(await stream(), "300");
    await router.setNat("corporate");
    assertEquals(await stream(), "120");
    assert((await rules()).includes("2m"));
    const at = await reflector(s1);
    const seen = { ip: router.uplinkIp6!, port: 40000 };
    assertEquals(await laptop.probeUdpMapping(at.address, { port: 40000 }), seen);
    await router.setNat("none");
    assertEquals(await stream(), "300");
    await router.setNatV6("none");
    assertEquals(await stream(), "120");
  });
});

Deno.test("flushNatState forgets the mappings of a masquerade, and draws other ports", async () => {
  await scene(async ({ lab, router, laptop, s1 }) => {
    const tablet = await attach(lab, "tablet", router);
    const at = await reflector(s1);
    await using one = await Udp.open(laptop, 40000, "::");
    await using two = await Udp.open(tablet, 40000, "::");
    assertEquals((await one.seenBy(at)).port, 40000);
    const drawn = await two.seenBy(at);
    assertEquals(await two.seenBy(at), drawn);
    await router.flushNatState();
    // The first one has the port now.
    assertEquals((await two.seenBy(at)).port, 40000);
    assertNotEquals((await one.seenBy(at)).port, 40000);
  });
});

// phone - router (v6-only) - IX - dc - server
Deno.test("a masquerade of a router without IPv4 has the timeouts of its NAT as well", async () => {
  await using lab = await Lab.create({ label: "v6-only" });
  const [server] = await servers(lab, "server");
  const router = await lab.addRouter("router", {
    ipSupport: "v6-only",
    natV6: "masquerade",
    pool: "private",
  });
  const phone = await attach(lab, "phone", router);
  const at = await reflector(server);
  for (const [nat, secs] of [["cloud-nat", "350"], ["none", "300"]] as const) {
    await router.setNat(nat);
    const name = "net.netfilter.nf_conntrack_udp_timeout_stream";
    assertEquals(await router.$`sysctl -n ${name}`.text(), secs);
    assertEquals((await phone.probeUdpMapping(at.address)).ip, router.uplinkIp6);
  }
});
