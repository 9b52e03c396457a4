import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  DuplicateNameError,
  Lab,
  NodeRemovedError,
  NotFoundError,
  RouterInUseError,
  TopologyError,
} from "@netyard/netyard";
import { config, expectPings, ip, links, pings } from "../kit.ts";

// ix -- home(stays, leaves, then heir)
Deno.test("a removed device leaves nothing, and another takes over its address", async () => {
  await using lab = await Lab.create();
  const home = await lab.addRouter("home");
  const stays = await lab.addDevice("stays", { interfaces: { eth0: { gateway: home } } });
  const before = { links: links(home), config: config(home), neighbours: config(stays) };
  const leaves = await lab.addDevice("leaves", { interfaces: { eth0: { gateway: home } } });
  const { ip: address, ip6 } = leaves;
  const { mac } = leaves.interface("eth0");
  await expectPings([[stays, address!, true], [stays, ip6!, true]]);

  await lab.remove(leaves);
  await expectPings([[stays, address!, false], [stays, ip6!, false], [home, address!, false]]);
  assertEquals(links(home), [...before.links, "lan"].sort());
  assertEquals(config(stays), before.neighbours);
  const left = JSON.stringify([config(home), config(lab.ix)]);
  assertEquals([address!, ip6!, mac].filter((trace) => left.includes(`"${trace}`)), []);

  const heir = await lab.addDevice("heir", {
    interfaces: { eth0: { gateway: home, ip: address } },
  });
  assert(heir.interface("eth0").mac !== mac);
  assertEquals(heir.ip, address);
  await expectPings([[stays, address!, true], [home, address!, true], [heir, stays.ip!, true]]);
});

// ix -- lan(20 devices, of which one is replaced)
Deno.test("among known neighbours, an address moves to another hardware address", async () => {
  await using lab = await Lab.create();
  const lan = await lab.addRouter("lan");
  const devices = [];
  for (let n = 0; n < 20; n++) {
    devices.push(await lab.addDevice(`d${n}`, { interfaces: { eth0: { gateway: lan } } }));
  }
  const [peer, leaves] = devices;
  const address = leaves.ip!;
  const known = () =>
    ip(peer, "neigh").filter(({ dst }) => dst === address)
      .map((entry) => `${entry.lladdr} ${"extern_learn" in entry}`);
  assertEquals(known(), [`${leaves.interface("eth0").mac} true`]);
  await lab.remove(leaves);
  assertEquals(known(), []);
  const heir = await lab.addDevice("heir", { interfaces: { eth0: { gateway: lan, ip: address } } });
  assertEquals(known(), [`${heir.interface("eth0").mac} true`]);
  await expectPings([[peer, address, true], [devices[19], address, true]]);
});

// ix -- top(inner(x), y)
Deno.test("a router is not removed while something is attached to it", async () => {
  await using lab = await Lab.create();
  const top = await lab.addRouter("top");
  const inner = await lab.addRouter("inner", { upstream: top });
  const x = await lab.addDevice("x", { interfaces: { eth0: { gateway: inner } } });
  const y = await lab.addDevice("y", { interfaces: { eth0: { gateway: top } } });
  await assertRejects(
    () => lab.remove(top),
    RouterInUseError,
    'remove("top"): "inner", "y" are attached to it; remove or replug them first',
  );
  await assertRejects(() => lab.remove(inner), RouterInUseError, '"x" is attached to it');
  await expectPings([[x, y.ip!, true]]);
  await lab.remove(x);
  await lab.remove(inner);
  await y.interface("eth0").replug(await lab.addRouter("other"));
  await lab.remove(top);
  assertEquals(lab.routers.map(({ name }) => name), ["other"]);
  assertEquals(links(lab.ix), ["other"]);
});

Deno.test("a removed router leaves nothing on the IX, and its network is free", async () => {
  await using lab = await Lab.create();
  const before = config(lab.ix);
  const options = { downstreamCidr: "10.9.0.0/24", pool: "private" } as const;
  const router = await lab.addRouter("site", options);
  const { uplinkIp } = router;
  await lab.remove(router);
  assertEquals(config(lab.ix), before);
  const again = await lab.addRouter("site", options);
  assertEquals([again.downstreamCidr, again.uplinkIp === uplinkIp], ["10.9.0.0/24", false]);
  assert(await pings(again, lab.ix.ip6));
});

// ix -- home(pc), both made twice
Deno.test("handles of a removed node fail, also once another node has its name", async () => {
  await using lab = await Lab.create();
  const home = await lab.addRouter("home");
  const pc = await lab.addDevice("pc", { interfaces: { eth0: { gateway: home } } });
  const eth0 = pc.interface("eth0");
  const lan = home.interface("lan");
  const uplink = home.interface("ix");
  await lab.remove(pc);
  await lab.remove(home);
  const newHome = await lab.addRouter("home");
  const newPc = await lab.addDevice("pc", { interfaces: { eth0: { gateway: newHome } } });

  const gone = NodeRemovedError;
  for (
    const use of [
      () => pc.runSync(() => 1),
      () => pc.command("true"),
      () => pc.$,
      () => pc.ip,
      () => pc.ip6,
      () => pc.mtu,
      () => pc.interfaces,
      () => pc.defaultInterface,
      () => pc.interface("eth0"),
      () => eth0.ip,
      () => eth0.ip6,
      () => eth0.linkLocal6,
      () => eth0.mac,
      () => eth0.mtu,
      () => eth0.isUp,
      () => eth0.gateway,
      () => home.runSync(() => 1),
      () => home.interfaces,
      () => home.interface("ix"),
      () => home.uplinkIp,
      () => home.uplinkIp6,
      () => home.downstreamCidr,
      () => home.downstreamGateway6,
      () => home.nat,
      () => home.firewall,
      () => home.ipSupport,
      () => home.preset,
      () => home.upstream,
      () => home.mtu,
      () => uplink.ip,
      () => lan.ip,
      () => lab.emit("hello", 1, pc),
    ]
  ) assertThrows(use, gone, undefined, String(use));
  for (
    const use of [
      () => pc.run(() => 1),
      () => pc.spawn("x.ts"),
      () => pc.spawnReflector(),
      () => pc.probeUdpMapping({ ip: "1.2.3.4", port: 5 }),
      () => pc.setDefaultRoute("eth0"),
      () => pc.addInterface("eth1", { gateway: newHome }),
      () => pc.removeInterface("eth0"),
      () => pc.dnsEntry("a.test", "1.2.3.4"),
      () => eth0.linkDown(),
      () => eth0.linkUp(),
      () => eth0.replug(newHome),
      () => eth0.renewIp(),
      () => eth0.addIp("1.2.3.4", 24),
      () => eth0.counters(),
      () => uplink.linkDown(),
      () => lan.counters(),
      () => home.setNat("home"),
      () => home.flushNatState(),
      () => home.setFirewall("none"),
      () => lab.remove(pc),
      () => lab.remove(home),
      () => lab.addDevice("other", { interfaces: { eth0: { gateway: home } } }),
      () => lab.addRouter("other", { upstream: home }),
      () => newPc.interface("eth0").replug(home),
      () => newPc.addInterface("eth1", { gateway: home }),
    ]
  ) await assertRejects(use, gone, undefined, String(use));
  assertEquals([pc.name, home.name, eth0.name], ["pc", "home", "eth0"]);
  assertEquals([lab.devices.length, lab.routers.length], [1, 1]);
  assert(lab.device("pc") === newPc && lab.router("home") === newHome);
  assert(await pings(newPc, newHome.downstreamGateway!));
});

Deno.test("a name is taken until its node is completely removed", async () => {
  await using lab = await Lab.create();
  const home = await lab.addRouter("home");
  const pc = await lab.addDevice("pc", { interfaces: { eth0: { gateway: home } } });
  const child = pc.command("sleep", { args: ["60"], stdout: "null" }).spawn();
  const removing = lab.remove(pc);
  await assertRejects(
    () => lab.addDevice("pc", { interfaces: { eth0: { gateway: home } } }),
    DuplicateNameError,
  );
  await assertRejects(() => lab.remove(pc), NodeRemovedError);
  assertThrows(() => lab.device("pc"), NotFoundError);
  await removing;
  assertEquals((await child.status).signal, "SIGKILL");
  const again = await lab.addDevice("pc", { interfaces: { eth0: { gateway: home } } });
  assertEquals(lab.devices, [again]);
});

Deno.test("the IX, and nodes of another lab, cannot be removed", async () => {
  await using lab = await Lab.create();
  await using other = await Lab.create();
  const router = await other.addRouter("home");
  await lab.addRouter("home");
  const refused = (node: unknown) => lab.remove(node as typeof router);
  await assertRejects(() => refused(lab.ix), TopologyError, "every lab has its IX");
  await assertRejects(() => refused(router), TopologyError, "no node of this lab");
  await assertRejects(() => refused({ name: "home" }), TopologyError, "no node of this lab");
  await assertRejects(() => refused("hame"), NotFoundError, 'remove("hame")');
  await assertRejects(() => refused(undefined), TopologyError, "no node of this lab");
  assertEquals([lab.routers.length, other.routers.length], [1, 1]);
  await lab.remove("home");
  assertEquals([lab.routers.length, other.routers.length], [0, 1]);
});
