import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type Bridge,
  type Device,
  InvalidNameError,
  Lab,
  NotFoundError,
  TopologyError,
} from "@netyard/netyard";
import { eventsOf, expectPings, pings, sh, udp } from "../kit.ts";

interface World {
  lab: Lab;
  lan: Bridge;
  a: Device;
  b: Device;
  c: Device;
}

/** a, b and c on a bridge. */
async function three(test: (world: World) => Promise<void>): Promise<void> {
  await using lab = await Lab.create({ seed: 1 });
  const lan = lab.bridge("lan");
  const [a, b, c] = [await lab.addDevice("a"), await lab.addDevice("b"), await lab.addDevice("c")];
  await lan.attach([a, b, c]);
  await test({ lab, lan, a, b, c });
}

/** Whether `from` gets an answer to a question for the hardware address of another. */
function arps(from: Device, ip: string): boolean {
  sh(from, `ip neigh flush all`);
  return !/INCOMPLETE|FAILED/.test(
    sh(from, `ping -c 1 -W 1 ${ip} >/dev/null || :; ip neigh show ${ip}`) || "FAILED",
  );
}

Deno.test("a partition drops every frame between two members, and no other", () =>
  three(async ({ lan, a, b, c }) => {
    await lan.partition(a, b);
    assertEquals([lan.isPartitioned(a, b), lan.isPartitioned("b", "a")], [true, true]);
    assertEquals(lan.isPartitioned(a, c), false);
    await expectPings([
      [a, b.ip!, false],
      [b, a.ip!, false],
      [a, b.ip6!, false],
      [b, a.ip6!, false],
      [a, `${b.interface("eth0").linkLocal6}%eth0`, false],
      [a, c.ip!, true],
      [b, c.ip6!, true],
      [a, lan.gateway!, true],
      [b, lan.gateway6!, true],
    ]);
    assertEquals([arps(a, b.ip!), arps(a, c.ip!)], [false, true], "ARP does not pass either");
    await lan.unpartition(b, a);
    await expectPings([[a, b.ip!, true], [b, a.ip6!, true]]);
    await lan.unpartition(b, a);
  }));

Deno.test("a partition of one direction leaves the other open", () =>
  three(async ({ lan, a, b }) => {
    await lan.partition({ from: a, to: b });
    assertEquals([lan.isPartitioned(a, b), lan.isPartitioned(b, a)], [true, false]);
    assertEquals(await pings(a, b.ip!), false);
    const got = async (to: Device, from: Device) => {
      await using server = udp(to, to.ip!);
      await using client = udp(from, from.ip!);
      await client.send(to.ip!, server.port);
      return await server.received(1, 500) === 1;
    };
    assertEquals([await got(b, a), await got(a, b)], [false, true]);
    await lan.unpartition({ from: b, to: a });
    assertEquals(await got(b, a), false, "another one was taken back");
    await lan.unpartition({ from: a, to: b });
    assertEquals(await got(b, a), true);
  }));

Deno.test("partitionAll separates all members, and restoreAll ends every partition", () =>
  three(async ({ lab, lan, a, b, c }) => {
    await lan.partition(a, b);
    await lan.partitionAll();
    assertEquals(lan.isPartitioned(b, c), true);
    const d = await lab.addDevice("d");
    await lan.attach(d);
    await expectPings([
      [a, c.ip!, false],
      [b, c.ip6!, false],
      [d, a.ip!, false],
      [d, lan.gateway!, true],
    ]);
    await lan.partition({ from: c, to: d });
    await lan.restoreAll();
    assertEquals([lan.isPartitioned(a, b), lan.isPartitioned(c, d)], [false, false]);
    await expectPings([[a, b.ip!, true], [a, c.ip!, true], [d, a.ip!, true], [c, d.ip6!, true]]);
  }));

Deno.test("in a partition of one direction, addresses are still resolved, so that the other works", () =>
  three(async ({ lan, a, b }) => {
    await lan.partition({ from: a, to: b });
    const arrives = async (from: Device, to: Device, family: 4 | 6) => {
      const ip = family === 4 ? to.ip! : to.ip6!;
      await using server = udp(to, ip);
      await using client = udp(from, family === 4 ? from.ip! : from.ip6!);
      await client.send(ip, server.port);
      return await server.received(1, 1_000) === 1;
    };
    for (const family of [4, 6] as const) {
      for (const node of [a, b]) sh(node, "ip neigh flush all; ip -6 neigh flush all");
      assertEquals(
        [await arrives(b, a, family), await arrives(a, b, family)],
        [true, false],
        `IPv${family}`,
      );
    }
    await lan.partition({ from: b, to: a });
    assertEquals([arps(a, b.ip!), arps(b, a.ip!)], [false, false], "nothing passes any more");
  }));

Deno.test("rules for bare names stand before there are such nodes, and hold from when they attach", async () => {
  await using lab = await Lab.create();
  const lan = lab.bridge("lan");
  await lan.partition("a", "b");
  await lan.isolate("c");
  assertEquals([lan.isPartitioned("b", "a"), lan.isPartitioned("x", "y")], [true, false]);
  assertEquals([lan.isIsolated("c"), lan.isIsolated("x")], [true, false]);
  await assertRejects(() => lan.partition("a", "B c"), InvalidNameError, "is not a name");
  await assertRejects(() => lan.isolate("ix"), NotFoundError);
  await assertRejects(() => lan.partition({ from: "a", to: "b" }), NotFoundError);
  const nodes = [];
  for (const name of ["a", "b", "c", "d"]) nodes.push(await lab.addDevice(name));
  await lan.attach(nodes);
  const [a, b, c, d] = nodes;
  await expectPings([[a, b.ip!, false], [a, c.ip!, false], [a, d.ip!, true], [b, d.ip6!, true]]);
});

Deno.test("isolation is independent of partitions", () =>
  three(async ({ lan, a, b, c }) => {
    await lan.isolate(a);
    assertEquals([lan.isIsolated("a"), lan.isIsolated(b), lan.isPartitioned(a, b)], [
      true,
      false,
      false,
    ]);
    await expectPings([
      [a, b.ip!, false],
      [c, a.ip6!, false],
      [b, c.ip!, true],
      [a, lan.gateway!, true],
    ]);
    await lan.restoreAll();
    assertEquals(await pings(a, b.ip!), false);
    await lan.partition(a, b);
    await lan.unisolate(a);
    await expectPings([[a, b.ip!, false], [a, c.ip!, true]]);
  }));

Deno.test("rules set before members attach are effective from the first frame on", async () => {
  await using lab = await Lab.create();
  const lan = lab.bridge("lan");
  const [a, b, c] = [await lab.addDevice("a"), await lab.addDevice("b"), await lab.addDevice("c")];
  await lan.partition("a", "b");
  await lan.isolate("c");
  await lan.attach([a, b, c]);
  await expectPings([[a, b.ip!, false], [c, a.ip!, false], [a, lan.gateway!, true]]);
  await lan.detach(a);
  await lan.attach(a);
  assertEquals([lan.isPartitioned(a, b), await pings(a, b.ip!)], [true, false]);
  await lan.unpartition(a, b);
  assertEquals(await pings(a, b.ip!), true);
});

Deno.test("a one-way rule needs both members attached and up, and ends when either leaves", () =>
  three(async ({ lab, lan, a, b }) => {
    const d = await lab.addDevice("d");
    await assertRejects(() => lan.partition({ from: a, to: d }), NotFoundError, "attach() first");
    await b.interface("eth0").linkDown();
    await assertRejects(() => lan.partition({ from: a, to: b }), TopologyError, "linkUp() first");
    await b.interface("eth0").linkUp();
    await lan.partition({ from: a, to: b });
    await lan.partition({ from: b, to: a });
    await lan.detach(b);
    assertEquals(lan.isPartitioned(a, b), false);
    await lan.unpartition({ from: a, to: b });
    await lan.attach(b);
    assertEquals(await pings(a, b.ip!), true);
  }));

Deno.test("partitions persist while interfaces go down and up, and move", () =>
  three(async ({ lab, lan, a, b, c }) => {
    await lan.partition(a, b);
    await b.interface("eth0").linkDown();
    await b.interface("eth0").linkUp();
    assertEquals(await pings(a, b.ip!), false);
    const other = lab.bridge("other");
    await b.interface("eth0").replug(other);
    await b.interface("eth0").replug(lan);
    await expectPings([[a, b.ip!, false], [c, b.ip!, true]]);
  }));

Deno.test("the LAN of a router has partitions, from its second member on", async () => {
  await using lab = await Lab.create();
  const home = await lab.addRouter("home", { preset: "home" });
  const [a, b] = [await lab.addDevice("a"), await lab.addDevice("b")];
  await home.lan.partition(a, b);
  await home.lan.attach(a);
  assertEquals(await pings(a, home.downstreamGateway!), true);
  await home.lan.attach(b);
  await expectPings([
    [a, b.ip!, false],
    [b, a.ip6!, false],
    [a, home.downstreamGateway!, true],
    [b, home.uplinkIp!, true],
  ]);
  await home.lan.reset();
  assertEquals(await pings(a, b.ip!), true);
});

Deno.test("a partition with itself, or in one direction with an unknown member, is refused", () =>
  three(async ({ lan, a }) => {
    await assertRejects(() => lan.partition(a, "a"), TopologyError, 'both are "a"');
    await assertRejects(() => lan.partition({ from: a, to: "a" }), TopologyError);
    await assertRejects(() => lan.partition({ from: a, to: "nobody" }), NotFoundError, '"nobody"');
    assertThrows(() => lan.isPartitioned(a, a), TopologyError);
    assertThrows(() => lan.isIsolated("no body"), InvalidNameError);
    assertEquals(await pings(a, "b.lan"), true);
  }));

Deno.test("a partition is effective immediately, and emitted once", () =>
  three(async ({ lab, lan, a, b }) => {
    const times: number[] = [];
    for (let n = 0; n < 5; n++) {
      for (const act of [() => lan.partition(a, b), () => lan.unpartition(a, b)]) {
        const start = performance.now();
        await act();
        times.push(performance.now() - start);
        await act();
      }
    }
    const median = times.sort((x, y) => x - y)[5];
    assert(median < 150, `it took ${median} ms`);
    const events = (await eventsOf(lab)).filter(({ kind }) => kind === "bridge-partitions-changed");
    assertEquals(events.length, 10);
  }));
