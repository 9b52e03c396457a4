import { assertEquals, assertRejects } from "@std/assert";
import { type Device, Lab, type SocketAddress, SyscallError } from "@netyard/netyard";
import { expectPings, greet, ip, seenBy, sh, udp } from "../kit.ts";

/** Every default route, as `family device`. */
const defaults = (device: Device) =>
  ["-4", "-6"].flatMap((family) =>
    ip(device, `${family} route show default`).map(({ dev }) => `${family} ${dev}`)
  );

// ix -- home(phone.wlan0);  ix -- carrier(phone.cell0);  ix -- dc(server)
Deno.test("a device on two routers sends through the one of its default route", async () => {
  await using lab = await Lab.create();
  const home = await lab.addRouter("home", { preset: "home" });
  const carrier = await lab.addRouter("carrier", { preset: "isp-cgnat" });
  const dc = await lab.addRouter("dc", { preset: "public" });
  const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
  const phone = await lab.addDevice("phone", {
    interfaces: { wlan0: { gateway: home }, cell0: { gateway: carrier } },
    defaultVia: "cell0",
  });
  await using reflector = await server.spawnReflector();
  const seen = async (address: SocketAddress) => (await phone.probeUdpMapping(address)).ip;
  const cell = phone.interface("cell0");
  const wlan = phone.interface("wlan0");

  assertEquals([phone.defaultInterface.name, phone.ip, phone.ip6], ["cell0", cell.ip, cell.ip6]);
  assertEquals(defaults(phone), ["-4 cell0", "-6 cell0"]);
  assertEquals(await seen(reflector.address), carrier.uplinkIp);

  await phone.setDefaultRoute("wlan0");
  assertEquals([phone.defaultInterface.name, phone.ip, phone.ip6], ["wlan0", wlan.ip, wlan.ip6]);
  assertEquals(defaults(phone), ["-4 wlan0", "-6 wlan0"]);
  assertEquals(await seen(reflector.address), home.uplinkIp);
  await using web = greet(server, server.ip6!);
  assertEquals(await seenBy(phone, server.ip6!, web.port), wlan.ip6);
  const sent = async () => {
    const counters = [await wlan.counters(), await cell.counters()];
    return counters.map(({ txPackets }) => txPackets);
  };
  await using socket = udp(phone, "0.0.0.0");
  const before = await sent();
  await Promise.all(Array.from({ length: 100 }, () => socket.send(server.ip!, 9)));
  const after = await sent();
  // The kernel may have reported a multicast group meanwhile, but no more.
  const grown = after.map((count, i) => count - before[i]);
  assertEquals([grown[0] >= 100, grown[1] < 10], [true, true], `sent: ${grown}`);

  await phone.setDefaultRoute("cell0");
  assertEquals(await seen(reflector.address), carrier.uplinkIp);
});

// ix -- home(laptop.eth0);  ix -- vpn(laptop.wg0, intranet)
Deno.test("a directly connected network is reached by its interface, whatever the default route", async () => {
  await using lab = await Lab.create();
  const home = await lab.addRouter("home", { preset: "home" });
  const vpn = await lab.addRouter("vpn", { preset: "corporate", mtu: 1420 });
  const laptop = await lab.addDevice("laptop", {
    interfaces: { eth0: { gateway: home }, wg0: { gateway: vpn } },
  });
  const pc = await lab.addDevice("pc", { interfaces: { eth0: { gateway: home } } });
  const intranet = await lab.addDevice("intranet", { interfaces: { eth0: { gateway: vpn } } });
  assertEquals([laptop.defaultInterface.name, laptop.mtu], ["eth0", 1420]);
  await expectPings([
    [laptop, intranet.ip!, true],
    [intranet, laptop.interface("wg0").ip!, true],
    [pc, intranet.ip!, false],
    // Two networks on one device are not one network: it does not forward.
    [pc, laptop.interface("wg0").ip6!, false],
  ]);
});

// ix -- dual(d.eth0);  ix -- four(d.eth1), v4-only;  ix -- six(d.eth2), v6-only;  ix -- dc(server)
Deno.test("a default route of a family is removed if the new default interface lacks the family", async () => {
  await using lab = await Lab.create();
  const dual = await lab.addRouter("dual");
  const four = await lab.addRouter("four", { ipSupport: "v4-only" });
  const six = await lab.addRouter("six", { ipSupport: "v6-only" });
  const dc = await lab.addRouter("dc");
  const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
  const d = await lab.addDevice("d", {
    interfaces: { eth0: { gateway: dual }, eth1: { gateway: four }, eth2: { gateway: six } },
  });
  for (
    const [name, expected] of [
      ["eth0", ["-4 eth0", "-6 eth0"]],
      ["eth1", ["-4 eth1"]],
      ["eth2", ["-6 eth2"]],
      ["eth1", ["-4 eth1"]],
      ["eth0", ["-4 eth0", "-6 eth0"]],
      ["eth0", ["-4 eth0", "-6 eth0"]],
    ] as [string, string[]][]
  ) {
    await d.setDefaultRoute(name);
    assertEquals(defaults(d), expected);
    await expectPings([
      [d, server.ip!, expected.some((route) => route.startsWith("-4"))],
      [d, server.ip6!, expected.some((route) => route.startsWith("-6"))],
    ]);
  }
});

// ix -- lan(d.eth0, d.eth1, other)
Deno.test("two interfaces can be on one router", async () => {
  await using lab = await Lab.create();
  const lan = await lab.addRouter("lan");
  const d = await lab.addDevice("d", {
    interfaces: { eth0: { gateway: lan }, eth1: { gateway: lan } },
  });
  const other = await lab.addDevice("other", { interfaces: { eth0: { gateway: lan } } });
  const [first, second] = d.interfaces;
  assertEquals([first.gateway, second.gateway, first.ip === second.ip], ["lan", "lan", false]);
  await expectPings([[other, first.ip!, true], [other, second.ip!, true], [d, other.ip6!, true]]);
});

// ix -- home(phone.wlan0), cell(phone.cell0, v4 alone)
Deno.test("a default route that the kernel refuses changes nothing", async () => {
  await using lab = await Lab.create();
  const home = await lab.addRouter("home");
  const cell = await lab.addRouter("cell", { preset: "public-v4" });
  const phone = await lab.addDevice("phone", {
    interfaces: { wlan0: { gateway: home }, cell0: { gateway: cell } },
  });
  sh(phone, "ip link set cell0 down");
  await assertRejects(() => phone.setDefaultRoute("cell0"), SyscallError, "ENETDOWN");
  await assertRejects(() => phone.removeInterface("wlan0"), SyscallError, "ENETDOWN");
  assertEquals([phone.defaultInterface.name, phone.interfaces.length], ["wlan0", 2]);
  await expectPings([[phone, lab.ix.ip, true], [phone, lab.ix.ip6!, true]]);
  sh(phone, "ip link set cell0 up");
  await phone.setDefaultRoute("cell0");
  await expectPings([[phone, lab.ix.ip, true], [phone, lab.ix.ip6!, false]]);
  await phone.removeInterface("cell0");
  await expectPings([[phone, lab.ix.ip, true], [phone, lab.ix.ip6!, true]]);
});
