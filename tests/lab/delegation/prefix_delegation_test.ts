import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  type CapturedPacket,
  type Device,
  InvalidOptionError,
  Lab,
  LabClosedError,
  NetyardError,
  type Node,
  NotFoundError,
  PcapReader,
  PrefixDelegationError,
  type Router,
  type RouterOptions,
  TopologyError,
} from "@netyard/netyard";
import { parseCidr } from "../../../lib/address/mod.ts";
import { decodeMessage } from "../../../lib/dhcp6/mod.ts";
import { config, eventsOf, expectPings, greet, ip, links, pings, seenBy, sh } from "../kit.ts";

const PD = "udp port 546 or udp port 547";

const at = (lab: Lab, gateway: Node, name: string) =>
  lab.addDevice(name, { interfaces: { eth0: { gateway } } });

const isp = (lab: Lab, options: RouterOptions = {}) =>
  lab.addRouter("isp", { preset: "public", prefixDelegation: { pool: "auto" }, ...options });

/** The types of the messages of DHCPv6 in a pcap file, with the prefixes that each names. */
function spoken(file: Uint8Array): string[] {
  return new PcapReader().feed(file).map(({ payload }: CapturedPacket) => {
    const { type, associations } = decodeMessage(payload!);
    const named = associations.flatMap(({ prefixes }) =>
      prefixes.map(({ prefix, validSecs }) => ` ${prefix}${validSecs > 0 ? "" : " gone"}`)
    );
    return type + named.join("");
  });
}

/** The global addresses that the kernel of a device has on eth0. */
function globals(device: Device): { local: string; deprecated?: boolean }[] {
  return ip(device, "-6 addr show dev eth0 scope global").flatMap(({ addr_info }) => addr_info)
    .filter(({ local }) => local);
}

/** Resolves once `done` holds. */
async function until(what: string, done: () => boolean | Promise<boolean>, ms = 15_000) {
  const deadline = performance.now() + ms;
  while (!await done()) {
    assert(performance.now() < deadline, what);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

// pc -- home -- isp -- ix -- dc -- server
Deno.test("a home router gets the prefix of its LAN from its ISP, by packets that a capture shows", async () => {
  await using lab = await Lab.create();
  const provider = await isp(lab);
  await using capture = await provider.capture("any", { filter: PD });
  const home = await lab.addRouter("home", {
    preset: "home",
    upstream: provider,
    prefixDelegation: { length: 60 },
  });
  assertEquals(home.delegatedPrefix, "2001:db8:8000::/60");
  assertEquals(home.downstreamCidr6, "2001:db8:8000::/64");
  assertEquals(home.downstreamGateway6, "2001:db8:8000::1");
  assertEquals(spoken(await capture.drain(0)), [
    "solicit ::/60 gone",
    "advertise 2001:db8:8000::/60",
    "request 2001:db8:8000::/60",
    "reply 2001:db8:8000::/60",
  ]);
  const pc = await at(lab, home, "pc");
  const dc = await lab.addRouter("dc", { preset: "public" });
  const server = await at(lab, dc, "server");
  assert(parseCidr(home.downstreamCidr6!).contains(pc.ip6!));
  await expectPings([[pc, server.ip6!, true], [pc, home.downstreamGateway6!, true]]);
  await using greeter = greet(server, server.ip6!);
  assertEquals(await seenBy(pc, server.ip6!, greeter.port), pc.ip6, "nothing translates it");
  // The firewall of a home lets nobody in; what nobody there has goes nowhere.
  await expectPings([[server, pc.ip6!, false], [pc, "2001:db8:8000:5::1", false]]);
  const routes = ip(provider, "-6 route").filter(({ dst }) => dst === home.delegatedPrefix);
  assertEquals(routes.map(({ gateway }) => gateway), [home.uplinkIp6]);
});

Deno.test("renewPrefix gives another prefix: the former is withdrawn, and its connections end", async () => {
  await using lab = await Lab.create();
  const provider = await isp(lab);
  const home = await lab.addRouter("home", {
    preset: "home",
    firewall: "none",
    upstream: provider,
    prefixDelegation: true,
  });
  const pc = await at(lab, home, "pc");
  const tv = await at(lab, home, "tv");
  const dc = await lab.addRouter("dc", { preset: "public" });
  const server = await at(lab, dc, "server");
  const former = { prefix: home.delegatedPrefix!, pc: pc.ip6!, tv: tv.ip6! };
  await expectPings([[server, pc.ip6!, true], [pc, server.ip6!, true], [tv, pc.ip6!, true]]);
  // Somebody who stays connected, and sends when the prefix is another.
  const listener = server.runSync(() => Deno.listen({ hostname: server.ip6!, port: 0 }));
  const hostname = server.ip6!;
  const { port } = listener.addr as Deno.NetAddr;
  const connection = await pc.runSync(() => Deno.connect({ hostname, port }));
  using accepted = await listener.accept();
  listener.close();
  await using capture = await provider.capture("any", { filter: PD });

  const prefix = await home.renewPrefix();

  assertEquals([prefix, home.delegatedPrefix], ["2001:db8:8000:100::/56", prefix]);
  assertEquals(spoken(await capture.drain(0)), [
    `renew ${former.prefix} gone`,
    `reply ${former.prefix} gone ${prefix}`,
  ]);
  assertEquals(home.downstreamCidr6, "2001:db8:8000:100::/64");
  for (const device of [pc, tv]) {
    assert(parseCidr(prefix).contains(device.ip6!));
    const own = globals(device).map(({ local }) => local);
    assertEquals(own, [device.ip6]);
  }
  await expectPings([
    [server, pc.ip6!, true],
    [pc, server.ip6!, true],
    [tv, pc.ip6!, true],
    [server, former.pc, false],
    [server, former.tv, false],
    [lab.ix, former.pc, false],
  ]);
  assertEquals(ip(provider, "-6 route").filter(({ dst }) => dst === former.prefix), []);
  assertEquals(ip(lab.ix, "-6 route").filter(({ dst }) => dst === former.prefix), []);
  // What it sends may arrive, from an address that is nobody's; no answer finds the way back.
  await connection.write(new Uint8Array(1)).catch(() => {});
  await accepted.write(new Uint8Array(1)).catch(() => {});
  const heard = connection.read(new Uint8Array(8)).catch(() => "refused");
  const silence = new Promise((resolve) => setTimeout(resolve, 700, "silence"));
  assert(["silence", "refused"].includes(await Promise.race([heard, silence]) as string));
  connection.close();
  await heard;
});

Deno.test("the IX and a region delegate prefixes as an ISP does", async () => {
  await using lab = await Lab.create();
  const eu = await lab.addRegion("eu");
  const homes = [
    await lab.addRouter("a", { preset: "home", firewall: "none", prefixDelegation: true }),
    await lab.addRouter("b", { preset: "home", firewall: "none", prefixDelegation: true }),
    await lab.addRouter("c", {
      preset: "home",
      firewall: "none",
      prefixDelegation: true,
      region: eu,
    }),
  ];
  assertEquals(homes.map(({ delegatedPrefix }) => delegatedPrefix), [
    "2001:db8:8000::/56",
    "2001:db8:8000:100::/56",
    "2001:db8:8100::/56",
  ]);
  const devices: Device[] = [];
  for (const home of homes) devices.push(await at(lab, home, `at-${home.name}`));
  const all = () =>
    expectPings(
      devices.flatMap((from) =>
        devices.filter((to) => to !== from).map((
          to,
        ): [Node, string, boolean] => [from, to.ip6!, true])
      ),
    );
  await all();
  assertEquals(await homes[2].renewPrefix(), "2001:db8:8100:100::/56");
  await all();
});

// isp -- outer -- inner -- innermost
Deno.test("a home router delegates the rest of its prefix, while there is some", async () => {
  await using lab = await Lab.create();
  const provider = await isp(lab);
  const plain: RouterOptions = { preset: "home", firewall: "none", prefixDelegation: true };
  const outer = await lab.addRouter("outer", { ...plain, upstream: provider });
  const inner = await lab.addRouter("inner", { ...plain, upstream: outer });
  const innermost = await lab.addRouter("innermost", { ...plain, upstream: inner });
  const routers = [outer, inner, innermost];
  const prefixes = () => routers.map(({ delegatedPrefix }) => delegatedPrefix);
  assertEquals(prefixes(), [
    "2001:db8:8000::/56",
    "2001:db8:8000:10::/60",
    "2001:db8:8000:11::/64",
  ]);
  const error = await assertRejects(
    () => lab.addRouter("none", { ...plain, upstream: innermost }),
    PrefixDelegationError,
  );
  assertStringIncludes(error.message, 'router "none"');
  assertStringIncludes(error.message, "2001:db8:8000:11::/64 is used up");
  const pc = await at(lab, innermost, "pc");
  const near = await at(lab, outer, "near");
  await expectPings([[lab.ix, pc.ip6!, true], [pc, near.ip6!, true], [pc, lab.ix.ip6, true]]);
  const former = pc.ip6!;

  await outer.renewPrefix();

  assertEquals(prefixes(), [
    "2001:db8:8000:100::/56",
    "2001:db8:8000:110::/60",
    "2001:db8:8000:111::/64",
  ]);
  for (const router of routers.slice(1)) {
    assert(parseCidr(outer.delegatedPrefix!).contains(router.uplinkIp6!));
  }
  assert(parseCidr("2001:db8:8000:111::/64").contains(pc.ip6!));
  await expectPings([
    [lab.ix, pc.ip6!, true],
    [pc, near.ip6!, true],
    [near, pc.ip6!, true],
    [lab.ix, former, false],
  ]);
});

Deno.test("in a lab with advertisements, devices make addresses from the delegated prefix", async () => {
  await using lab = await Lab.create({ ipv6: { provisioning: "ra" } });
  const home = await lab.addRouter("home", {
    preset: "home",
    firewall: "none",
    prefixDelegation: true,
  });
  const pc = await at(lab, home, "pc");
  const former = pc.ip6!;
  assert(parseCidr(home.downstreamCidr6!).contains(former));
  await expectPings([[pc, lab.ix.ip6, true], [lab.ix, former, true]]);

  const prefix = await home.renewPrefix();

  assert(parseCidr(prefix).contains(pc.ip6!), `${pc.ip6} of ${prefix}`);
  await expectPings([[pc, lab.ix.ip6, true], [lab.ix, pc.ip6!, true], [lab.ix, former, false]]);
  // The kernel keeps it for two hours, but begins nothing by it.
  const addresses = globals(pc).map(({ local, deprecated = false }) => [local, deprecated]);
  assertEquals(Object.fromEntries(addresses), { [former]: true, [pc.ip6!]: false });
});

Deno.test("a prefix is renewed in time, and expires without renewal", async () => {
  await using lab = await Lab.create();
  const provider = await isp(lab, {
    prefixDelegation: { pool: "2001:db8:4000::/48", preferredSecs: 4, validSecs: 6 },
  });
  const home = await lab.addRouter("home", {
    preset: "home",
    firewall: "none",
    upstream: provider,
    prefixDelegation: true,
  });
  const pc = await at(lab, home, "pc");
  assertEquals(home.delegatedPrefix, "2001:db8:4000::/56");
  const capture = await provider.capture("any", { filter: PD });
  await capture.expect(({ payload }) => decodeMessage(payload!).type === "renew", {
    timeoutMs: 10_000,
  });
  await until("the answer", () => capture.packetCount >= 2);
  await capture.close();
  assertEquals(home.delegatedPrefix, "2001:db8:4000::/56");

  await home.interface("wan").linkDown();
  await until("no prefix", () => home.delegatedPrefix === undefined);
  assertEquals([home.downstreamCidr6, home.downstreamGateway6, pc.ip6], Array(3).fill(undefined));
  assert(pc.ip !== undefined && await pings(pc, home.downstreamGateway!));

  await home.interface("wan").linkUp();
  await until("a prefix again", () => home.delegatedPrefix !== undefined, 30_000);
  await expectPings([[pc, lab.ix.ip6, true], [lab.ix, pc.ip6!, true]]);
});

Deno.test("a removed router releases its prefix", async () => {
  await using lab = await Lab.create();
  const provider = await isp(lab, { prefixDelegation: { pool: "2001:db8:4000::/56" } });
  const options: RouterOptions = { preset: "home", upstream: provider, prefixDelegation: true };
  const home = await lab.addRouter("home", options);
  await assertRejects(() => lab.addRouter("other", options), PrefixDelegationError, "used up");
  await using capture = await provider.capture("lan", { filter: PD });
  await lab.remove(home);
  assertEquals(spoken(await capture.drain(0)), ["release 2001:db8:4000::/56 gone", "reply"]);
  const other = await lab.addRouter("other", options);
  assertEquals(other.delegatedPrefix, "2001:db8:4000::/56");
});

Deno.test("a router that gets no prefix leaves nothing", async () => {
  await using lab = await Lab.create();
  const provider = await isp(lab, { prefixDelegation: { pool: "2001:db8:4000::/56" } });
  const options: RouterOptions = { preset: "home", upstream: provider, prefixDelegation: true };
  await lab.addRouter("first", options);
  // With a second member, its LAN is a bridge, and stays one.
  await at(lab, provider, "pc");
  const before = [config(provider), links(provider)];
  await assertRejects(() => lab.addRouter("second", options), PrefixDelegationError);
  assertEquals([config(provider), links(provider)], before);
  assertEquals(lab.routers.map(({ name }) => name), ["isp", "first"]);
  const kinds = (await eventsOf(lab)).map(({ kind }) => kind);
  assertEquals(kinds.filter((kind) => kind === "router-added").length, 2);
  // The name is free, and so is what the LAN would have had.
  const second = await lab.addRouter("second", { preset: "home", upstream: provider });
  assertEquals(second.delegatedPrefix, undefined);
});

Deno.test("without another prefix, a router keeps the former one", async () => {
  await using lab = await Lab.create();
  const provider = await isp(lab, { prefixDelegation: { pool: "2001:db8:4000::/56" } });
  const home = await lab.addRouter("home", {
    preset: "home",
    upstream: provider,
    prefixDelegation: true,
  });
  const pc = await at(lab, home, "pc");
  const before = [home.delegatedPrefix, pc.ip6];
  await assertRejects(() => home.renewPrefix(), PrefixDelegationError, "2001:db8:4000::/56");
  assertEquals([home.delegatedPrefix, pc.ip6], before);
  await expectPings([[pc, lab.ix.ip6, true]]);
});

Deno.test("a router that is still being built cannot be attached to", async () => {
  await using lab = await Lab.create();
  const adding = lab.addRouter("home", { preset: "home", prefixDelegation: true });
  await assertRejects(
    () => lab.addDevice("pc", { interfaces: { eth0: { gateway: "home" } } }),
    NotFoundError,
    '"home"',
  );
  assert((await adding).delegatedPrefix);
});

// pc -- inner, which masquerades -- home, with NAT64 -- ix -- dc -- server, v4-only
Deno.test("hosts behind a masquerade work after the prefix of its uplink has changed", async () => {
  await using lab = await Lab.create();
  const home = await lab.addRouter("home", {
    ipSupport: "v6-only",
    natV6: "nat64",
    prefixDelegation: true,
  });
  const inner = await lab.addRouter("inner", {
    ipSupport: "v6-only",
    pool: "private",
    natV6: "masquerade",
    upstream: home,
  });
  const pc = await at(lab, inner, "pc");
  const dc = await lab.addRouter("dc", { preset: "public-v4" });
  const server = await at(lab, dc, "server");
  await lab.dnsEntry("web.test", server.ip!);
  for (let round = 0; round < 3; round++) {
    assertStringIncludes(sh(pc, "cat /etc/resolv.conf"), `nameserver ${home.downstreamGateway6}\n`);
    await expectPings([[pc, lab.ix.ip6, true], [pc, "web.test", true]]);
    await home.renewPrefix();
  }
});

Deno.test("closing a lab ends the wait of a router for its prefix", async () => {
  const lab = await Lab.create();
  const provider = await isp(lab);
  // What the ISP sends down is lost: it answers, and nobody hears it.
  await provider.setDownlinkCondition({ lossPct: 100 });
  const adding = assertRejects(
    () => lab.addRouter("home", { preset: "home", upstream: provider, prefixDelegation: true }),
    NetyardError,
    "closed",
  );
  await new Promise((resolve) => setTimeout(resolve, 50));
  await lab.close();
  await adding;
});

Deno.test("in a closed lab, a router does not request its prefix", async () => {
  const lab = await Lab.create();
  const provider = await isp(lab);
  const adding = assertRejects(
    () => lab.addRouter("home", { preset: "home", upstream: provider, prefixDelegation: true }),
    NetyardError,
    "closed",
  );
  const start = performance.now();
  await Promise.all([lab.close(), adding]);
  assert(performance.now() - start < 10_000, "it waited for an answer that cannot come");
});

Deno.test("a router with a prefix that is removed twice at once, or whose lab closes meanwhile, is gone", async () => {
  const lab = await Lab.create();
  const home = await lab.addRouter("home", { preset: "home", prefixDelegation: true });
  const both = await Promise.allSettled([lab.remove(home), lab.remove(home)]);
  assertEquals(both.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
  const [failed] = both.filter(({ status }) => status === "rejected") as PromiseRejectedResult[];
  assertStringIncludes(failed.reason.message, 'node "home" was removed');
  const again = await lab.addRouter("home", { preset: "home", prefixDelegation: true });
  const removing = assertRejects(() => lab.remove(again), LabClosedError);
  await Promise.all([lab.close(), removing]);
});

Deno.test("lossy and slow links only delay a delegation", async () => {
  await using lab = await Lab.create();
  const provider = await isp(lab, { downlinkCondition: { latencyMs: 50 } });
  const start = performance.now();
  const home = await lab.addRouter("home", {
    preset: "home",
    upstream: provider,
    prefixDelegation: true,
  });
  assert(performance.now() - start >= 100, "two answers of 50 ms each");
  assertEquals(home.delegatedPrefix, "2001:db8:8000::/56");
});

Deno.test("events report prefixes, and the state has the present one", async () => {
  await using lab = await Lab.create();
  const home = await lab.addRouter("home", { preset: "home", prefixDelegation: true });
  const first = home.delegatedPrefix!;
  await at(lab, home, "pc");
  const second = await home.renewPrefix();
  const told = (await eventsOf(lab)).filter((event) => event.kind === "prefix-delegated");
  assertEquals(told.map(({ router, prefix, former }) => [router, prefix, former]), [
    ["home", first, null],
    ["home", second, first],
  ]);
  const changed = (await eventsOf(lab)).filter((event) => event.kind === "interface-changed");
  assertEquals(changed.map(({ node, interface: { ip6 } }) => [node, ip6]), [
    ["pc", lab.device("pc").ip6],
  ]);
});

Deno.test("a bridge that is routed to a LAN follows its prefix", async () => {
  await using lab = await Lab.create();
  const home = await lab.addRouter("home", { preset: "home", prefixDelegation: true });
  const pc = await at(lab, home, "pc");
  const back = lab.bridge("back");
  const nas = await lab.addDevice("nas", { interfaces: { eth0: { gateway: back } } });
  await back.route(home.lan);
  await expectPings([[nas, pc.ip6!, true], [pc, nas.ip6!, true]]);
  await home.renewPrefix();
  await expectPings([[nas, pc.ip6!, true], [pc, nas.ip6!, true]]);
});

Deno.test("invalid delegation options are refused before anything is built", async () => {
  await using lab = await Lab.create();
  const plain = await lab.addRouter("plain", { preset: "public" });
  const v4 = await lab.addRouter("v4", { preset: "public-v4" });
  const cases: [RouterOptions, new (message: string) => Error, string][] = [
    [
      { upstream: plain, prefixDelegation: true },
      TopologyError,
      'from its upstream "plain", which delegates none',
    ],
    [{ upstream: v4, prefixDelegation: true }, TopologyError, "v4-only"],
    [{ ipSupport: "v4-only", prefixDelegation: true }, TopologyError, "v4-only"],
    [{ ipSupport: "v4-only", prefixDelegation: { pool: "auto" } }, TopologyError, "v4-only"],
    [{ natV6: "nptv6", prefixDelegation: true }, TopologyError, "nptv6"],
    [{ prefixDelegation: { length: 65 } }, InvalidOptionError, "length"],
    [{ prefixDelegation: { length: 0 } }, InvalidOptionError, "length"],
    [{ prefixDelegation: { length: 56.5 } }, InvalidOptionError, "length"],
    [{ prefixDelegation: { pool: "10.0.0.0/8" } }, TopologyError, "IPv4"],
    [{ prefixDelegation: { pool: "nonsense" } }, NetyardError, "nonsense"],
    [{ prefixDelegation: { pool: "2001:db8:4000::/60" } }, TopologyError, "no parts of length 56"],
    [{ prefixDelegation: { pool: "2001:db8:1::/48" } }, TopologyError, "which the lab uses"],
    [{ prefixDelegation: { pool: "ff05::/32" } }, TopologyError, "ff00::/8"],
    [
      { prefixDelegation: { pool: "auto", preferredSecs: 10, validSecs: 5 } },
      TopologyError,
      "preferredSecs 10",
    ],
    [
      { prefixDelegation: { length: 60, validSecs: 5 } as { length: number } },
      InvalidOptionError,
      "validSecs",
    ],
  ];
  for (const [options, kind, says] of cases) {
    const error = await assertRejects(() => lab.addRouter("home", options), kind as never);
    assertStringIncludes((error as Error).message, says);
  }
  await assertRejects(() => plain.renewPrefix(), TopologyError, "prefixDelegation: true");
  assertEquals(lab.routers.length, 2);
  const own: Router = await lab.addRouter("own", {
    prefixDelegation: { pool: "2001:db8:4000::/40" },
  });
  await assertRejects(
    () => lab.addRouter("same", { prefixDelegation: { pool: "2001:db8:4000::/48" } }),
    TopologyError,
    `"${own.name}"`,
  );
  const home = await lab.addRouter("home", { prefixDelegation: true });
  await assertRejects(() => home.setNatV6("nptv6"), TopologyError, "nptv6");
});

Deno.test("a configuration has delegations, and invalid ones are refused before it builds", async () => {
  await using lab = await Lab.fromConfig({
    routers: [
      { name: "home", preset: "home", upstream: "isp", prefixDelegation: true },
      {
        name: "isp",
        preset: "public",
        prefixDelegation: { pool: "2001:db8:4000::/40", length: 52 },
      },
    ],
    devices: { pc: { interfaces: { eth0: { gateway: "home" } } } },
  });
  assertEquals(lab.router("home").delegatedPrefix, "2001:db8:4000::/52");
  await expectPings([[lab.device("pc"), lab.ix.ip6, true]]);
  const error = await assertRejects(
    () =>
      Lab.fromConfig({
        routers: [
          { name: "plain" },
          { name: "home", upstream: "plain", prefixDelegation: true },
          { name: "a", prefixDelegation: { pool: "2001:db8:4000::/40" } },
          { name: "b", prefixDelegation: { pool: "2001:db8:4000::/48" } },
        ],
      }),
    TopologyError,
  );
  assertStringIncludes(error.message, "delegates none");
});
