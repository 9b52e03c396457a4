import { assert, assertEquals } from "@std/assert";
import { type Device, Lab, type NatV6 } from "@netyard/netyard";
import { attach, servers } from "./net.ts";
import { Udp } from "./udp.ts";

const reflector = (on: Device) => on.spawnReflector({ ip: on.ip6! });

/** An address of one /64 in another. */
const moved = (ip: string, to: string) => to.replace(/\/64$/, "") + ip.split("::")[1];

async function pings(from: Device, to: string, ...options: string[]): Promise<boolean> {
  const args = ["-c", "1", "-W", "1", ...options, to];
  return (await from.command("ping", { args }).output()).success;
}

// laptop - router - IX - dc - server
Deno.test("NPTv6 replaces the prefix of a host and keeps the rest, and external hosts can begin flows", async () => {
  await using lab = await Lab.create({ label: "nptv6" });
  const [server] = await servers(lab, "server");
  const router = await lab.addRouter("router", { natV6: "nptv6", pool: "private" });
  const laptop = await attach(lab, "laptop", router);
  assertEquals(router.externalCidr6, "2001:db8:2:1::/64");
  const external = moved(laptop.ip6!, router.externalCidr6!);

  const at = await reflector(server);
  const seen = { ip: external, port: 40000 };
  assertEquals(await laptop.probeUdpMapping(at.address, { port: 40000 }), seen);
  assertEquals((await laptop.probeTcpMapping(at.address)).ip, external);
  // From outside: by UDP, which answers with what it saw, by TCP, and by ping.
  const inside = await reflector(laptop);
  const far = { ip: external, port: inside.address.port };
  assertEquals((await server.probeUdpMapping(far)).ip, server.ip6);
  assertEquals((await server.probeTcpMapping(far)).ip, server.ip6);
  assertEquals(
    [await pings(server, external), await pings(server, laptop.ip6!)],
    [true, false],
  );
  const routes = await lab.ix.$`ip -6 route`.text();
  assert(routes.includes("2001:db8:2:1::/64 via"), routes);
  assert(!routes.includes("fd10:"), routes);
});

// laptop, tablet - router - IX
Deno.test("hosts behind NPTv6 reach each other by the external prefix, and still find the router", async () => {
  await using lab = await Lab.create({ label: "nptv6-hairpin" });
  const router = await lab.addRouter("router", { natV6: "nptv6", pool: "private" });
  const [laptop, tablet] = [
    await attach(lab, "laptop", router),
    await attach(lab, "tablet", router),
  ];
  const inside = await reflector(tablet);
  const far = { ip: moved(tablet.ip6!, router.externalCidr6!), port: inside.address.port };
  const external = moved(laptop.ip6!, router.externalCidr6!);
  assertEquals((await laptop.probeUdpMapping(far)).ip, external);
  assertEquals((await laptop.probeTcpMapping(far)).ip, external);
  assertEquals((await laptop.probeUdpMapping(inside.address)).ip, laptop.ip6, "not by the router");

  await laptop.$`ip -6 neigh flush all`.quiet();
  await router.$`ip -6 neigh flush all`.quiet();
  assert(await pings(laptop, router.downstreamGateway6!));
  assert(await pings(router as unknown as Device, laptop.ip6!));
  assert(await pings(laptop, `${router.interface("lan").linkLocal6}%eth0`));
});

// laptop - router - narrow - IX - dc - server
Deno.test("NPTv6 translates the packets that ICMPv6 errors quote: senders learn the path MTU", async () => {
  await using lab = await Lab.create({ label: "nptv6-pmtu" });
  const [server] = await servers(lab, "server");
  const narrow = await lab.addRouter("narrow", { mtu: 1300 });
  const router = await lab.addRouter("router", {
    upstream: narrow,
    natV6: "nptv6",
    pool: "private",
  });
  const laptop = await attach(lab, "laptop", router);
  // In both directions: from inside, and to the external address.
  for (
    const [from, to] of [[laptop, server.ip6!], [
      server,
      moved(laptop.ip6!, router.externalCidr6!),
    ]] as const
  ) {
    assertEquals(await pings(from, to, "-M", "do", "-s", "1400"), false);
    assertEquals(await pings(from, to, "-M", "do", "-s", "1200"), true);
    const route = await from.$`ip -6 route get ${to}`.text();
    assert(route.includes("mtu 1300"), route);
  }
});

// pc - inner - outer - IX (far), region - dc - server
Deno.test("routers behind NPTv6 keep their prefixes, and those of a region are known in all", async () => {
  await using lab = await Lab.create({ label: "nptv6-chain" });
  await lab.addRegion("eu");
  const dc = await lab.addRouter("dc", { region: "eu", natV6: "nptv6", pool: "private" });
  const server = await attach(lab, "server", dc);
  const outer = await lab.addRouter("outer", { natV6: "nptv6", pool: "private" });
  const inner = await lab.addRouter("inner", { upstream: outer, pool: "private" });
  const pc = await attach(lab, "pc", inner);
  const known = moved(server.ip6!, dc.externalCidr6!);
  const at = { ip: known, port: (await reflector(server)).address.port };
  const seen = async () => (await pc.probeUdpMapping(at)).ip;
  assertEquals(await seen(), pc.ip6);
  assertEquals((await outer.probeUdpMapping(at)).ip, outer.uplinkIp6);
  assertEquals((await inner.probeUdpMapping(at)).ip, moved(inner.uplinkIp6!, outer.externalCidr6!));
  await inner.setNatV6("nptv6");
  assertEquals(await seen(), moved(pc.ip6!, inner.externalCidr6!));
  assertEquals(await pings(server, moved(pc.ip6!, inner.externalCidr6!)), true);
  await inner.setNatV6("masquerade");
  // Its address is one of the outer router's LAN.
  assertEquals(await seen(), moved(inner.uplinkIp6!, outer.externalCidr6!));
});

// laptop - router - IX - dc - server
Deno.test("a firewall blocks unsolicited packets to an external address of NPTv6", async () => {
  await using lab = await Lab.create({ label: "nptv6-firewall" });
  const [server] = await servers(lab, "server");
  const router = await lab.addRouter("router", { preset: "home", natV6: "nptv6" });
  const laptop = await attach(lab, "laptop", router);
  const external = moved(laptop.ip6!, router.externalCidr6!);
  assertEquals([await pings(server, external), await pings(laptop, server.ip6!)], [false, true]);
  await router.setFirewall("none");
  assertEquals(await pings(server, external), true);
});

// laptop - router - IX - dc - server
Deno.test("setNatV6 changes between all modes while the lab runs", async () => {
  await using lab = await Lab.create({ label: "set-nat-v6" });
  const [server] = await servers(lab, "server");
  const router = await lab.addRouter("router", { pool: "private" });
  const laptop = await attach(lab, "laptop", router);
  const at = await reflector(server);
  const external = () => moved(laptop.ip6!, "2001:db8:2:1::/64");
  const expected: Partial<Record<NatV6, () => string>> = {
    none: () => laptop.ip6!,
    masquerade: () => router.uplinkIp6!,
    nptv6: external,
  };
  assertEquals((await laptop.probeUdpMapping(at.address)).ip, laptop.ip6);
  for (const mode of ["nptv6", "masquerade", "none", "masquerade", "nptv6", "none"] as const) {
    await router.setNatV6(mode);
    assertEquals(router.natV6, mode);
    assertEquals(router.externalCidr6, mode === "nptv6" ? "2001:db8:2:1::/64" : undefined);
    assertEquals((await laptop.probeUdpMapping(at.address)).ip, expected[mode]!(), mode);
    assertEquals(
      [await pings(server, laptop.ip6!), await pings(server, external())],
      [mode === "none", mode === "nptv6"],
      mode,
    );
  }
});

for (
  const [before, after] of [["masquerade", "none"], ["nptv6", "masquerade"], [
    "none",
    "nptv6",
  ]] satisfies [NatV6, NatV6][]
) {
  // laptop - router - IX - dc - server
  Deno.test(`setNatV6 does not change an existing flow: ${before} to ${after}`, async () => {
    await using lab = await Lab.create({ label: "under-way" });
    const [server] = await servers(lab, "server");
    const router = await lab.addRouter("router", { natV6: before, pool: "private" });
    const laptop = await attach(lab, "laptop", router);
    await using socket = await Udp.open(laptop, 40000, "::");
    const at = await reflector(server);
    const old = await socket.seenBy(at);
    await router.setNatV6(after);
    if (before === "masquerade") assertEquals(await socket.seenBy(at), old);
    await router.flushNatState();
    const flushed = await socket.seenBy(at);
    const now: Partial<Record<NatV6, string>> = {
      none: laptop.ip6!,
      masquerade: router.uplinkIp6!,
      nptv6: moved(laptop.ip6!, "2001:db8:2:1::/64"),
    };
    assertEquals(flushed.ip, now[after]);
  });
}
