import { assertEquals, assertRejects } from "@std/assert";
import { Lab, TopologyError } from "@netyard/netyard";
import { config, expectPings, greet, pings, seenBy } from "../kit.ts";

// ix -- home(pc.eth0);  ix -- other(pc.eth1);  ix -- dc(server)
Deno.test("a link that goes down and up again has the same state as before", async () => {
  await using lab = await Lab.create();
  const home = await lab.addRouter("home", { preset: "home" });
  const other = await lab.addRouter("other", { mtu: 1400 });
  const dc = await lab.addRouter("dc");
  const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
  const pc = await lab.addDevice("pc", {
    interfaces: { eth0: { gateway: home }, eth1: { gateway: other } },
  });
  const [eth0, eth1] = pc.interfaces;
  await eth0.addIp("10.0.1.77", 24);
  await eth1.addIp("2001:db8:ffff::1", 64);
  const nodes = [pc, home, other, lab.ix];
  const before = nodes.map(config);
  await using web = greet(server, server.ip!);

  for (const round of [1, 2]) {
    await eth0.linkDown();
    await eth0.linkDown();
    assertEquals([eth0.isUp, eth1.isUp, pc.defaultInterface.name], [false, true, "eth0"]);
    await expectPings([
      [pc, server.ip!, false],
      [pc, server.ip6!, false],
      [pc, home.downstreamGateway!, false],
      [home, eth0.ip!, false],
      [pc, other.downstreamGateway!, true],
      [server, eth1.ip6!, false], // It has no way back.
    ]);
    await eth0.linkUp();
    await eth0.linkUp();
    assertEquals(nodes.map(config), before, `round ${round}`);
    assertEquals(await seenBy(pc, server.ip!, web.port), home.uplinkIp);
    await expectPings([[pc, server.ip6!, true], [home, "10.0.1.77", true]]);
  }

  // Another way to the gateway there would be; to its link-local address there is none.
  const gateway = `${other.interface("lan").linkLocal6}%eth1`;
  await eth1.linkDown();
  await expectPings([[pc, server.ip!, true], [pc, gateway, false], [other, eth1.ip!, false]]);
  await eth1.linkUp();
  assertEquals(nodes.map(config), before);
  await expectPings([[pc, gateway, true], [other, eth1.ip!, true]]);
});

// ix -- top(y) -- home(pc);  ix -- dc(server)
Deno.test("the uplink of a router goes down and up, and all downstream nodes with it", async () => {
  await using lab = await Lab.create();
  const top = await lab.addRouter("top");
  const home = await lab.addRouter("home", { upstream: top });
  const dc = await lab.addRouter("dc");
  const y = await lab.addDevice("y", { interfaces: { eth0: { gateway: top } } });
  const pc = await lab.addDevice("pc", { interfaces: { eth0: { gateway: home } } });
  const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
  const nodes = [pc, home, top, lab.ix];
  const before = nodes.map(config);
  for (const [router, name, cut] of [[home, "wan", y], [top, "ix", server]] as const) {
    const uplink = router.interface(name);
    for (const _ of [1, 2]) {
      await uplink.linkDown();
      assertEquals(router.interface(name).isUp, false);
      await expectPings([
        [pc, cut.ip!, false],
        [cut, pc.ip6!, false],
        [pc, home.downstreamGateway!, true],
      ]);
      await uplink.linkUp();
      assertEquals(nodes.map(config), before);
      await expectPings([
        [pc, cut.ip!, true],
        [cut, pc.ip6!, true],
        [server, pc.ip!, true],
        [pc, server.ip6!, true],
      ]);
    }
  }
});

// ix -- lan(20 devices)
Deno.test("known neighbours are restored with the link", async () => {
  await using lab = await Lab.create();
  const lan = await lab.addRouter("lan");
  const devices = [];
  for (let n = 0; n < 20; n++) {
    devices.push(await lab.addDevice(`d${n}`, { interfaces: { eth0: { gateway: lan } } }));
  }
  const [first, second] = devices;
  const before = [config(first), config(second)];
  assertEquals(before[0].neighbours.length, 3 + 2 * 19);
  await first.interface("eth0").linkDown();
  assertEquals(await pings(second, first.ip!), false);
  await first.interface("eth0").linkUp();
  assertEquals([config(first), config(second)], before);
  assertEquals(await pings(second, first.ip!), true);
});

// ix -- home(pc.eth0);  ix -- other(pc.eth1)
Deno.test("the default route waits for an interface that is down", async () => {
  await using lab = await Lab.create();
  const home = await lab.addRouter("home");
  const other = await lab.addRouter("other", { ipSupport: "v4-only" });
  const pc = await lab.addDevice("pc", {
    interfaces: { eth0: { gateway: home }, eth1: { gateway: other } },
  });
  const [eth0, eth1] = pc.interfaces;
  await eth1.linkDown();
  await pc.setDefaultRoute("eth1");
  await expectPings([[pc, lab.ix.ip, false], [pc, home.downstreamGateway!, true]]);
  await eth1.linkUp();
  await expectPings([[pc, lab.ix.ip, true], [lab.ix, eth1.ip!, true], [pc, lab.ix.ip6, false]]);
  await eth1.linkDown();
  await pc.setDefaultRoute("eth0");
  await expectPings([[pc, lab.ix.ip, true], [pc, lab.ix.ip6, true]]);
  await eth0.linkDown();
  await eth1.linkUp();
  await expectPings([[pc, lab.ix.ip, false]]);
});

Deno.test("a connection survives a link that is down for a moment", async () => {
  await using lab = await Lab.create();
  const home = await lab.addRouter("home");
  const pc = await lab.addDevice("pc", { interfaces: { eth0: { gateway: home } } });
  using listener = lab.ix.runSync(() => Deno.listen({ hostname: lab.ix.ip, port: 0 }));
  const { port } = listener.addr as Deno.NetAddr;
  const accepting = listener.accept();
  using client = await pc.runSync(() => Deno.connect({ hostname: lab.ix.ip, port }));
  using peer = await accepting;
  await pc.interface("eth0").linkDown();
  await pc.interface("eth0").linkUp();
  await client.write(new Uint8Array([7]));
  const buffer = new Uint8Array(1);
  await peer.read(buffer);
  assertEquals(buffer[0], 7);
});

Deno.test("the LAN of a router has no link to set down", async () => {
  await using lab = await Lab.create();
  const home = await lab.addRouter("home");
  const pc = await lab.addDevice("pc", { interfaces: { eth0: { gateway: home } } });
  const lan = home.interface("lan");
  for (const act of [() => lan.linkDown(), () => lan.linkUp(), () => lan.addIp("10.0.0.1", 24)]) {
    await assertRejects(act, TopologyError, "use the interfaces that are attached to it");
  }
  await assertRejects(() => lan.renewIp(), TopologyError, "only interfaces of devices");
  await assertRejects(() => home.interface("ix").replug(home), TopologyError, "only interfaces of");
  assertEquals(await pings(pc, home.downstreamGateway!), true);
  assertEquals((await lan.counters()).rxPackets > 0, true);
});
