import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { Lab, NotFoundError } from "@netyard/netyard";
import { expectPings, ip, pings } from "../kit.ts";

// ix -- dc(server);  ix -- home(laptop) -- inner(tablet)
Deno.test("addresses come from the pools of their kind, in order", async () => {
  await using lab = await Lab.create();
  const dc = await lab.addRouter("dc", { preset: "public" });
  const home = await lab.addRouter("home", { preset: "home" });
  const inner = await lab.addRouter("inner", { preset: "home", upstream: home });
  const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
  const laptop = await lab.addDevice("laptop", { interfaces: { eth0: { gateway: home } } });
  const tablet = await lab.addDevice("tablet", { interfaces: { eth0: { gateway: inner } } });
  assertEquals([lab.ix.ip, lab.ix.ip6], ["198.18.0.1", "2001:db8::1"]);
  assertEquals(
    [dc, home, inner].map((r) => [
      r.uplinkIp,
      r.uplinkIp6,
      r.downstreamCidr,
      r.downstreamGateway,
      r.downstreamCidr6,
      r.downstreamGateway6,
    ]),
    [
      [
        "198.18.0.2",
        "2001:db8::2",
        "198.19.1.0/24",
        "198.19.1.1",
        "2001:db8:1:1::/64",
        "2001:db8:1:1::1",
      ],
      ["198.18.0.3", "2001:db8::3", "10.0.1.0/24", "10.0.1.1", "fd10:0:1::/64", "fd10:0:1::1"],
      ["10.0.1.2", "fd10:0:1::2", "10.0.2.0/24", "10.0.2.1", "fd10:0:2::/64", "fd10:0:2::1"],
    ],
  );
  assertEquals([server, laptop, tablet].map((d) => [d.ip, d.ip6]), [
    ["198.19.1.2", "2001:db8:1:1::2"],
    ["10.0.1.3", "fd10:0:1::3"],
    ["10.0.2.2", "fd10:0:2::2"],
  ]);
  for (const node of [...lab.devices, ...lab.routers]) {
    const kernel = ip(node, "addr").flatMap(({ addr_info }) => addr_info).map(({ local }) => local);
    for (const { ip, ip6, linkLocal6 } of node.interfaces) {
      assertEquals([ip, ip6, linkLocal6].filter((one) => !kernel.includes(one)), []);
    }
  }
});

Deno.test("a router has the requested network, and no other router gets it", async () => {
  await using lab = await Lab.create();
  const chosen = await lab.addRouter("chosen", {
    preset: "home",
    downstreamCidr: "192.168.178.0/24",
  });
  const inPool = await lab.addRouter("in-pool", { preset: "home", downstreamCidr: "10.0.1.0/24" });
  const next = await lab.addRouter("next", { preset: "home" });
  const wide = await lab.addRouter("wide", { preset: "public", downstreamCidr: "172.16.0.0/12" });
  assertEquals(
    [chosen, inPool, next, wide].map((router) => router.downstreamCidr),
    ["192.168.178.0/24", "10.0.1.0/24", "10.0.2.0/24", "172.16.0.0/12"],
  );
  const pc = await lab.addDevice("pc", { interfaces: { eth0: { gateway: chosen } } });
  const vax = await lab.addDevice("vax", {
    interfaces: { eth0: { gateway: wide, ip: "172.31.255.254" } },
  });
  assertEquals([pc.ip, vax.ip], ["192.168.178.2", "172.31.255.254"]);
  await expectPings([[pc, vax.ip!, true], [vax, pc.ip!, false]]);
});

// ix -- home(nas, tv)
Deno.test("a device has the requested address, and no other device gets it", async () => {
  await using lab = await Lab.create();
  const home = await lab.addRouter("home", { preset: "home" });
  const nas = await lab.addDevice("nas", {
    interfaces: { eth0: { gateway: home, ip: "10.0.1.2" } },
  });
  const tv = await lab.addDevice("tv", { interfaces: { eth0: { gateway: home } } });
  assertEquals([nas.ip, nas.interface("eth0").ip, tv.ip], ["10.0.1.2", "10.0.1.2", "10.0.1.3"]);
  await expectPings([[tv, "10.0.1.2", true], [tv, "10.0.1.4", false]]);
});

// ix -- a(x, y);  ix -- b(z)
Deno.test("MAC addresses are unique, and equal those that ip link shows", async () => {
  await using lab = await Lab.create();
  const a = await lab.addRouter("a");
  const b = await lab.addRouter("b", { upstream: a });
  await lab.addDevice("x", { interfaces: { eth0: { gateway: a }, eth1: { gateway: b } } });
  await lab.addDevice("y", { interfaces: { eth0: { gateway: a } } });
  await lab.addDevice("z", { interfaces: { eth0: { gateway: b } } });
  const macs: string[] = [];
  for (const node of [...lab.routers, ...lab.devices]) {
    const kernel = new Map(ip(node, "link").map(({ ifname, address }) => [ifname, address]));
    for (const { name, mac } of node.interfaces) {
      assertEquals(mac, kernel.get(name));
      assertMatch(mac, /^02(:[0-9a-f]{2}){5}$/);
      macs.push(mac);
    }
    // Nor may a bridge's port have the address of a member.
    for (const [name, mac] of kernel) {
      if (name !== "lo" && !node.interfaces.some((iface) => iface.mac === mac)) macs.push(mac);
    }
  }
  assertEquals(new Set(macs).size, macs.length);
});

// ix -- home(laptop, phone)
Deno.test("link-local addresses answer on the link, and not elsewhere", async () => {
  await using lab = await Lab.create();
  const home = await lab.addRouter("home", { preset: "home" });
  const laptop = await lab.addDevice("laptop", { interfaces: { eth0: { gateway: home } } });
  const phone = await lab.addDevice("phone", { interfaces: { wlan0: { gateway: home } } });
  const gateway = home.interface("lan").linkLocal6!;
  assertMatch(gateway, /^fe80::/);
  await expectPings([
    [laptop, `${gateway}%eth0`, true],
    [laptop, `${phone.interface("wlan0").linkLocal6}%eth0`, true],
    [home, `${laptop.interface("eth0").linkLocal6}%lan`, true],
    [laptop, `${home.interface("ix").linkLocal6}%eth0`, false],
    [lab.ix, `${home.interface("ix").linkLocal6}%home`, true],
  ]);
});

Deno.test("nodes are looked up by name, in the order in which they were added", async () => {
  await using lab = await Lab.create({ label: "names" });
  const home = await lab.addRouter("home", { preset: "home" });
  const dc = await lab.addRouter("dc");
  const b = await lab.addDevice("b", { interfaces: { eth0: { gateway: "home" } } });
  const a = await lab.addDevice("a", { interfaces: { eth0: { gateway: dc } } });
  assertEquals(lab.label, "names");
  assertEquals(lab.routers.map(({ name }) => name), ["home", "dc"]);
  assertEquals(lab.devices.map(({ name }) => name), ["b", "a"]);
  assert(lab.router("home") === home && lab.device("a") === a && lab.device("b") === b);
  assertEquals(a.defaultInterface.name, "eth0");
  assertEquals([a.interface("eth0").gateway, home.interface("ix").gateway], ["dc", undefined]);
  assertThrows(
    () => lab.router("a"),
    NotFoundError,
    'no router "a" in the lab; there are: home, dc',
  );
  assertThrows(() => lab.device("home"), NotFoundError, "there are: b, a");
  assertThrows(() => a.interface("eth1"), NotFoundError, "there are: eth0");
  assertThrows(() => home.interface("eth0"), NotFoundError, "there are: ix, lan");
  assertThrows(() => dc.interface("lan2"), NotFoundError, "there are: ix, lan");
});

Deno.test("programs get the addresses of the lab's nodes, and can use them", async () => {
  await using lab = await Lab.create();
  const dc = await lab.addRouter("dc");
  const v6 = await lab.addRouter("v6", { ipSupport: "v6-only" });
  const server = await lab.addDevice("web-1", { interfaces: { eth0: { gateway: dc } } });
  const phone = await lab.addDevice("phone", {
    interfaces: { wlan0: { gateway: v6 }, cell0: { gateway: dc } },
  });
  assertEquals(lab.env, {
    NETYARD_IP_DC: "198.18.0.2",
    NETYARD_IP6_DC: "2001:db8::2",
    NETYARD_IP6_V6: "2001:db8::3",
    NETYARD_IP_WEB_1: server.ip!,
    NETYARD_IP6_WEB_1: server.ip6!,
    NETYARD_IP6_PHONE: phone.ip6!,
    NETYARD_IP6_PHONE_WLAN0: phone.ip6!,
    NETYARD_IP_PHONE_CELL0: "198.19.1.3",
    NETYARD_IP6_PHONE_CELL0: "2001:db8:1:1::3",
  });
  const shell = phone.command("sh", {
    args: ["-c", 'ping -c 1 -W 1 "$NETYARD_IP6_WEB_1"'],
    env: lab.env,
  });
  assert((await shell.output()).success);
  const namesake = await lab.addDevice("phone-wlan0", { interfaces: { eth0: { gateway: v6 } } });
  assertEquals(lab.env.NETYARD_IP6_PHONE_WLAN0, namesake.ip6);
  await lab.remove(server);
  assertEquals(lab.env.NETYARD_IP_WEB_1, undefined);
  assert(!await pings(phone, "198.19.1.2"));
});
