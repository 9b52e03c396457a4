import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type AddressFamily,
  type Device,
  InvalidOptionError,
  Lab,
  type Router,
  TopologyError,
} from "@netyard/netyard";
import { reduceAll } from "../../../lib/events/mod.ts";
import { config, eventsOf, expectPings, greet, ip, pings, udp } from "../kit.ts";

interface Scene {
  lab: Lab;
  home: Router;
  laptop: Device;
  tv: Device;
  server: Device;
}

// laptop, tv - home - IX - dc - server
async function scene(run: (scene: Scene) => Promise<void>): Promise<void> {
  await using lab = await Lab.create();
  const dc = await lab.addRouter("dc");
  const home = await lab.addRouter("home");
  const on = (name: string, gateway: Router) =>
    lab.addDevice(name, { interfaces: { eth0: { gateway } } });
  const [laptop, tv] = [await on("laptop", home), await on("tv", home)];
  await run({ lab, home, laptop, tv, server: await on("server", dc) });
}

const FAMILIES: AddressFamily[] = ["ipv4", "ipv6"];
const ipOf = (device: Device, family: AddressFamily) =>
  family === "ipv4" ? device.ip! : device.ip6!;
const other = (family: AddressFamily) => family === "ipv4" ? "ipv6" : "ipv4";

/** What becomes of a TCP connection: nothing, for as long as is given. */
async function connecting(from: Device, to: string, withinMs: number): Promise<string> {
  const seconds = String(withinMs / 1000);
  const script = `import socket, sys
try: socket.create_connection((sys.argv[1], 9), timeout=float(sys.argv[2])); print("connected")
except OSError as e: print("nothing" if isinstance(e, TimeoutError) else e.strerror)`;
  const { stdout } = await from.command("python3", { args: ["-c", script, to, seconds] }).output();
  return new TextDecoder().decode(stdout).trim();
}

for (const family of FAMILIES) {
  Deno.test(`${family} broken at a router is not forwarded in either direction, until it is repaired`, async () => {
    await scene(async ({ home, laptop, tv, server }) => {
      const [there, here] = [ipOf(server, family), ipOf(laptop, family)];
      const before = [home, laptop].map(config);
      await home.setFamilyBroken(family, true);
      assertEquals(home.brokenFamilies, { [family]: "drop" });
      await expectPings([
        [laptop, there, false],
        [server, here, false],
        [laptop, ipOf(server, other(family)), true],
        // Beside it and to it, nothing has changed.
        [laptop, ipOf(tv, family), true],
        [home, there, true],
        [home, here, true],
      ]);
      assertEquals([home, laptop].map(config), before);
      assertEquals(await connecting(laptop, there, 500), "nothing");
      await home.setFamilyBroken(family, { how: "reject" });
      assertEquals(home.brokenFamilies, { [family]: "reject" });
      // At once: at the worst after one retransmission of the SYN, since errors are limited in rate.
      assertEquals(await connecting(laptop, there, 10_000), "Network is unreachable");
      await home.setFamilyBroken(family, false);
      assertEquals(home.brokenFamilies, {});
      await expectPings([[laptop, there, true], [server, here, true]]);
    });
  });

  Deno.test(`${family} broken on an interface is broken for that device alone, also after a replug`, async () => {
    await scene(async ({ lab, laptop, tv, server }) => {
      const eth0 = laptop.interface("eth0");
      const [there, beside] = [ipOf(server, family), ipOf(tv, family)];
      await eth0.setFamilyBroken(family, {});
      assertEquals(eth0.brokenFamilies, { [family]: "drop" });
      await expectPings([
        [laptop, there, false],
        [laptop, beside, false],
        [tv, ipOf(laptop, family), false],
        [tv, there, true],
        [laptop, ipOf(server, other(family)), true],
        [laptop, "127.0.0.1", true],
      ]);
      // Silently: the sender gets no error.
      await using sink = udp(server, there);
      const send = `import socket
socket.socket(socket.AF_${
        family === "ipv4" ? "INET" : "INET6"
      }, socket.SOCK_DGRAM).sendto(b"?", ("${there}", ${sink.port}))`;
      assert((await laptop.command("python3", { args: ["-c", send] }).output()).success);
      assertEquals(await connecting(laptop, there, 500), "nothing");
      assertEquals(sink.from, []);

      const cafe = await lab.addRouter("cafe");
      await eth0.replug(cafe);
      assertEquals(eth0.brokenFamilies, { [family]: "drop" });
      await expectPings([
        [laptop, there, false],
        [server, ipOf(laptop, family), false],
        [laptop, ipOf(server, other(family)), true],
      ]);
      await eth0.setFamilyBroken(family, { how: "reject" });
      assertEquals(await connecting(laptop, there, 10_000), "Network is unreachable");
      await eth0.setFamilyBroken(family, false);
      await expectPings([[laptop, there, true], [server, ipOf(laptop, family), true]]);
    });
  });
}

Deno.test("the broken families of an interface are removed with it", async () => {
  await scene(async ({ home, laptop, server }) => {
    await laptop.addInterface("eth1", { gateway: home });
    await laptop.interface("eth0").setFamilyBroken("ipv6", true);
    await laptop.removeInterface("eth0");
    assert(await pings(laptop, server.ip6!));
    const eth0 = await laptop.addInterface("eth0", { gateway: home });
    assertEquals(eth0.brokenFamilies, {});
    await laptop.setDefaultRoute("eth0");
    assert(await pings(laptop, server.ip6!));
    assertEquals(await laptop.$`nft list tables`.text(), "");
    assertEquals(await home.$`nft list tables netdev`.text(), "");
  });
});

// curl falls back to IPv4 within 200 ms, where IPv6 would hang for minutes (RFC 8305).
Deno.test("Happy Eyeballs: curl falls back to IPv4 in time where IPv6 is broken", async () => {
  await scene(async ({ lab, home, laptop, server }) => {
    await lab.dnsEntry("server.test", server.ip!);
    await lab.dnsEntry("server.test", server.ip6!);
    await using four = greet(server, server.ip!, 8080);
    await using six = greet(server, server.ip6!, 8080);
    assertEquals([four.port, six.port], [8080, 8080]);
    const fetch = async () => {
      const args = ["--http0.9", "-s", "--happy-eyeballs-timeout-ms", "200"];
      args.push("-m", "20", "-w", "|%{remote_ip}|%{time_connect}", "http://server.test:8080/");
      const { stdout } = await laptop.command("curl", { args }).output();
      const [, remote, seconds] = new TextDecoder().decode(stdout).split("|");
      return { remote, ms: Number(seconds) * 1000 };
    };
    assertEquals((await fetch()).remote, server.ip6);
    await home.setFamilyBroken("ipv6", true);
    const { remote, ms } = await fetch();
    assertEquals(remote, server.ip);
    // A second SYN, after 1 s, would be no fallback.
    assert(ms >= 200 && ms < 950, `connected after ${ms} ms`);
    await home.setFamilyBroken("ipv6", { how: "reject" });
    assertEquals((await fetch()).remote, server.ip);
    await home.setFamilyBroken("ipv6", false);
    assertEquals((await fetch()).remote, server.ip6);
  });
});

Deno.test("invalid breaks are refused, and breaks are emitted", async () => {
  await scene(async ({ lab, home, laptop }) => {
    const eth0 = laptop.interface("eth0");
    const before = [home, laptop].map(config);
    // deno-lint-ignore no-explicit-any -- what the compiler would refuse
    const wrong = (family: any, broken: any) => [
      () => home.setFamilyBroken(family, broken),
      () => eth0.setFamilyBroken(family, broken),
    ];
    for (
      const ask of [
        ...wrong("ipv5", true),
        ...wrong("ipv6", "drop"),
        ...wrong("ipv6", { how: "loudly" }),
        ...wrong("ipv6", { who: "drop" }),
      ]
    ) await assertRejects(ask, InvalidOptionError, "setFamilyBroken()");
    await assertRejects(
      () => home.interface("ix").setFamilyBroken("ipv6", true),
      TopologyError,
      "use setFamilyBroken() of the router itself",
    );
    assertEquals([home, laptop].map(config), before);
    assertEquals(ip(laptop, "route get 198.18.0.1").length, 1);

    await home.setFamilyBroken("ipv6", true);
    await eth0.setFamilyBroken("ipv4", { how: "reject" });
    const { routers, devices } = reduceAll(await eventsOf(lab));
    assertEquals(routers.home.brokenFamilies, { ipv6: "drop" });
    assertEquals(devices.laptop.interfaces[0].brokenFamilies, { ipv4: "reject" });
    await home.setFamilyBroken("ipv6", false);
    assertEquals(reduceAll(await eventsOf(lab)).routers.home.brokenFamilies, undefined);
    const told = (await eventsOf(lab)).flatMap((event) =>
      event.kind === "family-broken" ? [[event.node, event.name, event.family, event.how]] : []
    );
    assertEquals(told, [
      ["home", null, "ipv6", "drop"],
      ["laptop", "eth0", "ipv4", "reject"],
      ["home", null, "ipv6", null],
    ]);
  });
});
