import { assertEquals } from "@std/assert";
import { Lab, type LabEvent, NodeRemovedError, reduceAll } from "@netyard/netyard";
import { waitUntil } from "@netyard/netyard/testing";
import { config, eventsOf, expectPings, pings, udp } from "../kit.ts";
import { at, takes } from "../../link/kit.ts";

const ETH0 = { node: "pc", interface: "eth0" } as const;

/** ix -- r(pc, tv) */
async function site() {
  const lab = await Lab.create({ seed: 1 });
  const r = await lab.addRouter("r");
  const pc = await lab.addDevice("pc", at(r));
  const tv = await lab.addDevice("tv", at(r));
  return { lab, r, pc, tv, eth0: pc.interface("eth0"), [Symbol.asyncDispose]: () => lab.close() };
}

Deno.test("link-down cuts an interface off until it is healed", async () => {
  await using s = await site();
  const { lab, pc, tv, eth0 } = s;
  const before = config(pc);
  const fault = await lab.inject({ kind: "link-down", node: pc, interface: "eth0" });
  assertEquals([fault.healed, eth0.isUp, lab.faults.length], [false, false, 1]);
  await expectPings([[tv, pc.ip!, false], [pc, lab.ix.ip, false], [tv, lab.ix.ip, true]]);
  await fault.heal();
  assertEquals([fault.healed, eth0.isUp, lab.faults], [true, true, []]);
  assertEquals(config(pc), before);
  await expectPings([[tv, pc.ip!, true], [pc, lab.ix.ip6, true]]);
  await fault.heal();
  assertEquals((await eventsOf(lab)).filter(({ kind }) => kind === "fault-healed").length, 1);
});

Deno.test("changes of a link during a fault are effective once it is healed", async () => {
  await using s = await site();
  const { lab, pc, tv, eth0 } = s;
  const one = await lab.inject({ kind: "link-down", ...ETH0 });
  const two = await lab.inject({ kind: "link-down", ...ETH0 });
  await eth0.linkUp();
  assertEquals(eth0.isUp, false);
  await one.heal();
  assertEquals([eth0.isUp, await pings(tv, pc.ip!)], [false, false]);
  await two.heal();
  assertEquals([eth0.isUp, await pings(tv, pc.ip!)], [true, true]);

  const three = await lab.inject({ kind: "link-down", ...ETH0 });
  await eth0.linkDown();
  await three.heal();
  assertEquals([eth0.isUp, await pings(tv, pc.ip!)], [false, false]);
  await eth0.linkUp();
  assertEquals([eth0.isUp, await pings(tv, pc.ip!)], [true, true]);
});

Deno.test("flap sets an interface down and up again, the requested number of times", async () => {
  await using s = await site();
  const { lab, pc, tv, eth0 } = s;
  const fault = await lab.inject({ kind: "flap", ...ETH0, down: "60ms", up: 40, times: 3 });
  assertEquals(eth0.isUp, false);
  const changes = async () =>
    (await eventsOf(lab)).filter(({ kind }) => kind === "link-down" || kind === "link-up");
  await waitUntil(async () => (await changes()).length === 6);
  const times = (await changes()).map(({ kind, elapsedMs }) => ({ kind, elapsedMs }));
  for (const [n, { kind, elapsedMs }] of times.entries()) {
    assertEquals(kind, n % 2 ? "link-up" : "link-down");
    if (n === 0) continue;
    // Never shorter than asked, but for the rounding of either.
    const ms = elapsedMs - times[n - 1].elapsedMs;
    assertEquals(ms >= (n % 2 ? 59 : 39), true, `${kind} after ${ms} ms`);
  }
  assertEquals([fault.healed, await pings(tv, pc.ip!)], [false, true]);
  await fault.heal();
  assertEquals((await changes()).length, 6);

  const endless = await lab.inject({ kind: "flap", ...ETH0, down: 5, up: 5 });
  await waitUntil(async () => (await changes()).length > 14);
  await endless.heal();
  assertEquals([eth0.isUp, await pings(tv, pc.ip!)], [true, true]);
  const count = (await changes()).length;
  assertEquals(await pings(tv, pc.ip!, "-c", "3", "-i", "0.02"), true);
  assertEquals((await changes()).length, count);
});

Deno.test("degrade overlays a condition; of two, the remaining one is effective", async () => {
  await using s = await site();
  const { lab, pc, r, eth0 } = s;
  await eth0.setCondition({ latencyMs: 2 });
  const degrade = (latencyMs: number, direction?: "up" | "down") =>
    lab.inject({ kind: "degrade", ...ETH0, condition: { latencyMs }, direction });
  const to = r.downstreamGateway!;
  for (const [order, left] of [[[0, 1], 30], [[1, 0], 15]] as const) {
    const faults = [await degrade(15), await degrade(30)];
    assertEquals(eth0.condition, { latencyMs: 30 });
    await takes(60, pc, to);
    await faults[order[0]].heal();
    assertEquals(eth0.condition, { latencyMs: left });
    await takes(2 * left, pc, to);
    await faults[order[1]].heal();
    assertEquals(eth0.condition, { latencyMs: 2 });
    await takes(4, pc, to);
  }
  const up = await degrade(25, "up");
  assertEquals(eth0.conditions, { up: { latencyMs: 25 }, down: { latencyMs: 2 } });
  await takes(27, pc, to);
  await eth0.setCondition({ latencyMs: 7 });
  assertEquals(eth0.conditions, { up: { latencyMs: 25 }, down: { latencyMs: 7 } });
  await takes(32, pc, to);
  await up.heal();
  await takes(14, pc, to);

  await using lost = await lab.inject({
    kind: "degrade",
    ...ETH0,
    condition: { lossPct: 100 },
  });
  assertEquals([lost.healed, await pings(pc, to)], [false, false]);
  await eth0.setCondition(null);
  assertEquals(await pings(pc, to), false);
  await lost.heal();
  assertEquals([eth0.condition, await pings(pc, to)], [undefined, true]);
  await takes(0, pc, to);
});

Deno.test("events and state have the effective condition during a fault, not the requested one", async () => {
  await using s = await site();
  const { lab, r, eth0 } = s;
  const state = async () => {
    const { devices, routers, faults } = reduceAll(await eventsOf(lab));
    const [{ condition }] = devices.pc.interfaces;
    return [condition, routers.r.downlinkCondition, Object.keys(faults ?? {})];
  };
  const one = await lab.inject({ kind: "degrade", ...ETH0, condition: "wifi-bad" });
  const two = await lab.inject({ kind: "degrade-downlink", node: r, condition: "mobile-3g" });
  assertEquals(await state(), ["wifi-bad", "mobile-3g", [one.id, two.id]]);
  await eth0.setCondition("wifi");
  await r.setDownlinkCondition("lan");
  assertEquals(await state(), ["wifi-bad", "mobile-3g", [one.id, two.id]]);
  await one.heal();
  await two.heal();
  assertEquals(await state(), ["wifi", "lan", []]);
  const up = await lab.inject({ kind: "degrade", ...ETH0, condition: "wifi-bad", direction: "up" });
  assertEquals((await state())[0], { up: "wifi-bad", down: "wifi" });
  await eth0.setCondition(null);
  assertEquals((await state())[0], { up: "wifi-bad", down: null });
  await up.heal();
  assertEquals((await state())[0], undefined);
  const injected = (await eventsOf(lab)).flatMap((event) =>
    event.kind === "fault-injected" ? [event.fault] : []
  );
  assertEquals(injected[1], { kind: "degrade-downlink", node: "r", condition: "mobile-3g" });
});

Deno.test("degrade-downlink overlays the downlink condition of a router", async () => {
  await using s = await site();
  const { lab, r, pc, tv } = s;
  await r.setDownlinkCondition({ latencyMs: 3 });
  const one = await lab.inject({
    kind: "degrade-downlink",
    node: "r",
    condition: { latencyMs: 20 },
  });
  const two = await lab.inject({ kind: "degrade-downlink", node: r, condition: { latencyMs: 40 } });
  await takes(40, pc, lab.ix.ip);
  await takes(0, pc, tv.ip!);
  await r.setDownlinkCondition({ latencyMs: 8 });
  assertEquals(r.downlinkCondition, { latencyMs: 40 });
  await two.heal();
  await takes(20, pc, lab.ix.ip);
  await one.heal();
  await takes(8, pc, lab.ix.ip);
  const empty = await lab.addRouter("empty");
  const early = await lab.inject({
    kind: "degrade-downlink",
    node: empty,
    condition: { latencyMs: 15 },
  });
  const late = await lab.addDevice("late", at(empty));
  await takes(15, late, lab.ix.ip);
  await early.heal();
  await takes(0, late, lab.ix.ip);
});

Deno.test("a fault follows a replugged interface, and ends with a removed one", async () => {
  await using s = await site();
  const { lab, pc, tv, eth0 } = s;
  const other = await lab.addRouter("other");
  const slow = await lab.inject({ kind: "degrade", ...ETH0, condition: { latencyMs: 15 } });
  const down = await lab.inject({ kind: "link-down", ...ETH0 });
  await eth0.replug(other);
  assertEquals([eth0.isUp, await pings(pc, lab.ix.ip)], [false, false]);
  await down.heal();
  await takes(30, pc, lab.ix.ip);
  await slow.heal();
  await takes(0, pc, lab.ix.ip);

  const faults = [
    await lab.inject({ kind: "link-down", ...ETH0 }),
    await lab.inject({ kind: "flap", ...ETH0, down: 10, up: 10 }),
    await lab.inject({ kind: "degrade", ...ETH0, condition: "wifi" }),
    await lab.inject({ kind: "degrade-downlink", node: other, condition: "wifi" }),
  ];
  await lab.remove(pc);
  await lab.remove(other);
  for (const fault of faults) await fault.heal();
  assertEquals(lab.faults, []);
  assertEquals(eventKinds(await eventsOf(lab), "fault-failed"), 0);
  try {
    eth0.isUp;
  } catch (error) {
    assertEquals(error instanceof NodeRemovedError, true);
  }
  await expectPings([[tv, lab.ix.ip, true]]);
});

Deno.test("faults end with the lab, and healing them then does nothing", async () => {
  const { lab, r, eth0, pc } = await site();
  const faults = [
    await lab.inject({ kind: "flap", ...ETH0, down: 1, up: 1 }),
    await lab.inject({ kind: "degrade", ...ETH0, condition: "wifi" }),
    await lab.inject({ kind: "degrade-downlink", node: r, condition: "wifi" }),
    await lab.inject({ kind: "link-down", node: r, interface: "ix" }),
  ];
  await using socket = udp(pc, "127.0.0.1");
  await eth0.setCondition("satellite");
  await lab.close();
  await Promise.all(faults.map((fault) => fault.heal()));
  const events = await Array.fromAsync(lab.events());
  // What the lab was when it closed: nothing is undone for that.
  const last = events.findLastIndex(({ kind }) => kind === "condition-changed");
  const after = events.slice(last + 1).filter(({ kind }) => !/^link-(up|down)$/.test(kind));
  assertEquals(after.map(({ kind }) => kind), ["lab-closed"]);
  assertEquals(eventKinds(events, "fault-healed"), 0);
  assertEquals(Object.keys(reduceAll(events).faults!).length, 4);
  assertEquals(socket.port > 0, true);
});

const eventKinds = (events: LabEvent[], wanted: LabEvent["kind"]) =>
  events.filter(({ kind }) => kind === wanted).length;
