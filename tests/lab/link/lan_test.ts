import { assertEquals } from "@std/assert";
import { type Device, Lab, type Node } from "@netyard/netyard";
import { config, expectPings, greet, ip, links, seenBy, udp } from "../kit.ts";

const bridges = (node: Node): string[] => ip(node, "link show type bridge").map((l) => l.ifname);

// ix -- home(a, then b, then c);  ix -- dc(server)
Deno.test("the only device of a router has a point-to-point link; the second one makes a bridge", async () => {
  await using lab = await Lab.create();
  const home = await lab.addRouter("home");
  const dc = await lab.addRouter("dc");
  const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
  assertEquals(links(home), ["ix"]);
  const a = await lab.addDevice("a", { interfaces: { eth0: { gateway: home } } });
  assertEquals([links(home), bridges(home)], [["a", "ix"], []]);
  await expectPings([[a, server.ip!, true], [server, a.ip6!, true]]);

  const b = await lab.addDevice("b", { interfaces: { eth0: { gateway: home } } });
  assertEquals([links(home), bridges(home)], [["a", "b", "ix", "lan"], ["lan"]]);
  const c = await lab.addDevice("c", { interfaces: { eth0: { gateway: home } } });
  assertEquals([links(home), bridges(home)], [["a", "b", "c", "ix", "lan"], ["lan"]]);
  const all: Device[] = [a, b, c, server];
  await expectPings(
    all.flatMap((from) =>
      all.flatMap((to): [Node, string, boolean][] => [[from, to.ip!, true], [from, to.ip6!, true]])
    ),
  );
  await expectPings([[a, home.downstreamGateway!, true], [a, home.downstreamGateway6!, true]]);
});

// ix -- home(first, then second);  ix -- dc(server)
Deno.test("a connection of the first device survives the arrival of the second", async () => {
  await using lab = await Lab.create();
  const home = await lab.addRouter("home", { preset: "home" });
  const dc = await lab.addRouter("dc");
  const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
  const first = await lab.addDevice("first", { interfaces: { eth0: { gateway: home } } });
  using listener = server.runSync(() => Deno.listen({ hostname: server.ip!, port: 0 }));
  const { port } = listener.addr as Deno.NetAddr;
  const accepting = listener.accept();
  using client = await first.runSync(() => Deno.connect({ hostname: server.ip!, port }));
  using peer = await accepting;
  // Of neighbours it knows one more then.
  const before = { ...config(first), neighbours: [] };

  const exchange = async (byte: number) => {
    const buffer = new Uint8Array(1);
    await client.write(new Uint8Array([byte]));
    await peer.read(buffer);
    await peer.write(buffer);
    await client.read(buffer);
    return buffer[0];
  };
  assertEquals(await exchange(1), 1);
  const second = await lab.addDevice("second", { interfaces: { eth0: { gateway: home } } });
  assertEquals(await exchange(2), 2);
  assertEquals({ ...config(first), neighbours: [] }, before);
  await lab.remove(second);
  assertEquals(await exchange(3), 3);
});

// ix -- top(inner(x), then second)
Deno.test("a router behind another keeps its routes when a second neighbour arrives", async () => {
  await using lab = await Lab.create();
  const top = await lab.addRouter("top");
  const inner = await lab.addRouter("inner", { upstream: top, mtu: 1400 });
  const x = await lab.addDevice("x", { interfaces: { eth0: { gateway: inner } } });
  const behind = [inner.downstreamCidr, inner.downstreamCidr6];
  const routes = () =>
    ["-4", "-6"].flatMap((family) =>
      ip(top, `${family} route`).filter(({ dst }) => behind.includes(dst))
        .map(({ dst, gateway, dev, metrics }) => [dst, gateway, dev, metrics?.[0].mtu])
    );
  const expected = (dev: string) => [
    [inner.downstreamCidr, inner.uplinkIp, dev, 1400],
    [inner.downstreamCidr6, inner.uplinkIp6, dev, 1400],
  ];
  assertEquals(routes(), expected("inner"));
  const second = await lab.addDevice("second", { interfaces: { eth0: { gateway: top } } });
  assertEquals(routes(), expected("lan"));
  await expectPings([[second, x.ip!, true], [second, x.ip6!, true], [lab.ix, x.ip!, true]]);
  await lab.remove(second);
  await lab.remove(x);
  await lab.remove(inner);
  assertEquals(routes(), []);
});

// home -- device: sockets that were there before, so that nothing but the operation waits.
Deno.test("packets sent right after a node was made, or a link came up, arrive", async () => {
  await using lab = await Lab.create();
  const home = await lab.addRouter("home");
  for (let round = 0; round < 10; round++) {
    const device = await lab.addDevice("device", { interfaces: { eth0: { gateway: home } } });
    const ends = [
      [device.ip6!, home.downstreamGateway6!],
      [device.ip!, home.downstreamGateway!],
    ];
    for (const [to, gateway] of ends) {
      await using inside = udp(device, to);
      await using outside = udp(home, gateway);
      for (let n = 1; n <= 3; n++) {
        await outside.send(to, inside.port);
        assertEquals(await inside.received(n), n, `round ${round}: to ${to}`);
        await inside.send(gateway, outside.port);
        assertEquals(await outside.received(n), n, `round ${round}: from ${to}`);
        await device.interface("eth0").linkDown();
        await device.interface("eth0").linkUp();
      }
    }
    await lab.remove(device);
  }
});

Deno.test("node names with a meaning for the kernel work like any other", async () => {
  await using lab = await Lab.create();
  const router = await lab.addRouter("default");
  const devices = [];
  for (const name of ["all", "lo", "lan", "wan", "a-name-of-more-than-15-letters", "eth0"]) {
    devices.push(await lab.addDevice(name, { interfaces: { eth0: { gateway: router } } }));
  }
  await using web = greet(lab.ix, lab.ix.ip);
  for (const device of devices) {
    assertEquals(await seenBy(device, lab.ix.ip, web.port), device.ip);
  }
});
