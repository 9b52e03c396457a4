import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { Lab, PoolExhaustedError, TopologyError } from "@netyard/netyard";
import { config, expectPings, greet, ip, links, seenBy } from "../kit.ts";

// ix -- home(phone, then alone);  ix -- cafe(guest, then phone);  ix -- dc(server)
Deno.test("a replugged interface is on its new segment, and on no other", async () => {
  await using lab = await Lab.create();
  const home = await lab.addRouter("home", { preset: "home" });
  const cafe = await lab.addRouter("cafe", { preset: "home", mtu: 1400 });
  const dc = await lab.addRouter("dc");
  const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
  const tv = await lab.addDevice("tv", { interfaces: { eth0: { gateway: home } } });
  const guest = await lab.addDevice("guest", { interfaces: { eth0: { gateway: cafe } } });
  const phone = await lab.addDevice("phone", { interfaces: { wlan0: { gateway: home } } });
  await using web = greet(server, server.ip!);
  const wlan = phone.interface("wlan0");
  const old = { ip: wlan.ip!, ip6: wlan.ip6!, mac: wlan.mac, linkLocal6: wlan.linkLocal6 };
  assertEquals(await seenBy(phone, server.ip!, web.port), home.uplinkIp);
  await expectPings([[tv, old.ip, true], [tv, old.ip6, true]]);

  await wlan.replug(cafe);
  assertEquals([wlan.gateway, wlan.mtu, phone.mtu], ["cafe", 1400, 1400]);
  assertEquals([wlan.mac, wlan.linkLocal6], [old.mac, old.linkLocal6]);
  assertEquals([wlan.ip, wlan.ip6], ["10.0.2.3", "fd10:0:2::3"]);
  assertEquals([phone.ip, phone.ip6], [wlan.ip, wlan.ip6]);
  assertEquals(await seenBy(phone, server.ip!, web.port), cafe.uplinkIp);
  await expectPings([
    [guest, wlan.ip!, true],
    [guest, wlan.ip6!, true],
    [phone, server.ip6!, true],
    [tv, old.ip, false],
    [tv, old.ip6, false],
    [home, old.ip, false],
    [tv, wlan.ip!, false],
  ]);
  assertEquals(links(home), ["ix", "lan", "tv"]);
  assertEquals(links(phone), ["wlan0"]);

  await wlan.replug("home");
  assertNotEquals(wlan.ip, old.ip);
  assertEquals([wlan.gateway, wlan.mac, wlan.mtu], ["home", old.mac, 1500]);
  assertEquals(await seenBy(phone, server.ip!, web.port), home.uplinkIp);
  await expectPings([[tv, wlan.ip!, true], [guest, wlan.ip!, false]]);
});

// ix -- home(phone, later away);  ix -- six(v6-only);  ix -- dc(server)
Deno.test("an interface that is replugged while down is on its new segment once it is up", async () => {
  await using lab = await Lab.create();
  const home = await lab.addRouter("home");
  const six = await lab.addRouter("six", { ipSupport: "v6-only" });
  const dc = await lab.addRouter("dc");
  const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
  const phone = await lab.addDevice("phone", { interfaces: { wlan0: { gateway: home } } });
  const wlan = phone.interface("wlan0");
  await wlan.linkDown();
  await wlan.replug(six);
  assertEquals([wlan.isUp, wlan.gateway, wlan.ip, phone.ip], [false, "six", undefined, undefined]);
  await expectPings([[phone, server.ip6!, false], [six, wlan.ip6!, false]]);
  await wlan.linkUp();
  await expectPings([[phone, server.ip6!, true], [server, wlan.ip6!, true]]);
  await expectPings([[phone, server.ip!, false]]);
  await wlan.linkDown();
  await wlan.replug(home);
  await wlan.linkUp();
  await expectPings([[phone, server.ip!, true], [server, wlan.ip6!, true]]);
});

// ix -- home(phone.wlan0, phone.eth0, tv);  ix -- cafe
Deno.test("the default route follows a replugged default interface, and no other", async () => {
  await using lab = await Lab.create();
  const home = await lab.addRouter("home");
  const cafe = await lab.addRouter("cafe");
  const phone = await lab.addDevice("phone", {
    interfaces: { wlan0: { gateway: home }, eth0: { gateway: home } },
    defaultVia: "eth0",
  });
  const via = () =>
    ["-4", "-6"].map((family) => ip(phone, `${family} route show default`)[0].dev).join();
  await phone.interface("wlan0").replug(cafe);
  assertEquals([via(), phone.defaultInterface.name], ["eth0,eth0", "eth0"]);
  await phone.interface("eth0").replug(cafe);
  assertEquals([via(), phone.defaultInterface.name], ["eth0,eth0", "eth0"]);
  assertEquals(phone.interfaces.map(({ name }) => name), ["wlan0", "eth0"]);
  await expectPings([[phone, lab.ix.ip, true], [home, lab.ix.ip, true]]);
});

// ix -- home(phone, tv)
Deno.test("replugged into its present router, an interface keeps its addresses", async () => {
  await using lab = await Lab.create();
  const home = await lab.addRouter("home", { downstreamCidr: "10.0.1.0/29" });
  const phone = await lab.addDevice("phone", { interfaces: { wlan0: { gateway: home } } });
  const tv = await lab.addDevice("tv", { interfaces: { eth0: { gateway: home } } });
  const before = [config(phone), config(home)];
  await phone.interface("wlan0").replug(home);
  assertEquals([config(phone), config(home)], before);
  await expectPings([[tv, phone.ip!, true], [phone, lab.ix.ip6, true]]);
  await phone.interface("wlan0").linkDown();
  await phone.interface("wlan0").replug(home);
  await expectPings([[tv, phone.ip!, false]]);
});

// ix -- home(phone, tv);  ix -- full(guest)
Deno.test("if the new segment is full, an interface stays where it was", async () => {
  await using lab = await Lab.create();
  const home = await lab.addRouter("home");
  const full = await lab.addRouter("full", { downstreamCidr: "10.0.9.0/30" });
  const guest = await lab.addDevice("guest", { interfaces: { eth0: { gateway: full } } });
  const tv = await lab.addDevice("tv", { interfaces: { eth0: { gateway: home } } });
  const phone = await lab.addDevice("phone", { interfaces: { wlan0: { gateway: home } } });
  await phone.interface("wlan0").addIp("10.44.0.1", 16);
  const nodes = [phone, home, full, guest];
  const before = nodes.map(config);
  await assertRejects(
    () => phone.interface("wlan0").replug(full),
    PoolExhaustedError,
    'phone: interface "wlan0": the subnet 10.0.9.0/30 is used up',
  );
  assertEquals(nodes.map(config), before);
  assertEquals(phone.interface("wlan0").gateway, "home");
  await expectPings([[tv, phone.ip!, true], [phone, lab.ix.ip, true], [phone, guest.ip6!, true]]);
  await lab.remove(guest);
  await phone.interface("wlan0").replug(full);
  await expectPings([[tv, phone.ip!, true], [phone, lab.ix.ip, true]]);
  assertEquals(JSON.stringify(config(phone)).includes("10.44"), false);
});

// ix -- four(meter), v4-only;  ix -- home
Deno.test("a device whose MTU is too small for IPv6 is not replugged into it", async () => {
  await using lab = await Lab.create();
  const four = await lab.addRouter("four", { ipSupport: "v4-only" });
  const home = await lab.addRouter("home");
  const meter = await lab.addDevice("meter", { interfaces: { eth0: { gateway: four } }, mtu: 600 });
  const before = [config(meter), config(home)];
  await assertRejects(
    () => meter.interface("eth0").replug(home),
    TopologyError,
    'meter: replug("eth0"): mtu 600 is too small for the IPv6 of router "home"',
  );
  assertEquals([config(meter), config(home)], before);
});
