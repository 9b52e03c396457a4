import { assertEquals } from "@std/assert";
import { frameLimits, isUnimpaired, UNIMPAIRED, wayLimits } from "../../lib/bridge/impairments.ts";

Deno.test("the impairments of a way are the limits of a link", () => {
  assertEquals(wayLimits({ latencyMs: 5, dropRatePct: 10, bandwidthBps: 1_500_000 }), {
    latencyMs: 5,
    lossPct: 10,
    rateKbit: 1500,
  });
  assertEquals(wayLimits(UNIMPAIRED), {});
});

Deno.test("of a whole bridge the rate is none of a single link", () => {
  assertEquals(frameLimits({ latencyMs: 5, dropRatePct: 0, bandwidthBps: 1_000 }), {
    latencyMs: 5,
  });
});

Deno.test("one impairment is enough to be impaired", () => {
  assertEquals(isUnimpaired(UNIMPAIRED), true);
  assertEquals(isUnimpaired({ ...UNIMPAIRED, bandwidthBps: 1_000 }), false);
});
