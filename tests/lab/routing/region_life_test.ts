import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  DuplicateNameError,
  Lab,
  type Node,
  NodeRemovedError,
  parseEvent,
  PoolExhaustedError,
  reduceAll,
  RegionInUseError,
  RegionLink,
} from "@netyard/netyard";
import { LabAddresses } from "../../../lib/lab/model/addresses.ts";
import { withoutUndo } from "../../../lib/lab/model/undo.ts";
import { config, expectPings, ip, pings, sh } from "../kit.ts";

/** A device at a router. */
const at = (lab: Lab, gateway: Node, name: string = `at-${gateway.name}`) =>
  lab.addDevice(name, { interfaces: { eth0: { gateway } } });

const both = (from: Node, to: { ip?: string; ip6?: string }): [Node, string, boolean][] => [
  [from, to.ip!, true],
  [from, to.ip6!, true],
];

Deno.test("a removed region leaves nothing, and its addresses are reused when others run out", async () => {
  await using lab = await Lab.create();
  const us = await lab.addRegion("us");
  const dc = await at(lab, await lab.addRouter("dc", { region: us }), "a");
  const before = [lab.ix, us].map(config);
  const eu = await lab.addRegion("eu");
  await lab.linkRegions(eu, us, RegionLink.good(0));
  const home = await lab.addRouter("home", { region: eu });
  await assertRejects(() => lab.remove(eu), RegionInUseError, '"home" is in region "eu"');
  const second = await lab.addRouter("second", { region: eu });
  await assertRejects(() => lab.remove("region-eu"), RegionInUseError, '"home", "second" are in');
  await lab.remove(home);
  await lab.remove(second);
  await lab.remove("region-eu");
  assertEquals([lab.ix, us].map(config), before);
  assertEquals([us.linkedWith, lab.regions], [[], [us]]);
  assert(lab.env.NETYARD_IP_A === dc.ip);
  const again = await lab.addRegion("eu");
  assertEquals(again.cidr, "198.18.48.0/20");
  await lab.linkRegions(again, us, RegionLink.good(0));
  await expectPings(both(dc, again));
});

// a -- b -- c, where a and c have routers
Deno.test("removing a region in between breaks the path, and frees its links", async () => {
  await using lab = await Lab.create();
  for (const name of ["a", "b", "c"]) await lab.addRegion(name);
  await lab.linkRegions("a", "b", RegionLink.good(0));
  await lab.linkRegions("b", "c", RegionLink.good(0));
  const x = await at(lab, await lab.addRouter("ra", { region: "a" }), "x");
  const y = await at(lab, await lab.addRouter("rc", { region: "c" }), "y");
  const hops = async () => {
    // The IX sends the error for a packet that expires there, from its address.
    const args = ["-n", "-c", "1", "-W", "1", "-t", "3", y.ip!];
    const { stdout } = await x.command("ping", { args }).output();
    return new TextDecoder().decode(stdout).match(/From ([\d.]+)/)?.[1];
  };
  assertEquals(await hops(), lab.region("b").ip);
  await lab.remove(lab.region("b"));
  assertEquals(await hops(), lab.ix.ip);
  await expectPings([...both(x, y), ...both(y, x)]);
});

Deno.test("there are 15 regions at most, and a link between any two", async () => {
  await using lab = await Lab.create();
  const names = Array.from({ length: 15 }, (_, i) => `r${i + 1}`);
  for (const name of names) await lab.addRegion(name);
  assertEquals([lab.region("r15").cidr, lab.region("r15").cidr6], [
    "198.18.240.0/20",
    "2001:db8:0:f::/64",
  ]);
  await assertRejects(
    () => lab.addRegion("r16"),
    PoolExhaustedError,
    'addRegion("r16"): a lab has room for 15 regions, and all are taken; remove one first',
  );
  for (const [i, a] of names.entries()) {
    for (const b of names.slice(i + 1)) await lab.linkRegions(a, b, RegionLink.good(0));
  }
  assertEquals(lab.region("r1").linkedWith.length, 14);
  await expectPings(names.slice(1).flatMap((name) => both(lab.region("r1"), lab.region(name))));
  await lab.remove(lab.region("r7"));
  assertEquals((await lab.addRegion("r16")).cidr, "198.18.112.0/20");
});

Deno.test("the networks of region links run out, and are reused", () => {
  const addresses = new LabAddresses();
  let links = 0;
  const take = () => addresses.takeRegionLink("link()", `link ${++links}`, withoutUndo);
  const taken = Array.from({ length: 128 }, take);
  assertEquals([taken[0], taken[127]].map(String), ["203.0.113.0/31", "203.0.113.254/31"]);
  try {
    take();
    assert(false);
  } catch (error) {
    assert(error instanceof PoolExhaustedError);
    assertEquals(
      error.message,
      "link(): a lab has room for 128 links of regions, and all are taken; remove one first",
    );
  }
  addresses.releaseRegionLink(taken[5]);
  assertEquals(String(take()), "203.0.113.10/31");
});

Deno.test("two labs have the same regions and never meet", async () => {
  await using one = await Lab.create();
  await using two = await Lab.create();
  for (const lab of [one, two]) await lab.addDefaultRegions();
  const [a, b] = [
    await one.addRouter("dc", { region: "us" }),
    await two.addRouter("dc", { region: "us" }),
  ];
  const x = await at(one, a, "x");
  const y = await at(two, b, "y");
  assertEquals([x.ip, a.uplinkIp], [y.ip, b.uplinkIp]);
  await two.breakRegionLink("us", "eu");
  await two.breakRegionLink("us", "asia");
  await expectPings([[x, one.region("eu").ip, true], [y, two.region("eu").ip, false]]);
});

Deno.test("programs run in the nodes of regions as in routers", async () => {
  await using lab = await Lab.create();
  const { eu, us, asia } = await lab.addDefaultRegions();
  assertEquals([us, eu, asia], lab.regions);
  assertEquals(ip(eu, "-4 addr show dev lo").length, 1);
  const reflector = await eu.spawnReflector();
  assertEquals(reflector.address.ip, eu.ip);
  const pc = await at(lab, await lab.addRouter("home", { preset: "home", region: us }), "pc");
  assertEquals((await pc.probeUdpMapping(reflector.address)).ip, lab.router("home").uplinkIp);
  assertEquals((await asia.probeTcpMapping(reflector.address)).ip, asia.ip);
  assertEquals(await us.run(() => 6 * 7), 42);
  assert(await pings(pc, asia.ip6));
});

Deno.test("handles of a removed region fail, also once another region has its name", async () => {
  await using lab = await Lab.create();
  const eu = await lab.addRegion("eu");
  await lab.addRegion("us");
  const removing = lab.remove(eu);
  await assertRejects(() => lab.addRegion("eu"), DuplicateNameError, 'already has a region "eu"');
  assertEquals(lab.regions.map(({ name }) => name), ["us"]);
  await removing;
  const again = await lab.addRegion("eu");
  for (
    const use of [
      () => eu.ip,
      () => eu.ip6,
      () => eu.cidr,
      () => eu.cidr6,
      () => eu.linkedWith,
      () => eu.command("true"),
      () => eu.runSync(() => 1),
    ]
  ) assertThrows(use, NodeRemovedError, undefined, String(use));
  for (
    const use of [
      () => lab.addRouter("x", { region: eu }),
      () => lab.linkRegions(eu, "us", {}),
      () => lab.breakRegionLink(eu, "us"),
      () => lab.remove(eu),
      () => eu.spawnReflector(),
    ]
  ) await assertRejects(use, NodeRemovedError, undefined, String(use));
  assertEquals(eu.name, "eu");
  assert(lab.region("eu") === again && again !== eu);
});

Deno.test("events of regions add up to their state", async () => {
  const lab = await Lab.create();
  const eu = await lab.addRegion("eu");
  await lab.addRegion("us");
  await lab.addRegion("asia");
  await lab.linkRegions("us", eu, RegionLink.good(20));
  await lab.linkRegions("asia", eu, {});
  await lab.addRouter("dc", { region: eu });
  await lab.breakRegionLink("us", eu);
  await lab.breakRegionLink(eu, "us"); // Nothing happens, nothing is told.
  await lab.linkRegions(eu, "us", RegionLink.degraded(20));
  await lab.restoreRegionLink("us", eu);
  await lab.restoreRegionLink("us", eu);
  await lab.unlinkRegions(eu, "us");
  await lab.linkRegions(eu, "us", { lossPct: 2 });
  await lab.breakRegionLink(eu, "us");
  await lab.remove("region-asia");
  lab.emit("note", null, eu);
  sh(eu, "true");
  await lab.close();
  const events = await Array.fromAsync(lab.events());
  const told = events.map((event) =>
    "a" in event ? `${event.kind} ${event.a} ${event.b}` : event.kind
  );
  assertEquals(told, [
    "lab-created",
    "region-added",
    "region-added",
    "region-added",
    "region-linked eu us",
    "region-linked asia eu",
    "router-added",
    "region-link-broken eu us",
    "region-linked eu us",
    "region-link-restored eu us",
    "region-unlinked eu us",
    "region-linked eu us",
    "region-link-broken eu us",
    "region-removed",
    "custom",
    "command-started",
    "command-ended",
    "lab-closed",
  ]);
  const state = reduceAll(events.map((event) => parseEvent(JSON.parse(JSON.stringify(event)))));
  assertEquals(state.regions.eu, {
    name: "eu",
    node: "region-eu",
    cidr: "198.18.16.0/20",
    ip: "198.18.16.1",
    cidr6: "2001:db8:0:1::/64",
    ip6: "2001:db8:0:1::1",
  });
  assertEquals(Object.keys(state.regions), ["eu", "us"]);
  assertEquals(state.regionLinks, {
    "eu us": { a: "eu", b: "us", link: { lossPct: 2 }, up: false },
  });
  assertEquals(state.routers.dc.region, "eu");
});
