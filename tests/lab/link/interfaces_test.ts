import {
  assertEquals,
  assertGreater,
  assertNotEquals,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { AddressInUseError, Lab, NodeRemovedError, NotFoundError } from "@netyard/netyard";
import { config, expectPings, greet, ip, links, seenBy, sh, udp } from "../kit.ts";

// ix -- home(phone, tv);  ix -- dc(server)
Deno.test("a renewed address replaces the old one immediately", async () => {
  await using lab = await Lab.create();
  const home = await lab.addRouter("home", { preset: "home" });
  const dc = await lab.addRouter("dc");
  const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
  const tv = await lab.addDevice("tv", { interfaces: { eth0: { gateway: home } } });
  const phone = await lab.addDevice("phone", { interfaces: { wlan0: { gateway: home } } });
  const wlan = phone.interface("wlan0");
  await wlan.addIp("10.0.1.77", 24);
  await using web = greet(server, server.ip!);
  const old = { ip: phone.ip!, ip6: phone.ip6, mac: wlan.mac };
  await expectPings([[tv, old.ip, true]]);
  const renewed = await wlan.renewIp();
  assertNotEquals(renewed, old.ip);
  assertEquals([wlan.ip, phone.ip, phone.ip6, wlan.mac], [renewed, renewed, old.ip6, old.mac]);
  await expectPings([
    [tv, renewed, true],
    [tv, "10.0.1.77", true],
    [phone, server.ip6!, true],
    [tv, old.ip, false],
    [home, old.ip, false],
  ]);
  assertEquals(await seenBy(phone, server.ip!, web.port), home.uplinkIp);
  const heir = await lab.addDevice("heir", {
    interfaces: { eth0: { gateway: home, ip: old.ip } },
  });
  await expectPings([[tv, heir.ip!, true], [phone, heir.ip!, true]]);

  await wlan.linkDown();
  const again = await wlan.renewIp();
  await wlan.linkUp();
  assertEquals(ip(phone, "-4 addr show wlan0")[0].addr_info[0].local, again);
  await expectPings([[tv, again, true], [tv, renewed, false], [phone, server.ip!, true]]);
});

// ix -- lan(a, b)
Deno.test("an interface has any number of additional addresses, also after it was down", async () => {
  await using lab = await Lab.create();
  const lan = await lab.addRouter("lan");
  const a = await lab.addDevice("a", { interfaces: { eth0: { gateway: lan } } });
  const b = await lab.addDevice("b", { interfaces: { eth0: { gateway: lan } } });
  const [onA, onB] = [a.interface("eth0"), b.interface("eth0")];
  await onA.addIp("192.168.7.1", 24);
  await onA.addIp("198.19.1.200", 24);
  await onA.addIp("FD00:7::1", 64);
  await onB.addIp("192.168.7.2", 24);
  await onB.addIp("fd00:7::2", 64);
  const reached = () =>
    expectPings([
      [b, "192.168.7.1", true],
      [b, "fd00:7::1", true],
      [lab.ix, "198.19.1.200", true],
      [lab.ix, "192.168.7.1", false],
      [b, "192.168.7.3", false],
    ]);
  await reached();
  assertEquals([onA.ip, a.ip6], ["198.19.1.2", "2001:db8:1:1::2"]);
  await onA.linkDown();
  await expectPings([[b, "192.168.7.1", false], [b, "fd00:7::1", false]]);
  await onA.addIp("192.168.7.9", 24);
  await onA.linkUp();
  await reached();
  await expectPings([[b, "192.168.7.9", true]]);
  // Nobody else gets an address of the LAN that was added by hand.
  await assertRejects(() => onB.addIp("198.19.1.200", 24), AddressInUseError);
  await lab.remove(a);
  await onB.addIp("198.19.1.200", 24);
  await expectPings([[lab.ix, "198.19.1.200", true]]);
});

// ix -- dc(server);  ix -- edge, with a second address
Deno.test("an additional address on a router's uplink is reached through the IX", async () => {
  await using lab = await Lab.create();
  const dc = await lab.addRouter("dc");
  const edge = await lab.addRouter("edge");
  const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
  const uplink = edge.interface("ix");
  await uplink.addIp("198.18.3.3", 32);
  await uplink.addIp("2001:db8::3:3", 128);
  await expectPings([[server, "198.18.3.3", true], [server, "2001:db8::3:3", true]]);
  await uplink.linkDown();
  await uplink.linkUp();
  await expectPings([[server, "198.18.3.3", true], [server, "2001:db8::3:3", true]]);
  await expectPings([[server, "198.18.3.4", false]]);
  await lab.remove(edge);
  assertEquals(JSON.stringify(config(lab.ix)).includes("198.18.3.3"), false);
});

// ix -- home(pc.eth0), then also pc.eth1 at other
Deno.test("interfaces are added and removed; the default route moves to a remaining one", async () => {
  await using lab = await Lab.create();
  const home = await lab.addRouter("home", { preset: "home" });
  const other = await lab.addRouter("other", { preset: "isp-cgnat" });
  const pc = await lab.addDevice("pc", { interfaces: { eth0: { gateway: home } } });
  await using web = greet(lab.ix, lab.ix.ip);
  const seen = () => seenBy(pc, lab.ix.ip, web.port);

  const eth1 = await pc.addInterface("eth1", { gateway: other, ip: "10.0.2.50" });
  assertEquals([eth1.ip, pc.interfaces.length, pc.defaultInterface.name], ["10.0.2.50", 2, "eth0"]);
  assertEquals(await seen(), home.uplinkIp);
  await expectPings([[pc, other.downstreamGateway6!, true], [other, "10.0.2.50", true]]);

  const eth0 = pc.interface("eth0");
  await pc.removeInterface("eth0");
  assertEquals([links(pc), links(home)], [["eth1"], ["ix"]]);
  assertEquals([pc.defaultInterface.name, pc.ip], ["eth1", "10.0.2.50"]);
  assertEquals(await seen(), other.uplinkIp);
  assertThrows(() => pc.interface("eth0"), NotFoundError, "there are: eth1");
  await assertRejects(() => eth0.linkUp(), NodeRemovedError, 'interface "eth0" is gone');

  await pc.removeInterface("eth1");
  assertEquals([links(pc), pc.interfaces, pc.ip], [[], [], undefined]);
  assertThrows(() => pc.defaultInterface, NotFoundError, "it has no interface");
  await expectPings([[pc, lab.ix.ip, false]]);

  await pc.addInterface("eth0", { gateway: home });
  assertEquals(pc.defaultInterface.name, "eth0");
  assertEquals(await seen(), home.uplinkIp);
  await assertRejects(() => eth0.linkUp(), NodeRemovedError);
});

// ix -- a(x);  ix -- b(y)
Deno.test("counters grow by the bytes and packets sent", async () => {
  await using lab = await Lab.create();
  const a = await lab.addRouter("a", { ipSupport: "v4-only" });
  const b = await lab.addRouter("b", { ipSupport: "v4-only" });
  const x = await lab.addDevice("x", { interfaces: { eth0: { gateway: a } } });
  const y = await lab.addDevice("y", { interfaces: { eth0: { gateway: b } } });
  const ways = [
    [x.interface("eth0"), "tx"],
    [a.interface("lan"), "rx"],
    [a.interface("ix"), "tx"],
    [b.interface("ix"), "rx"],
    [b.interface("lan"), "tx"],
    [y.interface("eth0"), "rx"],
  ] as const;
  const count = () =>
    Promise.all(ways.map(async ([iface, way]) => {
      const counters = await iface.counters();
      return [counters[`${way}Packets`], counters[`${way}Bytes`], counters[`${way}Dropped`]];
    }));
  await using from = udp(x, x.ip!);
  await using to = udp(y, y.ip!);
  await from.send(y.ip!, to.port);
  await to.received(1);
  const before = await count();
  for (let n = 0; n < 50; n++) await from.send(y.ip!, to.port);
  assertEquals(await to.received(51), 51);
  const grown = (await count()).map((counts, i) => counts.map((one, j) => one - before[i][j]));
  const bytes = 50 * (14 + 20 + 8 + 1); // Ethernet, IPv4 and UDP headers, and one byte.
  for (const [packets, size, dropped] of grown) {
    // A few packets more are the kernel's own, such as reports of multicast groups.
    const exact = packets >= 50 && packets < 60 && size >= bytes && size < bytes + 10 * 100;
    assertEquals([exact, dropped], [true, 0], `grown by ${grown.join(" | ")}`);
  }
});

Deno.test("the LAN interface of a router is named lan, with one member and with two", async () => {
  await using lab = await Lab.create();
  const home = await lab.addRouter("home");
  const address = () => ip(home, "addr show dev lan").flatMap(({ addr_info }) => addr_info);
  const add = (name: string) => lab.addDevice(name, { interfaces: { eth0: { gateway: home } } });
  const pc = await add("pc");
  const lan = home.interface("lan");
  assertEquals(address().map(({ local }) => local).includes(lan.ip), true);
  await expectPings([[pc, home.downstreamGateway!, true]]);
  assertGreater((await lan.counters()).rxPackets, 0);
  const tv = await add("tv");
  assertEquals(address().map(({ local }) => local).includes(lan.ip), true);
  await expectPings([[tv, home.downstreamGateway!, true]]);
  // The same handle, of the bridge now, which counts anew.
  assertGreater((await lan.counters()).rxPackets, 0);
});

Deno.test("links that a program makes in a node cause no conflict", async () => {
  await using lab = await Lab.create();
  const home = await lab.addRouter("home");
  // The kernel gives them the numbers that the lab's next links would have, and two have their names.
  sh(home, "ip link add lan type bridge; ip link add tv type bridge; ip link add x type bridge");
  const pc = await lab.addDevice("pc", { interfaces: { eth0: { gateway: home } } });
  sh(pc, "ip link add br0 type bridge; ip link add br1 type bridge");
  const eth1 = await pc.addInterface("eth1", { gateway: home });
  const tv = await lab.addDevice("tv", { interfaces: { eth0: { gateway: home } } });
  await expectPings([
    [tv, eth1.ip!, true],
    [tv, pc.ip6!, true],
    [pc, lab.ix.ip, true],
    [home, tv.ip!, true],
  ]);
  assertEquals(links(pc), ["br0", "br1", "eth0", "eth1"]);
  assertEquals(links(home).filter((name) => ["lan", "tv", "x"].includes(name)).length, 3);
  assertEquals(ip(home, "addr show tv").flatMap(({ addr_info }) => addr_info), []);
  await assertRejects(
    () => pc.addInterface("br0", { gateway: home }),
    Error,
    'pc: interface "br0": a program in it made a link of that name',
  );
  await pc.removeInterface("eth1");
  await lab.remove(tv);
  assertEquals([links(pc), links(home)], [
    ["br0", "br1", "eth0"],
    [
      "lan",
      "lan-2",
      "pc",
      "tv",
      "x",
      "ix",
    ].sort(),
  ]);
  await expectPings([[pc, home.downstreamGateway!, true]]);
});

Deno.test("an interface that a program deleted can still be removed", async () => {
  await using lab = await Lab.create();
  const home = await lab.addRouter("home");
  const tv = await lab.addDevice("tv", { interfaces: { eth0: { gateway: home } } });
  const pc = await lab.addDevice("pc", { interfaces: { eth0: { gateway: home } } });
  sh(pc, "ip link del eth0");
  await lab.remove(pc);
  const again = await lab.addDevice("pc", { interfaces: { eth0: { gateway: home } } });
  await expectPings([[tv, again.ip!, true]]);
});
