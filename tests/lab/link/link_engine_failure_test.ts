import { assert, assertEquals } from "@std/assert";
import { Lab, type LabEvent, reduceAll } from "@netyard/netyard";
import { waitUntil } from "@netyard/netyard/testing";
import { EMULATOR_PROGRAM } from "../../../lib/emulator/session.ts";
import { at, takes } from "../../link/kit.ts";
import { Breakable } from "../../loop/breakable.ts";
import { eventsOf, pings } from "../kit.ts";

// north(r, a and b) -- 10 ms -- south
Deno.test("when the link engine fails, links are unimpaired, an event reports it, and another engine works", async () => {
  using threads = new Breakable(EMULATOR_PROGRAM);
  const said: string[] = [];
  const { error: write } = console;
  console.error = (...what) => void said.push(what.join(" "));
  await using lab = await Lab.create({ label: "robust", linkEngine: "emulator", seed: 1 });
  const [north, south] = [await lab.addRegion("north"), await lab.addRegion("south")];
  await lab.linkRegions(north, south, { latencyMs: 10 });
  const r = await lab.addRouter("r", { region: north, downlinkCondition: { latencyMs: 5 } });
  const a = await lab.addDevice("a", at(r, { latencyMs: 20 }));
  const b = await lab.addDevice("b", at(r, { up: { lossPct: 100 } }));
  await takes(65, a, south.ip);
  const fault = await lab.inject({
    kind: "degrade",
    node: a,
    interface: "eth0",
    condition: { latencyMs: 90 },
  });
  const failed = async () => {
    const events = await eventsOf(lab);
    return events.filter((event) => event.kind === "link-engine-failed");
  };

  assertEquals(threads.sessions.size, 1);
  for (const round of [1, 2]) {
    threads.break("fail");
    const events = await waitUntil(async () => {
      const events = await failed();
      return events.length === round ? events : undefined;
    });
    const { ends, error } = events.at(-1) as LabEvent & { kind: "link-engine-failed" };
    assert(error.includes("plain again"), error);
    assert(ends.includes("a eth0 (up)"), ends.join());
    if (round === 1) {
      assertEquals(ends.toSorted(), [
        "a eth0 (down)",
        "a eth0 (up)",
        "b eth0 (up)",
        "r lan (downlink)",
        "region north -> south",
        "region south -> north",
      ]);
    }
    const [eth0, other] = [a.interface("eth0"), b.interface("eth0")];
    assertEquals([eth0.condition, other.conditions], [undefined, {
      up: undefined,
      down: undefined,
    }]);
    assertEquals([r.downlinkCondition, (await eth0.counters()).up], [undefined, undefined]);
    const { devices, routers } = reduceAll(await eventsOf(lab));
    assertEquals([devices.a.interfaces[0].condition, routers.r.downlinkCondition], [
      undefined,
      undefined,
    ]);
    await takes(0, a, south.ip);
    await takes(0, b, a.ip!);

    await eth0.setCondition({ latencyMs: 15 });
    await r.setDownlinkCondition({ latencyMs: 4 });
    await lab.linkRegions(north, south, { latencyMs: 6 });
    await takes(46, a, south.ip);
    if (round === 1) await fault.heal();
    assertEquals(eth0.condition, { latencyMs: 15 });
  }
  assertEquals(lab.faults, []);
  console.error = write;
  assert(said[0].startsWith('lab "robust": the link emulator ended'), said[0]);
});

// a and b on lan, with a latency of the whole bridge and one from a to b
Deno.test("when the link engine fails, bridges are unimpaired, and their partitions stay", async () => {
  using threads = new Breakable(EMULATOR_PROGRAM);
  const { error: write } = console;
  console.error = () => {};
  try {
    await using lab = await Lab.create({ linkEngine: "emulator", seed: 1 });
    const lan = lab.bridge("lan");
    const [a, b] = [await lab.addDevice("a"), await lab.addDevice("b")];
    const c = await lab.addDevice("c");
    await lan.attach([a, b, c]);
    await lan.addLatency(10);
    await lan.bandwidthLimit(100_000_000);
    await lan.addLatency({ from: a, to: b, ms: 30 });
    await lan.partition(a, c);
    await takes(50, a, b.ip!);
    threads.break("fail");
    await waitUntil(async () =>
      (await eventsOf(lab)).some(({ kind }) => kind === "link-engine-failed")
    );
    await takes(0, a, b.ip!);
    assertEquals([lan.latencyMs, lan.bandwidthBps, lan.isPartitioned(a, c)], [0, 0, true]);
    assertEquals(await pings(a, c.ip!), false);
    await lan.addLatency({ from: a, to: b, ms: 20 });
    await lan.bandwidthLimit(100_000_000);
    await takes(20, a, b.ip!);
    const { rules } = reduceAll(await eventsOf(lab)).bridges!.lan;
    assertEquals(rules?.impairments?.oneWay.map(({ latencyMs }) => latencyMs), [20]);
  } finally {
    console.error = write;
  }
});
