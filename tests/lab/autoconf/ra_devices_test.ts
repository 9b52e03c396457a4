import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { Lab } from "@netyard/netyard";
import { waitUntil } from "@netyard/netyard/testing";
import { defaults, globals, isIn, listeningLab, ndpOf, waitForDefaults } from "./ra_kit.ts";
import { config, eventsOf, expectPings, greet, ip, seenBy, sh } from "../kit.ts";

// ix -- home(laptop);  ix -- dc(server)
Deno.test("with privacy, a device sends from an address that changes with time", async () => {
  await using lab = await listeningLab();
  const home = await lab.addRouter("home");
  const dc = await lab.addRouter("dc");
  const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
  const laptop = await lab.addDevice("laptop", {
    interfaces: { eth0: { gateway: home } },
    ipv6: { privacy: true },
  });
  const { ip6, temporaryIp6 } = laptop.interface("eth0");
  assert(isIn(ip6, home.downstreamCidr6) && isIn(temporaryIp6, home.downstreamCidr6));
  assertNotEquals(temporaryIp6, ip6);
  const temporary = globals(laptop).filter((address) => address.temporary);
  assertEquals(temporary.map(({ local }) => local), [temporaryIp6]);
  await using web = greet(server, server.ip6!);
  assertEquals(await seenBy(laptop, server.ip6!, web.port), temporaryIp6);
  // By the one that stays it is reached.
  await expectPings([[server, ip6!, true]]);
  assertEquals(server.interface("eth0").temporaryIp6, undefined);
  await using back = greet(laptop, "::");
  assertEquals(await seenBy(server, ip6!, back.port), server.ip6);
});

// ix -- home(fixed, listener, other)
Deno.test("devices with static addresses do not listen to routers that others listen to", async () => {
  await using lab = await Lab.create();
  const home = await lab.addRouter("home");
  const [fixed, listener, other] = await Promise.all([
    lab.addDevice("fixed", { interfaces: { eth0: { gateway: home } } }),
    lab.addDevice("listener", {
      interfaces: { eth0: { gateway: home } },
      ipv6: { provisioning: "ra" },
    }),
    lab.addDevice("other", { interfaces: { eth0: { gateway: home } } }),
  ]);
  const before = [config(fixed), config(other)];
  await using capture = await fixed.capture("eth0", { filter: "icmp6" });
  await home.setRouterAdvertisement({ lifetimeSecs: 100 });
  await capture.expect((packet) => ndpOf(packet)?.kind === "advertisement");
  await expectPings([
    [fixed, listener.ip6!, true],
    [listener, other.ip6!, true],
    [listener, home.downstreamGateway6!, true],
  ]);
  assertEquals([config(fixed), config(other)], before);
  assertEquals([fixed, other].map(({ ip6 }) => ip6), [
    globals(fixed)[0].local,
    globals(other)[0].local,
  ]);
  assertEquals(ip(fixed, "-6 route show default").map(({ protocol }) => protocol), ["static"]);
  assert(isIn(listener.ip6, home.downstreamCidr6));
});

// lan(a, b);  ix -- home(a)
Deno.test("on a bridge without a router, the lab assigns the addresses", async () => {
  await using lab = await listeningLab();
  const lan = lab.bridge("lan");
  const home = await lab.addRouter("home");
  const a = await lab.addDevice("a", {
    interfaces: { eth0: { gateway: lan }, eth1: { gateway: home } },
    defaultVia: "eth1",
  });
  const b = await lab.addDevice("b");
  await lan.attach(b);
  const [eth0, eth1] = a.interfaces;
  assertEquals([eth0.ip6?.endsWith("::2"), b.ip6?.endsWith("::3")], [true, true]);
  assert(isIn(eth1.ip6, home.downstreamCidr6));
  assertEquals(defaults(a).map(({ dev }) => dev), ["eth1"]);
  await expectPings([[a, b.ip6!, true], [b, eth0.ip6!, true]]);
  // Attached to a router's LAN as to any bridge.
  await home.lan.attach(b);
  assert(isIn(b.interfaces[1].ip6, home.downstreamCidr6));
  await expectPings([[b, eth1.ip6!, true]]);
});

// ix -- home(laptop)
Deno.test("a router advertises at the requested interval, and not at all without listeners", async () => {
  await using lab = await listeningLab();
  const home = await lab.addRouter("home", { routerAdvertisement: { intervalSecs: 1 } });
  const laptop = await lab.addDevice("laptop", { interfaces: { eth0: { gateway: home } } });
  const capture = await laptop.capture("eth0", { filter: "icmp6" });
  const unasked: number[] = [];
  await capture.expect((packet) => {
    const isOne = ndpOf(packet)?.kind === "advertisement" && packet.destinationIp === "ff02::1";
    if (isOne) unasked.push(packet.timestampMs);
    return unasked.length === 3;
  }, { timeoutMs: 10_000, what: "three advertisements that nobody asked for" });
  const gaps = unasked.slice(1).map((at, i) => at - unasked[i]);
  // Late on a busy machine, but the next one is not the earlier for it.
  assert(gaps.every((ms) => ms > 900 && ms < 4_000), `${gaps}`);
  await capture.close();

  const fixed = { ipv6: { provisioning: "static" } } as const;
  await lab.addDevice("fixed", { interfaces: { eth0: { gateway: home } }, ...fixed });
  await lab.remove(laptop);
  await using quiet = await lab.device("fixed").capture("eth0", { filter: "icmp6" });
  await quiet.drain(1_500);
  for await (const packet of packetsUntilClosed(quiet)) assertEquals(ndpOf(packet), undefined);
});

async function* packetsUntilClosed(capture: Awaited<ReturnType<Lab["ix"]["capture"]>>) {
  await capture.close();
  yield* capture.packets();
}

// ix -- home(laptop)
Deno.test("hosts files, environment and events have the address that the kernel made", async () => {
  await using lab = await listeningLab();
  const home = await lab.addRouter("home");
  const other = await lab.addRouter("other");
  const laptop = await lab.addDevice("laptop", { interfaces: { eth0: { gateway: home } } });
  const pc = await lab.addDevice("pc", { interfaces: { eth0: { gateway: home } } });
  const resolved = () => sh(pc, "getent ahostsv6 laptop.home | cut -d' ' -f1 | sort -u");
  assertEquals(resolved(), laptop.ip6);
  assertEquals(lab.env.NETYARD_IP6_LAPTOP, laptop.ip6);
  const first = laptop.ip6;
  await laptop.interface("eth0").replug(other);
  await home.setRouterAdvertisement({ lifetimeSecs: 0, intervalSecs: 30 });
  await laptop.interface("eth0").replug(home);
  assertEquals([resolved(), laptop.ip6], [first, first]);
  // Another IPv4 address leaves those of IPv6 alone.
  await laptop.interface("eth0").renewIp();
  assertEquals([laptop.ip6, globals(laptop).map(({ local }) => local)], [first, [first]]);
  const events = await eventsOf(lab);
  const told = events.flatMap((event) =>
    event.kind === "interface-changed" && event.node === "laptop" ? [event.interface.ip6] : []
  );
  // The last one reports the IPv4 address.
  assertEquals([told.length, told[0], told[2], told[3]], [4, first, first, first]);
  assert(isIn(told[1], other.downstreamCidr6));
  const [added] = events.filter((event) => event.kind === "router-added");
  assertEquals(added.router.routerAdvertisement, {
    enabled: true,
    intervalSecs: 600,
    lifetimeSecs: 1800,
  });
  const [changed] = events.filter((event) => event.kind === "ra-changed");
  const { router, enabled, intervalSecs, lifetimeSecs } = changed;
  assertEquals([router, enabled, intervalSecs, lifetimeSecs], ["home", true, 30, 0]);
});

// ix -- home(phone)
Deno.test("a device that was down hears changed advertisements when it is up again", async () => {
  await using lab = await listeningLab();
  const home = await lab.addRouter("home");
  const phone = await lab.addDevice("phone", { interfaces: { wlan0: { gateway: home } } });
  const wlan0 = phone.interface("wlan0");
  const fault = await lab.inject({ kind: "link-down", node: phone, interface: "wlan0" });
  assertEquals(globals(phone, "wlan0"), []);
  await home.setRouterAdvertisement({ lifetimeSecs: 0 });
  await fault.heal();
  await waitUntil(() => globals(phone, "wlan0").length === 1);
  assertEquals([globals(phone, "wlan0")[0].local, defaults(phone)], [phone.ip6, []]);
  await home.setRouterAdvertisement({ lifetimeSecs: 100 });
  await waitForDefaults(phone, "wlan0");
  // Nobody is heard by a link on which all is lost, and nothing waits for it.
  await wlan0.setCondition({ lossPct: 100 });
  await wlan0.linkDown();
  await wlan0.linkUp();
  assertEquals([globals(phone, "wlan0"), phone.ip6], [[], undefined]);
});

Deno.test("twenty listening devices are ready almost as fast as static ones", async () => {
  const times = { static: [] as number[], ra: [] as number[] };
  for (let round = 0; round < 3; round++) {
    for (const provisioning of ["static", "ra"] as const) {
      await using lab = await Lab.create({ ipv6: { provisioning } });
      const home = await lab.addRouter("home");
      const start = performance.now();
      for (let i = 0; i < 20; i++) {
        await lab.addDevice(`d${i}`, { interfaces: { eth0: { gateway: home } } });
      }
      times[provisioning].push(performance.now() - start);
      assert(lab.devices.every(({ ip6 }) => isIn(ip6, home.downstreamCidr6)));
      assertEquals(new Set(lab.devices.map(({ ip6 }) => ip6)).size, 20);
    }
  }
  const [fixed, listening] = [times.static, times.ra].map((all) => Math.min(...all));
  // 2 to 4 ms more for each on an idle machine.
  assert(listening < 5 * fixed + 1_000, `${listening} ms against ${fixed} ms`);
});
