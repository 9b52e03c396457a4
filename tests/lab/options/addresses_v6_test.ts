import { assertEquals, assertRejects } from "@std/assert";
import {
  AddressInUseError,
  InvalidOptionError,
  type IpSupport,
  Lab,
  type NatV6,
  TopologyError,
} from "@netyard/netyard";
import { config, eventsOf, expectPings, ip, pings } from "../kit.ts";

// ix -- home(nas, tv)
Deno.test("a device has the requested IPv6 address, and no other device gets it", async () => {
  await using lab = await Lab.create();
  const home = await lab.addRouter("home", { preset: "home" });
  const nas = await lab.addDevice("nas", {
    interfaces: { eth0: { gateway: home, ip6: "FD10:0:1:0::abcd" } },
  });
  const next = await lab.addDevice("next", {
    interfaces: { eth0: { gateway: home, ip6: "fd10:0:1::2" } },
  });
  const tv = await lab.addDevice("tv", { interfaces: { eth0: { gateway: home } } });
  assertEquals([nas.ip6, next.ip6, tv.ip6], ["fd10:0:1::abcd", "fd10:0:1::2", "fd10:0:1::3"]);
  await expectPings([[tv, "fd10:0:1::abcd", true], [tv, "fd10:0:1::4", false]]);

  const more = (ip6: string) => tv.addInterface("eth1", { gateway: home, ip6 });
  const before = config(tv);
  await assertRejects(() => more("fd10:0:1::abcd"), AddressInUseError, "already taken");
  assertEquals(config(tv), before);
  assertEquals((await more("fd10:0:1::7")).ip6, "fd10:0:1::7");
});

// ix -- upper(a) -- lower(b), for each pair of ipSupport
Deno.test("in each family a node has a link-local address, and a default route by that of its gateway", async () => {
  await using lab = await Lab.create();
  const supports: IpSupport[] = ["v4-only", "v6-only", "dual-stack"];
  for (const above of supports) {
    const upper = await lab.addRouter(`u-${above}`, { ipSupport: above });
    for (const below of supports) {
      if (new Set([above, below, "dual-stack"]).size === 3) continue;
      const name = `${above}-${below}`;
      const lower = await lab.addRouter(name, { ipSupport: below, upstream: upper });
      const device = await lab.addDevice(`d-${name}`, { interfaces: { eth0: { gateway: lower } } });
      const wan = lower.interface("wan");
      const eth0 = device.interface("eth0");
      const has6 = below !== "v4-only";
      assertEquals(
        [lower.downstreamCidr6, lower.downstreamGateway6, device.ip6, eth0.linkLocal6].map(Boolean),
        [has6, has6, has6, has6],
      );
      assertEquals(lower.interface("lan").linkLocal6 !== undefined, has6);
      const up6 = has6 && above !== "v4-only";
      assertEquals([lower.uplinkIp6, wan.ip6, wan.linkLocal6].map(Boolean), [up6, up6, up6]);
      // The kernel has them, and the routes are scoped to a link.
      for (
        const [node, iface, there, gateway] of [
          [device, eth0, has6, lower.interface("lan").linkLocal6],
          [lower, wan, up6, upper.interface("lan").linkLocal6],
        ] as const
      ) {
        const routes = ip(node, "-6 route show default");
        assertEquals(
          routes.map(({ gateway, dev }) => [gateway, dev]),
          there ? [[gateway, iface.name]] : [],
        );
        if (gateway && there) assertEquals(await pings(node, `${gateway}%${iface.name}`), true);
      }
    }
  }
});

Deno.test("an impossible IPv6 translation is refused, and nothing of it is applied", async () => {
  await using lab = await Lab.create();
  const four = await lab.addRouter("four", { ipSupport: "v4-only" });
  const six = await lab.addRouter("six", { ipSupport: "v6-only", natV6: "nptv6", pool: "public" });
  const below = await lab.addRouter("below", { upstream: four });
  const before = [four, six, below].map(config);
  for (const mode of ["nptv6", "masquerade", "nat64"] as const) {
    await assertRejects(() => four.setNatV6(mode), TopologyError, "the router is v4-only");
    await assertRejects(() => below.setNatV6(mode), TopologyError, '"four" is v4-only');
  }
  const wrong = "nat66" as NatV6;
  await assertRejects(() => six.setNatV6(wrong), InvalidOptionError, "nptv6");
  assertEquals([four.natV6, six.natV6, below.natV6], ["none", "nptv6", "none"]);
  assertEquals([four, six, below].map(config), before);
  await four.setNatV6("none");
  // What a preset does to IPv6 says nothing about a router that has none.
  assertEquals(
    (await lab.addRouter("isp", { preset: "isp-v6", ipSupport: "v4-only" })).natV6,
    "none",
  );
});

Deno.test("the prefix of NPTv6 belongs to one router until that router is removed", async () => {
  await using lab = await Lab.create();
  const one = await lab.addRouter("one", { natV6: "nptv6" });
  const two = await lab.addRouter("two", { natV6: "nptv6" });
  const prefixes = () => [one.externalCidr6, two.externalCidr6];
  assertEquals(prefixes(), ["2001:db8:2:1::/64", "2001:db8:2:2::/64"]);
  await one.setNatV6("none");
  const three = await lab.addRouter("three", { natV6: "nptv6" });
  assertEquals(three.externalCidr6, "2001:db8:2:3::/64");
  await one.setNatV6("nptv6");
  assertEquals(prefixes(), ["2001:db8:2:1::/64", "2001:db8:2:2::/64"]);
  await lab.remove(one);
  await lab.remove(two);
  const routes = ip(lab.ix, "-6 route").map(({ dst }) => dst);
  assertEquals(routes.filter((dst: string) => dst.startsWith("2001:db8:2:")), [
    "2001:db8:2:3::/64",
  ]);
});

Deno.test("events and state have the IPv6 translation and its prefix", async () => {
  await using lab = await Lab.create();
  const home = await lab.addRouter("home", { natV6: "nptv6" });
  await home.setNatV6("masquerade");
  await home.setNatV6("nptv6");
  const told = (await eventsOf(lab)).flatMap((event) => {
    if (event.kind === "router-added") return [[event.router.natV6, event.router.externalCidr6]];
    if (event.kind === "nat-v6-changed") return [[event.natV6, event.externalCidr6]];
    return [];
  });
  const translated = ["nptv6", "2001:db8:2:1::/64"];
  assertEquals(told, [translated, ["masquerade", undefined], translated]);
});
