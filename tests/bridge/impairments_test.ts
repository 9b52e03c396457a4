import { assertEquals } from "@std/assert";
import {
  directionLimits,
  frameLimits,
  isUnimpaired,
  UNIMPAIRED,
} from "../../lib/bridge/impairments.ts";

Deno.test("the impairments of a direction are the limits of a link", () => {
  assertEquals(directionLimits({ latencyMs: 5, dropRatePct: 10, bandwidthBps: 1_500_000 }), {
    latencyMs: 5,
    lossPct: 10,
    rateKbit: 1500,
  });
  assertEquals(directionLimits(UNIMPAIRED), {});
});

Deno.test("the rate of a whole bridge is not a limit of a single link", () => {
  assertEquals(frameLimits({ latencyMs: 5, dropRatePct: 0, bandwidthBps: 1_000 }), {
    latencyMs: 5,
  });
});

Deno.test("one impairment is enough to be impaired", () => {
  assertEquals(isUnimpaired(UNIMPAIRED), true);
  assertEquals(isUnimpaired({ ...UNIMPAIRED, bandwidthBps: 1_000 }), false);
});
