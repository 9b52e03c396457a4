// Requested and measured conditions side by side, for every preset.
//
//   one laptop for each preset -- router
//
// `interface.measure()` sends probes over the link in both directions and times their arrival, so the
// result is that of the link alone, without a program that answers. For the rate it sends a train of
// large frames; without a limit, that is the speed of this host. Loss is measured by a few hundred
// probes at most, so it varies by chance.
//
// A link with a rate keeps the order of its packets. With much jitter, packets wait for earlier ones, and
// a dense stream has more delay and less jitter than requested. So probes of such links are as far
// apart as the jitter can move them.
//
// deno run -P examples/measure.ts
import "@netyard/netyard/rootless";
import { formatTable } from "./lib/table.ts";
import { type DirectionMeasurement, Lab, type LinkPreset } from "@netyard/netyard";
import { assertEquals, assertGreaterOrEqual, assertLess } from "@std/assert";

const PRESETS: LinkPreset[] = [
  "lan",
  "wifi",
  "mobile-4g",
  "satellite",
  "wifi-bad",
  "mobile-3g",
  "satellite-geo",
];

await using lab = await Lab.create({ label: "measure" });
const router = await lab.addRouter("router");
let turn = Promise.resolve();
const found = await Promise.all(PRESETS.map(async (condition) => {
  const laptop = await lab.addDevice(`with-${condition}`, {
    interfaces: { eth0: { gateway: router, condition } },
  });
  const eth0 = laptop.interface("eth0");
  const { rateKbit, jitterMs = 0 } = eth0.condition ?? {};
  if (rateKbit) {
    return { condition, ...await eth0.measure({ probes: 60, intervalMs: 2 * jitterMs }) };
  }
  // Without a limit, a train takes a whole processor: one at a time.
  const measuring = turn.then(() => eth0.measure({ probes: 300 }));
  turn = measuring.then(() => {});
  return { condition, ...await measuring };
}));

console.log(formatTable([
  ["preset", "way", ...["delay", "jitter", "loss", "rate"].flatMap((what) => [what, "found"])],
  ...found.flatMap(({ condition, up, down }) => [
    [condition, "up", ...cells(up)],
    ["", "down", ...cells(down)],
  ]),
]));

for (const { condition, up, down } of found) {
  for (const way of [up, down]) {
    const { latencyMs = 0, jitterMs = 0, lossPct = 0, rateKbit } = way.asked ?? {};
    // No probe arrives early. On a busy host it may arrive late.
    assertGreaterOrEqual(way.minMs, latencyMs - jitterMs, condition);
    assertGreaterOrEqual(way.latencyMs, latencyMs - jitterMs * 2 / 3, condition);
    assertLess(way.latencyMs, latencyMs + 100, condition);
    assertGreaterOrEqual(way.jitterMs, jitterMs / 2, condition);
    assertLess(way.lossPct, 2 * lossPct + 10, condition);
    if (rateKbit) {
      // A train is short: with jitter and a late first frame, the rate can seem much higher.
      assertLess(way.rateKbit, 5 * rateKbit, condition);
      assertGreaterOrEqual(way.rateKbit, rateKbit / 5, condition);
      assertEquals(way.outOfOrderPct, 0, condition);
    }
  }
}

/** The requested and measured values of one direction. */
function cells({ asked = {}, latencyMs, jitterMs, lossPct, rateKbit }: DirectionMeasurement) {
  const ms = (value = 0) => `${value.toFixed(1)} ms`;
  const pct = (value = 0) => `${value.toFixed(1)} %`;
  const mbit = (kbit: number) => `${(kbit / 1000).toFixed(1)} Mbit/s`;
  return [
    ms(asked.latencyMs),
    ms(latencyMs),
    ms(asked.jitterMs),
    ms(jitterMs),
    pct(asked.lossPct),
    pct(lossPct),
    asked.rateKbit ? mbit(asked.rateKbit) : "no limit",
    mbit(rateKbit),
  ];
}
