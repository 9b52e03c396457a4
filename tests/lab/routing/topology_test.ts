import { assertEquals } from "@std/assert";
import { Lab, type Node, type RouterOptions } from "@netyard/netyard";
import { expectPings, udp } from "../kit.ts";

/** Three routers, each behind the one before, and a device at each. */
async function chain(lab: Lab, ...options: [RouterOptions, RouterOptions, RouterOptions]) {
  const top = await lab.addRouter("top", options[0]);
  const middle = await lab.addRouter("middle", { ...options[1], upstream: top });
  const bottom = await lab.addRouter("bottom", { ...options[2], upstream: "middle" });
  const at = (name: string, gateway: Node) =>
    lab.addDevice(name, { interfaces: { eth0: { gateway } } });
  return {
    routers: [top, middle, bottom],
    devices: [await at("a", top), await at("b", middle), await at("c", bottom)],
  };
}

const pairs = <T>(all: T[]): [T, T][] =>
  all.flatMap((from) => all.filter((to) => to !== from).map((to): [T, T] => [from, to]));

// ix -- top(a) -- middle(b) -- bottom(c), all public;  ix -- other(d)
Deno.test("public routers three deep: everything reaches everything, v4 and v6", async () => {
  await using lab = await Lab.create();
  const { routers, devices } = await chain(lab, {}, {}, {});
  const other = await lab.addRouter("other");
  const d = await lab.addDevice("d", { interfaces: { eth0: { gateway: other } } });
  await expectPings(
    pairs([...devices, d]).flatMap(([from, to]): [Node, string, boolean][] => [
      [from, to.ip!, true],
      [from, to.ip6!, true],
    ]),
  );
  await expectPings(routers.flatMap((router): [Node, string, boolean][] => [
    [d, router.uplinkIp!, true],
    [d, router.uplinkIp6!, true],
    [d, router.downstreamGateway!, true],
    [d, router.downstreamGateway6!, true],
    [router, d.ip!, true],
    [lab.ix, router.downstreamGateway6!, true],
  ]));
  await expectPings([[d, lab.ix.ip, true], [devices[2], lab.ix.ip6, true]]);
});

// ix -- top(a) -- middle(b) -- bottom(c), private addresses, no NAT;  ix -- other(d)
Deno.test("private addresses without NAT are routed everywhere", async () => {
  await using lab = await Lab.create();
  const hidden: RouterOptions = { pool: "private" };
  const { devices } = await chain(lab, hidden, hidden, hidden);
  const other = await lab.addRouter("other");
  const d = await lab.addDevice("d", { interfaces: { eth0: { gateway: other } } });
  for (const { ip, ip6 } of devices) {
    assertEquals([ip!.startsWith("10."), ip6!.startsWith("fd10:")], [true, true]);
  }
  await expectPings(
    devices.flatMap((device): [Node, string, boolean][] => [
      [device, d.ip!, true],
      [device, d.ip6!, true],
      [d, device.ip!, true],
      [d, device.ip6!, true],
    ]),
  );
});

// ix -- top(a) -- middle(b), NAT -- bottom(c);  ix -- other(d)
Deno.test("a NAT in the middle hides all downstream IPv4, and no IPv6", async () => {
  await using lab = await Lab.create();
  const { routers: [, middle], devices: [a, b, c] } = await chain(
    lab,
    {},
    { nat: "home", pool: "private" },
    { pool: "private" },
  );
  const other = await lab.addRouter("other");
  const d = await lab.addDevice("d", { interfaces: { eth0: { gateway: other } } });
  await expectPings([
    [c, d.ip!, true],
    [c, a.ip!, true],
    [b, c.ip!, true],
    [c, b.ip!, true],
    [d, c.ip!, false],
    [a, c.ip!, false],
    [a, b.ip!, false],
    [d, c.ip6!, true],
    [a, b.ip6!, true],
    [c, d.ip6!, true],
  ]);
  await using server = udp(d, d.ip!);
  await using client = udp(c, c.ip!);
  await client.send(d.ip!, server.port);
  assertEquals(await server.received(1), 1);
  assertEquals(server.from, [middle.uplinkIp]);
});

// ix -- top(server) -- late1(host1), then late2(host2), then late3(host3)
Deno.test("a router gets routes to networks that appear downstream later", async () => {
  await using lab = await Lab.create();
  const top = await lab.addRouter("top");
  const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: top } } });
  for (const n of [1, 2, 3]) {
    const late = await lab.addRouter(`late${n}`, { upstream: top });
    const host = await lab.addDevice(`host${n}`, { interfaces: { eth0: { gateway: late } } });
    await expectPings([[server, host.ip!, true], [host, server.ip6!, true]]);
  }
  assertEquals(lab.routers.map(({ name, upstream }) => `${name} ${upstream}`), [
    "top undefined",
    "late1 top",
    "late2 top",
    "late3 top",
  ]);
});
