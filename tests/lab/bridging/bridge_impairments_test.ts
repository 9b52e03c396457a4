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
import { ping, takes } from "../../link/kit.ts";

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

type Range = [least: number, most: number];

/**
 * Checks how many Mbit/s each of some pairs gets through at the same time, and all together. A busy
 * host may leave too little time for them, for a while, but never makes a limit wider.
 */
async function carry(
  pairs: [from: Device, to: Device][],
  ranges: Range[],
  { ms = 1500, sum = [0, Infinity] as Range } = {},
): Promise<void> {
  for (let attempt = 1;; attempt++) {
    const rates = await goodput(pairs, ms);
    const found = [...rates, rates.reduce((all, rate) => all + rate, 0)];
    const wanted = [...ranges, sum];
    const message = `${found} Mbit/s, not between ${wanted.join(" and ")}`;
    assert(found.every((rate, i) => rate < wanted[i][1]), message);
    if (found.every((rate, i) => rate > wanted[i][0])) return;
    assert(attempt < 5, message);
  }
}

Deno.test("the latency of a whole bridge delays each frame once, also those of the gateway", () =>
  three(async ({ lab, lan, a, b, c }) => {
    await lan.addLatency(15);
    assertEquals(lan.latencyMs, 15);
    await takes(30, a, b.ip!);
    await takes(30, c, b.ip6!); // c to b by IPv6
    await takes(30, a, lan.gateway!);
    const d = await lab.addDevice("d");
    await lan.attach(d);
    await takes(30, d, a.ip!); // who joins later meets it too
    await lan.addLatency(5);
    await takes(10, a, b.ip!); // set again
    await lan.addLatency(0);
    await takes(0, a, b.ip!); // cleared
  }));

Deno.test("the latency of one direction delays that direction alone", () =>
  three(async ({ lan, a, b, c }) => {
    await lan.addLatency({ from: a, to: b, ms: 40 });
    await takes(40, a, b.ip!);
    await takes(40, b, a.ip6!); // b to a and back, by IPv6
    await takes(0, a, c.ip!);
    await takes(0, b, c.ip!);
    await takes(0, a, lan.gateway!);
    await lan.addLatency({ from: b, to: a, ms: 20 });
    await takes(60, a, b.ip!); // both ways
    await lan.addLatency({ from: a, to: c, ms: 80 });
    await takes(60, a, b.ip!); // another way from the same member
    await takes(80, a, c.ip!);
    assertEquals(lan.latencyMs, 0, "the whole bridge has none");
    await lan.addLatency({ from: a, to: b, ms: 0 });
    await takes(20, a, b.ip!); // one way is cleared
  }));

Deno.test("all impairments add up, with those of the interfaces", () =>
  three(async ({ lan, a, b, c }) => {
    await b.interface("eth0").setCondition({ latencyMs: 10 }, "down");
    await lan.addLatency({ from: a, to: b, ms: 20 });
    await lan.addLatency(5);
    await a.interface("eth0").setCondition({ latencyMs: 3 }, "up");
    await takes(3 + 5 + 20 + 10 + 5, a, b.ip!);
    await takes(5 + 10 + 5, c, b.ip!);
    assertEquals(a.interface("eth0").conditions.up, { latencyMs: 3 }, "its own is its own");
    await a.interface("eth0").setCondition(null);
    await takes(5 + 20 + 10 + 5, a, b.ip!); // without a's own
    await lan.reset();
    await takes(10, a, b.ip!); // after a reset, the interface's own
  }));

Deno.test("large transfers take the detour too, in frames of the same size", () =>
  three(async ({ lan, a, b }) => {
    await lan.addLatency({ from: a, to: b, ms: 1 });
    await carry([[a, b]], [[150, Infinity]], { ms: 500 });
  }));

Deno.test("ARP and broadcasts take the detour too", () =>
  three(async ({ lan, a, b }) => {
    await lan.addLatency({ from: a, to: b, ms: 60 });
    sh(a, "ip neigh flush all");
    sh(b, "ip neigh flush all");
    const { minMs: first } = await ping(a, b.ip!, "-c", "1");
    assert(first >= 119, `the question and the packet are both late: ${first} ms`);
  }));

Deno.test("loss in one direction affects that direction alone", () =>
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

Deno.test("loss of the whole bridge applies to each frame once", () =>
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

Deno.test("all members share the rate of the whole bridge", () =>
  three(async ({ lan, a, b, c }) => {
    await lan.bandwidthLimit(20_000_000);
    assertEquals(lan.bandwidthBps, 20_000_000);
    await carry([[a, b]], [[14, 21]]);
    // No flow is left out.
    await carry([[a, b], [c, b]], [[0.5, 21], [0.5, 21]], { sum: [14, 21] });
    await lan.bandwidthLimit(8_000_000);
    await carry([[b, c]], [[5, 8.4]]);
    await lan.bandwidthLimit(0);
    await carry([[a, b]], [[100, Infinity]], { ms: 500 });
  }));

Deno.test("latency, loss and rate of the whole bridge combine with those of one direction", () =>
  three(async ({ lan, a, b, c }) => {
    await lan.bandwidthLimit(20_000_000);
    await lan.addLatency(10);
    await lan.addLatency({ from: a, to: b, ms: 20 });
    await lan.bandwidthLimit({ from: a, to: b, bps: 5_000_000 });
    await takes(40, a, b.ip!);
    await takes(20, a, c.ip!);
    await carry([[a, b], [b, c]], [[1.5, 5.4], [8, 21]], { ms: 2000, sum: [9.5, 21] });
    await lan.dropRate({ from: c, to: a, pct: 100 });
    await expectPings([[a, c.ip!, false], [a, b.ip!, true], [b, c.ip!, true]]);
    assertEquals([lan.latencyMs, lan.dropRatePct, lan.bandwidthBps], [10, 0, 20_000_000]);
    await lan.reset();
    await takes(0, a, b.ip!); // after a reset
    assertEquals([lan.latencyMs, lan.dropRatePct, lan.bandwidthBps], [0, 0, 0]);
  }));

Deno.test("a member with two interfaces is impaired on both", async () => {
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
  await takes(20, a, one); // to the first
  await takes(20, a, other); // to the second
  await lan.partition(a, b);
  await expectPings([[a, one, false], [a, other, false]]);
});

Deno.test("the rate of one direction limits that direction alone", () =>
  three(async ({ lan, a, b, c }) => {
    await lan.bandwidthLimit({ from: a, to: b, bps: 5_000_000 });
    await carry([[a, b], [a, c]], [[3, 5.4], [50, Infinity]], { ms: 1000 });
    await carry([[b, a]], [[50, Infinity]], { ms: 500 });
  }));

Deno.test("a partition drops the frames in transit between the two", () =>
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
    await takes(10, a, b.ip!); // another limit does not take it away
    await lan.detach(b);
    await lan.attach(b);
    await takes(0, a, b.ip!); // b came back without it
    const events = await eventsOf(lab);
    const last = events.findLast(({ kind }) => kind === "bridge-impairments-changed");
    assert(last?.kind === "bridge-impairments-changed");
    assertEquals(last.impairments.oneWay, []);
  }));

Deno.test("the LAN of a router is impaired like any bridge, and plain again after a reset", async () => {
  await using lab = await Lab.create({ seed: 7 });
  const home = await lab.addRouter("home", { preset: "home" });
  const [a, b] = [await lab.addDevice("a"), await lab.addDevice("b")];
  await home.lan.attach([a, b]);
  const before = links(home);
  await home.lan.addLatency({ from: a, to: b, ms: 30 });
  await home.lan.addLatency(5);
  await takes(40, a, b.ip!);
  await takes(10, a, home.downstreamGateway!); // a to the router
  assertEquals(home.downlinkCondition, undefined, "its own is its own");
  await home.setDownlinkCondition({ latencyMs: 7 });
  await takes(17, a, home.downstreamGateway!); // with the router's own
  await home.lan.reset();
  await takes(7, a, home.downstreamGateway!); // the router's own stays
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
  await takes(10, a, c.ip!); // on the other bridge
  await a.interface("eth0").replug(x);
  await takes(40, a, b.ip!); // back, without what was of one direction
});

Deno.test("invalid impairments are refused, and change nothing", () =>
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
    await takes(10, a, b.ip!); // as before
  }));

Deno.test("an impairment is effective within 150 ms of the call", () =>
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
