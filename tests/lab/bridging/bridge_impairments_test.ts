import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type Bridge,
  type Device,
  InvalidOptionError,
  Lab,
  NotFoundError,
  TopologyError,
} from "@netyard/netyard";
import { eventsOf, expectPings, links, pings, sh } from "../kit.ts";

interface World {
  lab: Lab;
  lan: Bridge;
  a: Device;
  b: Device;
  c: Device;
}

/** a, b and c on a bridge, who know each other's hardware addresses. */
async function three(test: (world: World) => Promise<void>): Promise<void> {
  await using lab = await Lab.create({ seed: 7 });
  const lan = lab.bridge("lan");
  const [a, b, c] = [await lab.addDevice("a"), await lab.addDevice("b"), await lab.addDevice("c")];
  await lan.attach([a, b, c]);
  await expectPings([[a, b.ip!, true], [a, c.ip!, true], [b, c.ip!, true]]);
  await test({ lab, lan, a, b, c });
}

/** The least time of a round trip, in milliseconds: a busy host makes some longer. */
async function roundTrip(from: Device, ip: string, count = 7): Promise<number> {
  const args = ["-c", String(count), "-i", "0.02", "-W", "2", ip];
  const { stdout } = await from.command("ping", { args }).output();
  const times = [...new TextDecoder().decode(stdout).matchAll(/time=([\d.]+)/g)]
    .map(([, ms]) => Number(ms));
  assertEquals(times.length > count / 2, true, `${from.name} has answers from ${ip}`);
  return Math.min(...times);
}

/** Checks a time that a busy host may lengthen. */
function near(actual: number, wanted: number, what: string, slack = 12): void {
  assert(actual >= wanted - 1 && actual < wanted + slack, `${what}: ${actual} ms, not ${wanted}`);
}

/** How many of so many pings are answered. */
async function answered(from: Device, ip: string, count: number): Promise<number> {
  const args = ["-q", "-c", String(count), "-i", "0.002", "-W", "1", ip];
  const { stdout } = await from.command("ping", { args }).output();
  return Number(/(\d+) received/.exec(new TextDecoder().decode(stdout))![1]);
}

/** What each of some pairs gets through by TCP at the same time, in Mbit/s. */
async function goodput(pairs: [from: Device, to: Device][], ms = 1500): Promise<number[]> {
  const flows = await Promise.all(pairs.map(async ([from, to]) => {
    const hostname = to.ip!;
    const listener = to.runSync(() => Deno.listen({ hostname, port: 0 }));
    const { port } = listener.addr as Deno.NetAddr;
    const [sender, receiver] = await Promise.all([
      from.runSync(() => Deno.connect({ hostname, port })),
      listener.accept(),
    ]);
    listener.close();
    return { sender, receiver, bytes: 0 };
  }));
  let over = false;
  const work = flows.flatMap((flow) => [
    (async () => {
      while (!over) await flow.sender.write(new Uint8Array(65536));
    })().catch(() => {}),
    (async () => {
      const buffer = new Uint8Array(65536);
      for (let n; (n = await flow.receiver.read(buffer)) !== null;) flow.bytes += n;
    })().catch(() => {}),
  ]);
  // The queues fill first: what is measured is the rate at which they empty.
  await new Promise((done) => setTimeout(done, 300));
  const before = flows.map(({ bytes }) => bytes);
  const start = performance.now();
  await new Promise((done) => setTimeout(done, ms));
  const seconds = (performance.now() - start) / 1000;
  const rates = flows.map(({ bytes }, i) => (bytes - before[i]) * 8 / seconds / 1e6);
  over = true;
  for (const { sender, receiver } of flows) [sender, receiver].forEach((conn) => conn.close());
  await Promise.all(work);
  return rates;
}

Deno.test("the latency of a whole bridge meets each frame once, of the gateway's too", () =>
  three(async ({ lab, lan, a, b, c }) => {
    await lan.addLatency(15);
    assertEquals(lan.latencyMs, 15);
    near(await roundTrip(a, b.ip!), 30, "a to b");
    near(await roundTrip(c, b.ip6!), 30, "c to b by IPv6");
    near(await roundTrip(a, lan.gateway!), 30, "a to the gateway");
    const d = await lab.addDevice("d");
    await lan.attach(d);
    near(await roundTrip(d, a.ip!), 30, "who joins later meets it too");
    await lan.addLatency(5);
    near(await roundTrip(a, b.ip!), 10, "set again");
    await lan.addLatency(0);
    near(await roundTrip(a, b.ip!), 1, "cleared");
  }));

Deno.test("the latency of one way delays that way alone", () =>
  three(async ({ lan, a, b, c }) => {
    await lan.addLatency({ from: a, to: b, ms: 40 });
    near(await roundTrip(a, b.ip!), 40, "a to b and back");
    near(await roundTrip(b, a.ip6!), 40, "b to a and back, by IPv6");
    near(await roundTrip(a, c.ip!), 1, "a to c");
    near(await roundTrip(b, c.ip!), 1, "b to c");
    near(await roundTrip(a, lan.gateway!), 1, "a to the gateway");
    await lan.addLatency({ from: b, to: a, ms: 20 });
    near(await roundTrip(a, b.ip!), 60, "both ways");
    await lan.addLatency({ from: a, to: c, ms: 80 });
    near(await roundTrip(a, b.ip!), 60, "another way from the same member");
    near(await roundTrip(a, c.ip!), 80, "a to c");
    assertEquals(lan.latencyMs, 0, "the whole bridge has none");
    await lan.addLatency({ from: a, to: b, ms: 0 });
    near(await roundTrip(a, b.ip!), 20, "one way is cleared");
  }));

Deno.test("all impairments add up, with those of the interfaces", () =>
  three(async ({ lan, a, b, c }) => {
    await b.interface("eth0").setCondition({ latencyMs: 10 }, "down");
    await lan.addLatency({ from: a, to: b, ms: 20 });
    await lan.addLatency(5);
    await a.interface("eth0").setCondition({ latencyMs: 3 }, "up");
    near(await roundTrip(a, b.ip!), 3 + 5 + 20 + 10 + 5, "a to b and back");
    near(await roundTrip(c, b.ip!), 5 + 10 + 5, "c to b and back");
    assertEquals(a.interface("eth0").conditions.up, { latencyMs: 3 }, "its own is its own");
    await a.interface("eth0").setCondition(null);
    near(await roundTrip(a, b.ip!), 5 + 20 + 10 + 5, "without a's own");
    await lan.reset();
    near(await roundTrip(a, b.ip!), 10, "after a reset, the interface's own");
  }));

Deno.test("large transfers take the way, too, in frames as large as without it", () =>
  three(async ({ lan, a, b }) => {
    await lan.addLatency({ from: a, to: b, ms: 1 });
    const [rate] = await goodput([[a, b]], 500);
    assert(rate > 150, `${rate} Mbit/s`);
  }));

Deno.test("ARP and broadcasts take the way, too", () =>
  three(async ({ lan, a, b }) => {
    await lan.addLatency({ from: a, to: b, ms: 60 });
    sh(a, "ip neigh flush all");
    sh(b, "ip neigh flush all");
    const first = await roundTrip(a, b.ip!, 1);
    assert(first >= 119, `the question and the packet are both late: ${first} ms`);
  }));

Deno.test("loss on one way is lost there, and nowhere else", () =>
  three(async ({ lan, a, b, c }) => {
    await lan.dropRate({ from: a, to: b, pct: 30 });
    const count = 600;
    const got = await answered(a, b.ip!, count);
    assert(Math.abs(got - 0.7 * count) < 70, `${got} of ${count}`);
    assertEquals(await answered(a, c.ip!, 300), 300);
    assertEquals(await answered(b, c.ip!, 300), 300);
    await lan.dropRate({ from: a, to: b, pct: 0 });
    assertEquals(await answered(a, b.ip!, 300), 300);
  }));

Deno.test("loss on the whole bridge comes upon each frame once", () =>
  three(async ({ lan, a, b }) => {
    await lan.dropRate(20);
    assertEquals(lan.dropRatePct, 20);
    const count = 600;
    const got = await answered(a, b.ip!, count);
    // Once there and once back.
    assert(Math.abs(got - 0.64 * count) < 75, `${got} of ${count}`);
    await lan.dropRate(100);
    await expectPings([[a, b.ip!, false], [a, lan.gateway!, false]]);
    await lan.dropRate(0);
    assertEquals(await answered(a, b.ip!, 200), 200);
  }));

Deno.test("the rate of the whole bridge is one for all members together", () =>
  three(async ({ lan, a, b, c }) => {
    await lan.bandwidthLimit(20_000_000);
    assertEquals(lan.bandwidthBps, 20_000_000);
    const [alone] = await goodput([[a, b]]);
    assert(alone > 14 && alone < 21, `one flow: ${alone} Mbit/s`);
    const both = await goodput([[a, b], [c, b]]);
    const sum = both[0] + both[1];
    assert(sum > 14 && sum < 21, `two flows: ${both} Mbit/s`);
    assert(Math.min(...both) > 0.5, `nobody is left out: ${both} Mbit/s`);
    await lan.bandwidthLimit(8_000_000);
    const [slower] = await goodput([[b, c]]);
    assert(slower > 5 && slower < 8.4, `less: ${slower} Mbit/s`);
    await lan.bandwidthLimit(0);
    const [free] = await goodput([[a, b]], 500);
    assert(free > 100, `unlimited: ${free} Mbit/s`);
  }));

Deno.test("latency, loss and rate of the whole bridge hold together, with those of one way", () =>
  three(async ({ lan, a, b, c }) => {
    await lan.bandwidthLimit(20_000_000);
    await lan.addLatency(10);
    await lan.addLatency({ from: a, to: b, ms: 20 });
    await lan.bandwidthLimit({ from: a, to: b, bps: 5_000_000 });
    near(await roundTrip(a, b.ip!), 40, "a to b and back");
    near(await roundTrip(a, c.ip!), 20, "a to c and back");
    const [slow, fast] = await goodput([[a, b], [b, c]], 2000);
    assert(slow > 1.5 && slow < 5.4, `a to b: ${slow} Mbit/s`);
    assert(fast > 8 && slow + fast < 21, `b to c: ${fast} Mbit/s beside ${slow}`);
    await lan.dropRate({ from: c, to: a, pct: 100 });
    await expectPings([[a, c.ip!, false], [a, b.ip!, true], [b, c.ip!, true]]);
    assertEquals([lan.latencyMs, lan.dropRatePct, lan.bandwidthBps], [10, 0, 20_000_000]);
    await lan.reset();
    near(await roundTrip(a, b.ip!), 1, "after a reset");
    assertEquals([lan.latencyMs, lan.dropRatePct, lan.bandwidthBps], [0, 0, 0]);
  }));

Deno.test("a member with two interfaces is one member by both of them", async () => {
  await using lab = await Lab.create({ seed: 7 });
  const lan = lab.bridge("lan");
  const two = { eth0: { gateway: lan }, eth1: { gateway: lan } };
  const a = await lab.addDevice("a");
  const b = await lab.addDevice("b", { interfaces: two });
  await lan.attach(a);
  assertEquals(lan.members, ["b", "a"]);
  // Each answers for itself, and not for the other.
  sh(b, "sysctl -qw net.ipv4.conf.all.arp_ignore=1");
  const [one, other] = b.interfaces.map(({ ip }) => ip!);
  await lan.addLatency({ from: a, to: b, ms: 20 });
  near(await roundTrip(a, one), 20, "to the first");
  near(await roundTrip(a, other), 20, "to the second");
  await lan.partition(a, b);
  await expectPings([[a, one, false], [a, other, false]]);
});

Deno.test("the rate of one way limits that way alone", () =>
  three(async ({ lan, a, b, c }) => {
    await lan.bandwidthLimit({ from: a, to: b, bps: 5_000_000 });
    const [slow, fast] = await goodput([[a, b], [a, c]], 1000);
    assert(slow > 3 && slow < 5.4, `a to b: ${slow} Mbit/s`);
    assert(fast > 50, `a to c: ${fast} Mbit/s`);
    const [back] = await goodput([[b, a]], 500);
    assert(back > 50, `b to a: ${back} Mbit/s`);
  }));

Deno.test("a partition loses what is on the way between the two", () =>
  three(async ({ lan, a, b }) => {
    await lan.addLatency({ from: a, to: b, ms: 300 });
    const ping = a.command("ping", { args: ["-c", "1", "-W", "2", b.ip!] }).output();
    await new Promise((done) => setTimeout(done, 100)); // It is on its way for longer than that.
    await lan.partition(a, b);
    await lan.unpartition(a, b);
    assertEquals((await ping).success, false);
    assertEquals(await pings(a, b.ip!), true);
  }));

Deno.test("a detour ends with its last limit, or with a member", () =>
  three(async ({ lab, lan, a, b }) => {
    await lan.addLatency({ from: a, to: b, ms: 10 });
    await lan.dropRate({ from: a, to: b, pct: 0 });
    near(await roundTrip(a, b.ip!), 10, "another limit does not take it away");
    await lan.detach(b);
    await lan.attach(b);
    near(await roundTrip(a, b.ip!), 1, "b came back without it");
    const events = await eventsOf(lab);
    const last = events.findLast(({ kind }) => kind === "bridge-impairments-changed");
    assert(last?.kind === "bridge-impairments-changed");
    assertEquals(last.impairments.oneWay, []);
  }));

Deno.test("a router's LAN is impaired as any bridge, and has nothing of it left", async () => {
  await using lab = await Lab.create({ seed: 7 });
  const home = await lab.addRouter("home", { preset: "home" });
  const [a, b] = [await lab.addDevice("a"), await lab.addDevice("b")];
  await home.lan.attach([a, b]);
  const before = links(home);
  await home.lan.addLatency({ from: a, to: b, ms: 30 });
  await home.lan.addLatency(5);
  near(await roundTrip(a, b.ip!), 40, "a to b and back");
  near(await roundTrip(a, home.downstreamGateway!), 10, "a to the router");
  assertEquals(home.downlinkCondition, undefined, "its own is its own");
  await home.setDownlinkCondition({ latencyMs: 7 });
  near(await roundTrip(a, home.downstreamGateway!), 17, "with the router's own");
  await home.lan.reset();
  near(await roundTrip(a, home.downstreamGateway!), 7, "the router's own stays");
  // What the link emulator made, it keeps for another use.
  assertEquals(links(home).filter((name) => !name.startsWith("emu")), before);
  assertEquals(sh(home, "nft list tables bridge; nft list tables netdev"), "");
});

Deno.test("impairments move with an interface that is replugged", async () => {
  await using lab = await Lab.create({ seed: 7 });
  const [x, y] = [lab.bridge("x"), lab.bridge("y")];
  const [a, b, c] = [await lab.addDevice("a"), await lab.addDevice("b"), await lab.addDevice("c")];
  await x.attach([a, b]);
  await y.attach(c);
  await x.addLatency(20);
  await y.addLatency(5);
  await x.addLatency({ from: a, to: b, ms: 50 });
  await a.interface("eth0").replug(y);
  near(await roundTrip(a, c.ip!), 10, "on the other bridge");
  await a.interface("eth0").replug(x);
  near(await roundTrip(a, b.ip!), 40, "back, without what was of one direction");
});

Deno.test("what cannot be is refused, and changes nothing", () =>
  three(async ({ lab, lan, a, b }) => {
    const d = await lab.addDevice("d");
    await lan.addLatency(5);
    const bad: [() => Promise<void>, new (...args: never[]) => Error, string][] = [
      [() => lan.addLatency(-1), InvalidOptionError, "-1"],
      [() => lan.addLatency(NaN), InvalidOptionError, 'bridge "lan": addLatency()'],
      [() => lan.addLatency(Infinity), InvalidOptionError, "Infinity"],
      [() => lan.addLatency(60_001), InvalidOptionError, "at most 60000"],
      [() => lan.dropRate(101), InvalidOptionError, "100"],
      [() => lan.dropRate({ from: a, to: b, pct: -1 }), InvalidOptionError, '"pct" is -1'],
      [() => lan.bandwidthLimit(999), InvalidOptionError, "999"],
      [() => lan.bandwidthLimit(1e12), InvalidOptionError, "1000000000000"],
      [() => lan.bandwidthLimit("1m" as unknown as number), InvalidOptionError, "1m"],
      [() => lan.addLatency({ from: a, to: b } as never), InvalidOptionError, '"ms" is missing'],
      [
        () => lan.addLatency({ from: a, to: b, ms: 1, jitter: 1 } as never),
        InvalidOptionError,
        '"jitter"',
      ],
      [() => lan.addLatency({ from: a, to: d, ms: 1 }), NotFoundError, "attach() first"],
      [() => lan.addLatency({ from: a, to: "bb", ms: 1 }), NotFoundError, 'did you mean "b"?'],
      [() => lan.addLatency({ from: a, to: a, ms: 1 }), TopologyError, 'both are "a"'],
    ];
    for (const [act, type, message] of bad) await assertRejects(act, type, message);
    assertEquals([lan.latencyMs, lan.dropRatePct, lan.bandwidthBps], [5, 0, 0]);
    near(await roundTrip(a, b.ip!), 10, "as before");
  }));

Deno.test("an impairment is in force within 150 ms of the call", () =>
  three(async ({ lan, a, b }) => {
    await lan.addLatency(1); // The engine runs from here on.
    const times: number[] = [];
    for (let n = 1; n <= 5; n++) {
      for (
        const act of [
          () => lan.addLatency(n),
          () => lan.addLatency({ from: a, to: b, ms: n }),
          () => lan.bandwidthLimit(1e7 * n),
          () => lan.addLatency({ from: a, to: b, ms: 0 }),
          () => lan.reset(),
        ]
      ) {
        const start = performance.now();
        await act();
        times.push(performance.now() - start);
      }
    }
    times.sort((x, y) => x - y);
    console.log(`median ${times[12].toFixed(1)} ms, longest ${times.at(-1)!.toFixed(1)} ms`);
    assert(times[12] < 150, `median ${times[12]} ms`);
  }));
