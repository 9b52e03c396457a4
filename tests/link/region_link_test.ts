import { assertEquals, assertThrows } from "@std/assert";
import { RegionLink, regionLinkSchema } from "../../lib/link/mod.ts";
import { InvalidOptionError, parseOptions } from "../../lib/options/parse_options.ts";

const parse = (value: unknown) => parseOptions(regionLinkSchema, value, "linkRegions()");

Deno.test("a link of regions is made from a round-trip time", () => {
  assertEquals(RegionLink.good(80), { latencyMs: 40 });
  assertEquals(RegionLink.good(0), { latencyMs: 0 });
  assertEquals(RegionLink.degraded(80), { latencyMs: 40, jitterMs: 4, lossPct: 1 });
  assertEquals(RegionLink.good(120_000), { latencyMs: 60_000 });
  for (const link of [RegionLink.good(35), RegionLink.degraded(190), {}]) {
    assertEquals(parse(link), link);
  }
  assertEquals(parse({ rateKbit: 5000 }), { rateKbit: 5000 });
});

Deno.test("an invalid round-trip time is refused, with the call and the range", () => {
  for (const make of ["good", "degraded"] as const) {
    const refused = (value: unknown, message: string) =>
      assertThrows(
        () => RegionLink[make](value as number),
        InvalidOptionError,
        `RegionLink.${make}(): the value is ${message}`,
      );
    refused(NaN, "NaN, but must be a finite number");
    refused(Infinity, "Infinity, but must be a finite number");
    refused(-1, "-1, but must be at least 0");
    refused(120_001, "120001, but must be at most 120000");
    refused("80", '"80", but must be a number');
    refused(undefined, "missing");
  }
});

Deno.test("an invalid link of regions is refused, with its field and range", () => {
  const refused = (value: unknown, message: string) =>
    assertThrows(() => parse(value), InvalidOptionError, message);
  refused({ latencyMs: NaN }, '"latencyMs" is NaN, but must be a finite number');
  refused({ latencyMs: -1 }, '"latencyMs" is -1, but must be at least 0');
  refused({ latencyMs: 60_001 }, '"latencyMs" is 60001, but must be at most 60000');
  refused({ jitterMs: -0.5 }, '"jitterMs" is -0.5, but must be at least 0');
  refused({ lossPct: 100.5 }, '"lossPct" is 100.5, but must be at most 100');
  refused({ lossPct: -1 }, '"lossPct" is -1, but must be at least 0');
  refused({ rateKbit: 0.5 }, '"rateKbit"');
  refused({ rateKbit: Infinity }, '"rateKbit"');
  refused({ latency: 5 }, 'did you mean "latencyMs"?');
  refused({ reorderPct: 1 }, '"reorderPct"');
  refused(80, "is 80");
  refused(undefined, "is missing");
  refused("good", 'is "good"');
});
