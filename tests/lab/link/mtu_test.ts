import { assertEquals } from "@std/assert";
import { type Device, Lab, type Node } from "@netyard/netyard";
import { ip, pings } from "../kit.ts";

/** IPv4 and ICMP headers, and those of IPv6. */
const HEADERS = { 4: 28, 6: 48 };

/** Whether packets of a size get there, and those of one byte more do not. */
async function fits(from: Node, to: string, size: number): Promise<[boolean, boolean]> {
  const payload = size - HEADERS[to.includes(":") ? 6 : 4];
  const send = (length: number) => pings(from, to, "-M", "do", "-s", String(length));
  return await Promise.all([send(payload), send(payload + 1)]);
}

const linkMtu = (node: Node, name: string) => ip(node, `link show ${name}`)[0].mtu;

// ix -- small(a: 1400);  ix -- dc(b: 1500, c: 1300)
Deno.test("the MTU of routers and devices is exactly that of their links", async () => {
  await using lab = await Lab.create();
  const small = await lab.addRouter("small", { mtu: 1400 });
  const dc = await lab.addRouter("dc");
  const a = await lab.addDevice("a", { interfaces: { eth0: { gateway: small } } });
  const b = await lab.addDevice("b", { interfaces: { eth0: { gateway: dc } } });
  const c = await lab.addDevice("c", { interfaces: { eth0: { gateway: dc } }, mtu: 1300 });
  assertEquals([small.mtu, dc.mtu, a.mtu, b.mtu, c.mtu], [1400, 1500, 1400, 1500, 1300]);
  assertEquals(
    [
      linkMtu(small, "ix"),
      linkMtu(small, "a"),
      linkMtu(a, "eth0"),
      linkMtu(dc, "lan"),
      linkMtu(b, "eth0"),
      linkMtu(c, "eth0"),
    ],
    [1400, 1400, 1400, 1500, 1500, 1300],
  );
  assertEquals(c.interface("eth0").mtu, 1300);
  const sizes: [Device, number][] = [[a, 1400], [b, 1500], [c, 1300]];
  const results = await Promise.all(
    sizes.flatMap((
      [device, size],
    ) => [fits(device, lab.ix.ip, size), fits(device, lab.ix.ip6, size)]),
  );
  assertEquals(results, Array(6).fill([true, false]));
});

// ix -- dc(server);  ix -- vpn(laptop), whose links take 1420;  vpn -- inner(tv: 1300)
Deno.test("a sender of packets larger than the path MTU gets an error, and sends smaller ones", async () => {
  await using lab = await Lab.create();
  const dc = await lab.addRouter("dc");
  const vpn = await lab.addRouter("vpn", { mtu: 1420 });
  const inner = await lab.addRouter("inner", { upstream: vpn, mtu: 1360 });
  const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
  const laptop = await lab.addDevice("laptop", { interfaces: { eth0: { gateway: vpn } } });
  const tv = await lab.addDevice("tv", { interfaces: { eth0: { gateway: inner } }, mtu: 1300 });
  // The links: an uplink to the IX, one to a LAN, and a member of a LAN.
  const cases: [Node, string, number][] = [
    [server, laptop.ip!, 1420],
    [server, laptop.ip6!, 1420],
    [server, inner.uplinkIp!, 1360],
    [laptop, inner.downstreamGateway6!, 1360],
    [inner, tv.ip!, 1300],
    [inner, tv.ip6!, 1300],
  ];
  // Each twice: that an answer says how much is too much is learnt from the first.
  for (const _ of [1, 2]) {
    const results = await Promise.all(cases.map(([from, to, size]) => fits(from, to, size)));
    assertEquals(results, Array(cases.length).fill([true, false]));
  }
  await pings(server, tv.ip6!, "-M", "do", "-s", "1452");
  await pings(server, tv.ip6!, "-M", "do", "-s", "1372");
  await pings(server, tv.ip6!, "-M", "do", "-s", "1312");
  assertEquals(ip(server, `-6 route get ${tv.ip6}`)[0].metrics, [{ mtu: 1300 }]);
  assertEquals(await pings(server, tv.ip!, "-M", "dont", "-s", "1472"), true);
});

Deno.test("without IPv6, the MTU may be as small as IPv4 allows", async () => {
  await using lab = await Lab.create();
  const modem = await lab.addRouter("modem", { ipSupport: "v4-only", mtu: 576 });
  const below = await lab.addRouter("below", { ipSupport: "v4-only", upstream: modem, mtu: 1500 });
  const a = await lab.addDevice("a", { interfaces: { eth0: { gateway: modem } } });
  const b = await lab.addDevice("b", { interfaces: { eth0: { gateway: modem } }, mtu: 100 });
  const c = await lab.addDevice("c", { interfaces: { eth0: { gateway: below } } });
  assertEquals([linkMtu(a, "eth0"), linkMtu(b, "eth0"), linkMtu(below, "wan")], [576, 100, 576]);
  assertEquals(
    await Promise.all([
      fits(a, lab.ix.ip, 576),
      fits(b, lab.ix.ip, 100),
      fits(modem, b.ip!, 100),
      fits(c, lab.ix.ip, 576),
    ]),
    Array(4).fill([true, false]),
  );
});

// ix -- jumbo(a, b), whose LAN takes 9000
Deno.test("a LAN may have a larger MTU than the IX", async () => {
  await using lab = await Lab.create();
  const jumbo = await lab.addRouter("jumbo", { mtu: 9000 });
  const a = await lab.addDevice("a", { interfaces: { eth0: { gateway: jumbo } } });
  const b = await lab.addDevice("b", { interfaces: { eth0: { gateway: jumbo } } });
  assertEquals([jumbo.mtu, a.mtu, linkMtu(jumbo, "ix"), linkMtu(jumbo, "lan")], [
    9000,
    9000,
    1500,
    9000,
  ]);
  assertEquals(await fits(a, b.ip!, 9000), [true, false]);
  assertEquals(await fits(a, lab.ix.ip, 1500), [true, false]);
});

// ix -- home(pc with 1300 and an address more)
Deno.test("an added address has the MTU of its interface", async () => {
  await using lab = await Lab.create();
  const home = await lab.addRouter("home");
  const pc = await lab.addDevice("pc", { interfaces: { eth0: { gateway: home } }, mtu: 1300 });
  const network = pc.ip!.replace(/\d+$/, "");
  await pc.interface("eth0").addIp(`${network}77`, 24);
  assertEquals(await fits(lab.ix, `${network}77`, 1300), [true, false]);
  const tv = await lab.addDevice("tv", { interfaces: { eth0: { gateway: home } } });
  assertEquals(await fits(lab.ix, `${network}77`, 1300), [true, false]);
  assertEquals(await fits(lab.ix, tv.ip!, 1500), [true, false]);
});
