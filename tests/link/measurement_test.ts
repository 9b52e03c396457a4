import { assert, assertEquals } from "@std/assert";
import { quantile, summarize } from "../../lib/link/measurement.ts";

const delays = (...ms: number[]) => ms.map((delayMs, seq) => ({ seq, delayMs }));

Deno.test("probes measure loss, copies, damage and order by their numbers", () => {
  const asked = { latencyMs: 10 };
  const arrivals = [
    { seq: 0, delayMs: 10 },
    { seq: 2, delayMs: 10 },
    { seq: 1, delayMs: 13 },
    { seq: 2, delayMs: 11 },
    { seq: -1, delayMs: 10 },
    { seq: 5, delayMs: 11 },
  ];
  // Of ten, 0, 1, 2 and 5 arrived, and a damaged one; 2 arrived twice, and 1 after it.
  const found = summarize(asked, 10, arrivals, []);
  assertEquals(
    [found.asked, found.sent, found.received, found.lossPct, found.duplicatePct],
    [asked, 10, 4, 50, 10],
  );
  assertEquals([found.corruptPct, found.outOfOrderPct], [10, 10]);
  assertEquals([found.minMs, found.latencyMs, found.meanMs, found.maxMs], [10, 10.5, 11, 13]);
  assertEquals(found.rateKbit, NaN);
});

Deno.test("jitter is half of a uniform range", () => {
  const even = Array.from({ length: 1_001 }, (_, n) => 40 + 20 * n / 1_000);
  const { jitterMs, latencyMs, p99Ms } = summarize(undefined, 1_001, delays(...even), []);
  assert(Math.abs(jitterMs - 10) < 1e-9, `${jitterMs}`);
  assertEquals([latencyMs, p99Ms], [50, 59.8]);
});

Deno.test("the rate of a train is that of the frames after its head, in any order", () => {
  // 1,000 bytes each 8 us are 1 Gbit/s; the second frame of ten was late.
  const train = Array.from({ length: 10 }, (_, n) => ({
    atNs: n === 0 ? 0 : 1e6 + 8_000 * n,
    bytes: 1_000,
  }));
  assertEquals(summarize(undefined, 0, [], train.toReversed()).rateKbit, 1e6);
  assertEquals(summarize(undefined, 0, [], train.slice(0, 1)).rateKbit, NaN);
  assertEquals(summarize(undefined, 0, [], []).lossPct, 0);
});

Deno.test("quantiles are interpolated", () => {
  assertEquals([quantile([], 0.5), quantile([7], 0.99)], [NaN, 7]);
  assertEquals([quantile([0, 10], 0.5), quantile([0, 10, 20], 1)], [5, 20]);
});
