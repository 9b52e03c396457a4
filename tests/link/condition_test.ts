import { assertEquals, assertThrows } from "@std/assert";
import {
  conditionSchema,
  LINK_PRESETS,
  linkConditionSchema,
  resolveCondition,
  sameLimits,
} from "../../lib/link/mod.ts";
import { InvalidOptionError, parseOptions } from "../../lib/options/parse_options.ts";

const refused = (value: unknown, message: string) =>
  assertThrows(
    () => parseOptions(conditionSchema, value, "setCondition()"),
    InvalidOptionError,
    message,
  );

Deno.test("the presets have the documented limits", () => {
  assertEquals(Object.keys(LINK_PRESETS), [
    "lan",
    "wifi",
    "wifi-bad",
    "mobile-4g",
    "mobile-3g",
    "satellite",
    "satellite-geo",
  ]);
  assertEquals(resolveCondition("lan"), undefined);
  assertEquals(resolveCondition("wifi-bad"), {
    rateKbit: 20_000,
    lossPct: 2,
    latencyMs: 40,
    jitterMs: 15,
  });
  assertEquals(resolveCondition("satellite-geo"), {
    rateKbit: 25_000,
    lossPct: 0.5,
    latencyMs: 300,
    jitterMs: 20,
  });
});

Deno.test("limits of 0 are no condition", () => {
  assertEquals(resolveCondition(null), undefined);
  assertEquals(resolveCondition({}), undefined);
  assertEquals(resolveCondition({ latencyMs: 0, lossPct: 0 }), undefined);
  assertEquals(resolveCondition({ latencyMs: 0, lossPct: 1 }), { lossPct: 1 });
  assertEquals(sameLimits({ lossPct: 1, latencyMs: 0 }, { lossPct: 1 }), true);
  assertEquals(sameLimits({ lossPct: 1 }, undefined), false);
  assertEquals(sameLimits(undefined, {}), true);
});

Deno.test("an invalid condition is refused, with its field and range", () => {
  refused("wifi-good", "must be one of lan, wifi, wifi-bad");
  refused({ latencyMs: -1 }, '"latencyMs" is -1, but must be at least 0');
  refused({ latencyMs: NaN }, '"latencyMs" is NaN, but must be a finite number');
  refused({ lossPct: 100.5 }, '"lossPct" is 100.5, but must be at most 100');
  refused({ jitterMs: 60_001 }, '"jitterMs" is 60001, but must be at most 60000');
  refused({ rateKbit: -5 }, '"rateKbit"');
  refused({ rateKbit: Infinity }, '"rateKbit"');
  refused({ latency: 5 }, '"latency"');
  refused({ corruptPct: "1" }, '"corruptPct"');
  refused(null, "is null");
});

Deno.test("each direction may have its own condition where a link is made", () => {
  const parse = (value: unknown) => parseOptions(linkConditionSchema, value, "addDevice()");
  assertEquals(parse("wifi"), "wifi");
  assertEquals(parse({ up: "wifi", down: null }), { up: "wifi", down: null });
  assertEquals(parse({ lossPct: 2 }), { lossPct: 2 });
  assertThrows(() => parse({ up: { lossPct: 101 } }), InvalidOptionError, "lossPct");
  assertThrows(() => parse({ up: "wifi", lossPct: 1 }), InvalidOptionError);
});
