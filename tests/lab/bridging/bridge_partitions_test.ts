import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type Bridge, type Device, Lab, NotFoundError, TopologyError } from "@netyard/netyard";
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
    await pings(a, b.ip!); // Both know each other, so that nobody has to ask.
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

Deno.test("partitionAll separates all members, and restoreAll keeps later rules", () =>
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
    await lan.restoreAll();
    await expectPings([[a, b.ip!, false], [a, c.ip!, true], [d, a.ip!, true]]);
  }));

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

Deno.test("a partition with itself or with an unknown member is refused", () =>
  three(async ({ lan, a }) => {
    await assertRejects(() => lan.partition(a, "a"), TopologyError, 'both are "a"');
    await assertRejects(() => lan.partition({ from: a, to: "a" }), TopologyError);
    await assertRejects(() => lan.partition(a, "nobody"), NotFoundError, '"nobody"');
    assertThrows(() => lan.isPartitioned(a, a), TopologyError);
    assertThrows(() => lan.isIsolated("nobody"), NotFoundError);
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
