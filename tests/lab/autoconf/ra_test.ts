import { assert, assertEquals } from "@std/assert";
import { type CapturedPacket, type Ipv6Advertiser } from "@netyard/netyard";
import { waitUntil } from "@netyard/netyard/testing";
import { ipFromBytes, linkLocalFromMac } from "../../../lib/address/mod.ts";
import {
  defaults,
  globals,
  hopLimitOf,
  isIn,
  listeningLab,
  ndpOf,
  waitForDefaults,
} from "./ra_kit.ts";
import { expectPings, ip, links, sh } from "../kit.ts";

// One suite for both: what a device gets does not depend on what sends the advertisements.
for (const advertiser of ["builtin", "radvd"] satisfies Ipv6Advertiser[]) {
  // ix -- dc(server);  ix -- home(a, b, c), of which c comes while home's LAN is captured
  Deno.test(`${advertiser}: a device solicits, hears its router, and talks`, async () => {
    await using lab = await listeningLab(advertiser);
    const dc = await lab.addRouter("dc");
    const home = await lab.addRouter("home", { preset: "home", mtu: 1400 });
    await lab.setNameserver("2001:db8::53");
    const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
    for (const name of ["a", "b"]) {
      await lab.addDevice(name, { interfaces: { eth0: { gateway: home } } });
    }
    await using capture = await home.capture("lan", { filter: "icmp6" });
    const c = await lab.addDevice("c", { interfaces: { eth0: { gateway: home } } });
    const { ip6, linkLocal6, mac } = c.interface("eth0");
    await expectPings([[c, server.ip6!, true], [c, lab.device("a").ip6!, true]]);

    const solicitation = await capture.expect(
      (packet) => ndpOf(packet)?.kind === "solicitation" && packet.sourceMac === mac,
      { what: "a solicitation of c" },
    );
    assertEquals(solicitation.sourceIp, linkLocal6);
    assertEquals([solicitation.destinationIp, hopLimitOf(solicitation)], ["ff02::2", 255]);
    const gateway = linkLocalFromMac(home.interface("lan").mac);
    const toC = ({ destinationIp = "", timestampMs }: CapturedPacket) =>
      ["ff02::1", linkLocal6].includes(destinationIp) && timestampMs >= solicitation.timestampMs;
    const advertisement = await capture.expect(
      (packet) => ndpOf(packet)?.kind === "advertisement" && toC(packet),
      { what: "an advertisement after it" },
    );
    assertEquals([advertisement.sourceIp, hopLimitOf(advertisement)], [gateway, 255]);
    const said = ndpOf(advertisement)!;
    assert(said.kind === "advertisement");
    const { prefixes: [prefix, ...more], nameservers, ...rest } = said.message;
    assertEquals(more, []);
    assertEquals(`${ipFromBytes(prefix.prefix)}/${prefix.length}`, home.downstreamCidr6);
    assertEquals([prefix.onLink, prefix.autonomous], [true, true]);
    assertEquals([prefix.validSecs, prefix.preferredSecs], [2_592_000, 604_800]);
    assertEquals(nameservers?.addresses.map(ipFromBytes), ["2001:db8::53"]);
    assertEquals(
      [rest.lifetimeSecs, rest.mtu, rest.hopLimit, rest.managed, rest.other],
      [1800, 1400, 64, false, false],
    );
    await capture.expect(
      (packet) => packet.sourceIp === ip6 && packet.destinationIp === server.ip6,
      { what: "an echo request of c" },
    );

    assert(isIn(ip6, home.downstreamCidr6), `${ip6} is not in ${home.downstreamCidr6}`);
    assertEquals(globals(c).map(({ local }) => local), [ip6]);
    assertEquals(defaults(c), [{ gateway, dev: "eth0", metric: 1024 }]);
    assertEquals([c.ip6, lab.env.NETYARD_IP6_C], [ip6, ip6]);
    assertEquals(ip(c, "link show eth0")[0].mtu, 1400);
  });

  // ix -- home(laptop)
  Deno.test(`${advertiser}: what a router advertises changes while the lab runs`, async () => {
    await using lab = await listeningLab(advertiser);
    const home = await lab.addRouter("home", { routerAdvertisement: { lifetimeSecs: 900 } });
    const laptop = await lab.addDevice("laptop", { interfaces: { eth0: { gateway: home } } });
    const address = laptop.ip6;
    assertEquals(defaults(laptop).length, 1);

    await home.setRouterAdvertisement({ lifetimeSecs: 0 });
    await waitForDefaults(laptop);
    assertEquals([laptop.ip6, globals(laptop)[0].local], [address, address]);

    await home.setRouterAdvertisement({ lifetimeSecs: 200 });
    await waitForDefaults(laptop, "eth0");

    await home.setRouterAdvertisement({ enabled: false });
    await waitForDefaults(laptop);
    assertEquals(home.routerAdvertisement, {
      enabled: false,
      intervalSecs: 600,
      lifetimeSecs: 200,
    });
    assertEquals(globals(laptop)[0].local, address, "what was advertised holds for its time");
    // Who comes now hears nothing, and is not waited for.
    const late = await lab.addDevice("late", { interfaces: { eth0: { gateway: home } } });
    assertEquals([late.ip6, defaults(late), globals(late)], [undefined, [], []]);

    await home.setRouterAdvertisement({ enabled: true });
    await waitForDefaults(laptop, "eth0");
    await waitForDefaults(late, "eth0");
    await waitUntil(() => late.ip6);
    await expectPings([[late, laptop.ip6!, true], [laptop, late.ip6!, true]]);
  });

  // ix -- home(phone.wlan0);  ix -- cafe
  Deno.test(`${advertiser}: a device that moves gets addresses of where it is`, async () => {
    await using lab = await listeningLab(advertiser);
    const home = await lab.addRouter("home");
    const cafe = await lab.addRouter("cafe", { preset: "hotel", ipSupport: "dual-stack" });
    const phone = await lab.addDevice("phone", { interfaces: { wlan0: { gateway: home } } });
    const wlan0 = phone.interface("wlan0");
    const first = phone.ip6!;
    assert(isIn(first, home.downstreamCidr6));

    await wlan0.replug(cafe);
    assert(isIn(phone.ip6, cafe.downstreamCidr6), phone.ip6);
    assertEquals(globals(phone, "wlan0").map(({ local }) => local), [phone.ip6]);
    assertEquals(defaults(phone).map(({ gateway }) => gateway), [
      linkLocalFromMac(cafe.interface("lan").mac),
    ]);
    await expectPings([[phone, home.uplinkIp6!, true]]);

    await wlan0.replug(home);
    assertEquals(phone.ip6, first, "the same place has the same address");
    await wlan0.linkDown();
    assertEquals(links(phone), ["wlan0"]);
    assertEquals(globals(phone, "wlan0"), []);
    await wlan0.linkUp();
    assertEquals([phone.ip6, globals(phone, "wlan0")[0].local], [first, first]);
    assertEquals(defaults(phone).length, 1);
    await expectPings([[phone, cafe.uplinkIp6!, true]]);
  });

  // ix -- home(laptop.wlan0);  ix -- carrier(laptop.cell0)
  Deno.test(`${advertiser}: of two routers, that of the default interface is used`, async () => {
    await using lab = await listeningLab(advertiser);
    const home = await lab.addRouter("home", { preset: "home" });
    const carrier = await lab.addRouter("carrier");
    const dc = await lab.addRouter("dc");
    const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
    const laptop = await lab.addDevice("laptop", {
      interfaces: { wlan0: { gateway: home }, cell0: { gateway: carrier } },
      defaultVia: "cell0",
    });
    const by = () => defaults(laptop).map(({ dev }) => dev);
    const wayTo = () => ip(laptop, `-6 route get ${server.ip6}`)[0].dev;
    assertEquals([by(), wayTo(), laptop.ip6], [
      ["cell0", "wlan0"],
      "cell0",
      laptop.interface("cell0").ip6,
    ]);
    await laptop.setDefaultRoute("wlan0");
    assertEquals([by(), wayTo(), laptop.ip6], [
      ["wlan0", "cell0"],
      "wlan0",
      laptop.interface("wlan0").ip6,
    ]);
    await expectPings([[laptop, server.ip6!, true]]);
    await laptop.interface("wlan0").linkDown();
    assertEquals([by(), wayTo()], [["cell0"], "cell0"]);
    await laptop.interface("wlan0").linkUp();
    assertEquals(by(), ["wlan0", "cell0"]);
    await laptop.removeInterface("wlan0");
    assertEquals([by(), defaults(laptop)[0].metric], [["cell0"], 1024]);
    // Another one in its place.
    await laptop.addInterface("eth0", { gateway: dc });
    assertEquals(by(), ["cell0", "eth0"]);
    assert(isIn(laptop.interface("eth0").ip6, dc.downstreamCidr6));
  });

  // ix -- home(a), twice
  Deno.test(`${advertiser}: the seed decides addresses, and two interfaces have two`, async () => {
    const addresses: (string | undefined)[][] = [];
    for (const seed of [7, 7, 8]) {
      await using lab = await listeningLab(advertiser, { seed });
      const home = await lab.addRouter("home");
      const { interfaces } = await lab.addDevice("a", {
        interfaces: { eth0: { gateway: home }, eth1: { gateway: home } },
      });
      addresses.push(interfaces.map(({ ip6 }) => ip6));
    }
    const [first, again, other] = addresses;
    assertEquals(first, again);
    assertEquals(new Set([...first, ...other]).size, 4, `${first} ${other}`);
    assert(!first.includes(undefined));
  });
}

// ix -- home(a)
Deno.test("radvd is a process of its router, and ends with it", async () => {
  await using lab = await listeningLab("radvd");
  const home = await lab.addRouter("home");
  const running = () => sh(home, "ps -A -o stat=,comm= | grep -c '^[^Z].* radvd$' || :");
  const a = await lab.addDevice("a", { interfaces: { eth0: { gateway: home } } });
  // One for the packets, and one for what takes privileges.
  assertEquals(running(), "2");
  await lab.addDevice("b", { interfaces: { eth0: { gateway: home } } });
  await waitUntil(() => running() === "2");
  await lab.remove("b");
  await lab.remove(a);
  await waitUntil(() => running() === "0");
});
