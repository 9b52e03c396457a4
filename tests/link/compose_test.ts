import { assertAlmostEquals, assertEquals } from "@std/assert";
import { composeLimits } from "../../lib/link/mod.ts";

Deno.test("limits in a row: delays add up, and the lower rate applies", () => {
  assertEquals(
    composeLimits(
      { latencyMs: 10, jitterMs: 2, rateKbit: 500 },
      { latencyMs: 5, jitterMs: 1, rateKbit: 900 },
    ),
    { latencyMs: 15, jitterMs: 3, rateKbit: 500 },
  );
  assertEquals(composeLimits({ rateKbit: 0 }, { rateKbit: 900 }), { rateKbit: 900 });
});

Deno.test("limits in a row: a packet must survive both losses", () => {
  assertEquals(composeLimits({ lossPct: 100 }, { lossPct: 50 })?.lossPct, 100);
  assertAlmostEquals(composeLimits({ lossPct: 10 }, { lossPct: 10 })!.lossPct!, 19, 1e-9);
  assertEquals(composeLimits({ duplicatePct: 50 }, { duplicatePct: 50 })?.duplicatePct, 75);
  assertEquals(composeLimits({ reorderPct: 0.3 }, {}), { reorderPct: 0.3 });
});

Deno.test("no limits and no limits are none, and limits with none stay unchanged", () => {
  assertEquals(composeLimits(undefined, { latencyMs: 0 }), undefined);
  assertEquals(composeLimits({ corruptPct: 0.1 }, undefined), { corruptPct: 0.1 });
});
