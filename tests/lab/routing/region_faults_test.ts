import { assertEquals } from "@std/assert";
import { Lab, reduceAll } from "@netyard/netyard";
import { eventsOf, expectPings, pings } from "../kit.ts";
import { at, takes } from "../../link/kit.ts";

/** north(a) -- 10 ms -- south(b);  each -- 20 ms -- west */
async function world() {
  const lab = await Lab.create({ seed: 1 });
  for (const name of ["north", "south", "west"]) await lab.addRegion(name);
  await lab.linkRegions("north", "south", { latencyMs: 10 });
  await lab.linkRegions("north", "west", { latencyMs: 20 });
  await lab.linkRegions("south", "west", { latencyMs: 20 });
  const a = await lab.addDevice("a", at(await lab.addRouter("ra", { region: "north" })));
  const b = await lab.addDevice("b", at(await lab.addRouter("rb", { region: "south" })));
  return { lab, a, b, [Symbol.asyncDispose]: () => lab.close() };
}

Deno.test("partition breaks the link of two regions until the last of its faults is healed", async () => {
  await using w = await world();
  const { lab, a, b } = w;
  await takes(20, a, b.ip!);
  const one = await lab.inject({ kind: "partition", a: "north", b: lab.region("south") });
  await takes(80, a, b.ip!);
  const two = await lab.inject({ kind: "partition", a: "south", b: "north" });
  await one.heal();
  await takes(80, a, b.ip6!);
  const west = await lab.inject({ kind: "partition", a: "north", b: "west" });
  await expectPings([[a, b.ip!, false], [b, a.ip6!, false]]);
  await lab.restoreRegionLink("north", "south");
  assertEquals(await pings(a, b.ip!), false, "a fault still keeps it broken");
  await two.heal();
  await takes(20, a, b.ip!);
  await lab.breakRegionLink("north", "south");
  await west.heal();
  await takes(80, b, a.ip!);
  const three = await lab.inject({ kind: "partition", a: "north", b: "south" });
  await three.heal();
  await takes(80, b, a.ip!);
  await lab.restoreRegionLink("north", "south");
  await takes(20, b, a.ip6!);
});

Deno.test("degrade-regions makes a link worse, and packets still take it", async () => {
  await using w = await world();
  const { lab, a, b } = w;
  const degrade = (latencyMs: number) =>
    lab.inject({ kind: "degrade-regions", a: "north", b: "south", link: { latencyMs } });
  const one = await degrade(50);
  await takes(100, a, b.ip!);
  const two = await degrade(30);
  await takes(60, a, b.ip6!);
  await one.heal();
  await takes(60, a, b.ip!);
  await lab.linkRegions("north", "south", { latencyMs: 5 });
  await takes(60, b, a.ip!);
  const { regionLinks } = reduceAll(await eventsOf(lab));
  const latencies = Object.values(regionLinks).map(({ link }) => link.latencyMs);
  assertEquals(latencies.sort(), [20, 20, 30]);
  const broken = await lab.inject({ kind: "partition", a: "north", b: "south" });
  await takes(80, a, b.ip!);
  await two.heal();
  await broken.heal();
  await takes(10, a, b.ip!);
});

Deno.test("healing faults of a removed link between regions does nothing", async () => {
  await using w = await world();
  const { lab, a, b } = w;
  const faults = [
    await lab.inject({ kind: "partition", a: "north", b: "south" }),
    await lab.inject({ kind: "degrade-regions", a: "north", b: "south", link: { lossPct: 100 } }),
  ];
  await lab.unlinkRegions("north", "south");
  await lab.linkRegions("north", "south", { latencyMs: 7 });
  await takes(14, a, b.ip!);
  for (const fault of faults) await fault.heal();
  await takes(14, a, b.ip6!);
  assertEquals(lab.faults, []);
});
