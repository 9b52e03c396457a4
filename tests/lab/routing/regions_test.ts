import { assert, assertEquals } from "@std/assert";
import { type Device, Lab, type Node, RegionLink } from "@netyard/netyard";
import { config, expectPings, greet, links, seenBy, sh } from "../kit.ts";

/** A device at a router. */
const at = (lab: Lab, gateway: Node, name: string = `at-${gateway.name}`) =>
  lab.addDevice(name, { interfaces: { eth0: { gateway } } });

const both = (from: Node, to: { ip?: string; ip6?: string }): [Node, string, boolean][] => [
  [from, to.ip!, true],
  [from, to.ip6!, true],
];

// eu(a, b) -- us(c);  asia(d);  ix -- plain(e)
Deno.test("everything reaches everything, within and between regions and without one", async () => {
  await using lab = await Lab.create();
  const [eu, us, asia] = [
    await lab.addRegion("eu"),
    await lab.addRegion("us"),
    await lab.addRegion("asia"),
  ];
  await lab.linkRegions(eu, us, RegionLink.good(0));
  const routers = [
    await lab.addRouter("a", { region: eu }),
    await lab.addRouter("b", { region: "eu" }),
    await lab.addRouter("c", { region: us }),
    await lab.addRouter("d", { region: asia }),
    await lab.addRouter("e"),
  ];
  const devices: Device[] = [];
  for (const router of routers) devices.push(await at(lab, router));
  await expectPings(
    devices.flatMap((from) => devices.filter((to) => to !== from).flatMap((to) => both(from, to))),
  );
  const servers = [lab.ix, eu, us, asia];
  await expectPings(
    [...devices, ...servers].flatMap((from) =>
      servers.filter((to) => to !== from).flatMap((to) => both(from, to))
    ),
  );
  // What the nodes of regions send themselves can be answered.
  await expectPings(servers.flatMap((from) => devices.flatMap((to) => both(from, to))));
});

Deno.test("a region has its block of addresses, and its routers are in it", async () => {
  await using lab = await Lab.create();
  const eu = await lab.addRegion("eu");
  const us = await lab.addRegion("us");
  assertEquals([eu.name, eu.ip, eu.cidr], ["eu", "198.18.16.1", "198.18.16.0/20"]);
  assertEquals([us.ip6, us.cidr6], ["2001:db8:0:2::1", "2001:db8:0:2::/64"]);
  const dc = await lab.addRouter("dc", { region: us });
  const home = await lab.addRouter("home", { preset: "home", upstream: dc });
  const plain = await lab.addRouter("plain");
  assertEquals([dc.uplinkIp, dc.uplinkIp6], ["198.18.32.2", "2001:db8:0:2::2"]);
  assert(dc.region === us && home.region === us && plain.region === undefined);
  assertEquals([home.upstream, dc.upstream, dc.interface("ix").gateway], [
    "dc",
    undefined,
    undefined,
  ]);
  assert(lab.region("eu") === eu);
  assertEquals(lab.regions, [eu, us]);
  assertEquals([eu.interfaces, eu.linkedWith], [[], []]);
  await lab.linkRegions(us, eu, {});
  assertEquals([eu.linkedWith, us.linkedWith], [["us"], ["eu"]]);
  // A region, a router and a device of one name are three nodes.
  const namesake = await lab.addRouter("eu", { region: eu });
  assertEquals(links(eu), ["eu", "ix", "region-us"]);
  assertEquals(links(lab.ix), ["plain", "region-eu", "region-us"]);
  assertEquals([sh(eu, "echo $NETYARD_NODE"), sh(namesake, "echo $NETYARD_NODE")], [
    "region-eu",
    "eu",
  ]);
});

// eu(home(pc)) -- us(dc(server));  ix -- plain(other)
Deno.test("a home router in a region translates, also with a router behind it", async () => {
  await using lab = await Lab.create();
  const eu = await lab.addRegion("eu");
  const us = await lab.addRegion("us");
  await lab.linkRegions("eu", "us", RegionLink.good(0));
  const home = await lab.addRouter("home", { preset: "home", region: eu });
  const inner = await lab.addRouter("inner", { preset: "home", upstream: home });
  const dc = await lab.addRouter("dc", { region: us });
  const plain = await lab.addRouter("plain");
  const pc = await at(lab, home, "pc");
  const deep = await at(lab, inner, "deep");
  const server = await at(lab, dc, "server");
  const other = await at(lab, plain, "other");
  for (const to of [server, other]) {
    await using web = greet(to, to.ip!);
    assertEquals(await seenBy(pc, to.ip!, web.port), home.uplinkIp);
    assertEquals(await seenBy(deep, to.ip!, web.port), home.uplinkIp);
    await expectPings([[pc, to.ip6!, true], [deep, to.ip6!, true], [to, pc.ip!, false]]);
  }
  // Without its NAT, its LAN is known everywhere; with it again, nowhere.
  await home.setFirewall("none");
  await home.setNat("none");
  await expectPings([[server, pc.ip!, true], [other, pc.ip!, true], [lab.ix, pc.ip!, true]]);
  const bare = () => [us, eu, lab.ix].map((node) => config(node).routes);
  const open = bare();
  await home.setNat("full-cone");
  await expectPings([[server, pc.ip!, false], [pc, server.ip!, true], [us, pc.ip!, false]]);
  assert(!JSON.stringify(bare()).includes(home.downstreamCidr!));
  await home.setNat("none");
  assertEquals(bare(), open);
});

// eu(dc(a)) -- us(far(b));  later a at other
Deno.test("networks and addresses are added and removed in all regions", async () => {
  await using lab = await Lab.create();
  const eu = await lab.addRegion("eu");
  const us = await lab.addRegion("us");
  await lab.linkRegions(eu, us, RegionLink.good(0));
  const far = await at(lab, await lab.addRouter("far", { region: us }), "b");
  const nodes = [lab.ix, eu, us];
  const before = nodes.map(config);
  const dc = await lab.addRouter("dc", { region: eu, downstreamCidr: "172.20.0.0/16" });
  const behind = await lab.addRouter("behind", { upstream: dc, pool: "private" });
  await dc.interface("ix").addIp("192.0.2.7", 32);
  const other = await lab.addRouter("other");
  const a = await at(lab, behind, "a");
  const c = await at(lab, other, "c");
  await expectPings([
    ...both(far, a),
    ...both(a, far),
    [far, "192.0.2.7", true],
    [c, "192.0.2.7", true],
    [us, "192.0.2.7", true],
  ]);
  await a.interface("eth0").replug(other);
  await expectPings([...both(far, a), ...both(a, far)]);
  await lab.remove(behind);
  await lab.remove(dc);
  await expectPings([[far, "192.0.2.7", false]]);
  await lab.remove(a);
  await lab.remove(c);
  await lab.remove(other);
  assertEquals(nodes.map(config), before);
});

Deno.test("packets to unused addresses of a region get an error, and do not loop", async () => {
  await using lab = await Lab.create();
  const eu = await lab.addRegion("eu");
  const dc = await at(lab, await lab.addRouter("dc", { region: eu }), "a");
  const c = await at(lab, await lab.addRouter("plain"), "c");
  for (const from of [dc, c]) {
    for (const to of ["198.18.16.99", "2001:db8:0:1::99", "198.19.77.1"]) {
      const ping = from.command("ping", { args: ["-c", "1", "-W", "1", to] });
      const { code, stdout } = await ping.output();
      assertEquals(code, 1);
      const said = new TextDecoder().decode(stdout);
      assert(/unreachable|No route/i.test(said), said);
      assert(!/exceeded/i.test(said), said);
    }
  }
});
