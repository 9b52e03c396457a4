import { assertEquals, assertThrows } from "@std/assert";
import { loadFirst, NAT_VARIANTS } from "../../lib/nat/variants.ts";

class Refusal extends Error {}

/** Loads as a kernel that refuses some variants would, and notes what was tried. */
function kernel(refused: string[], variants = ["all", "no count", "no sockets", "neither"]) {
  const tried: string[] = [];
  const load = (variant: string) => {
    tried.push(variant);
    if (refused.includes(variant)) throw new Refusal(`refused: ${variant}`);
  };
  const isRefusal = (error: unknown) => error instanceof Refusal;
  return { tried, load: (from = 0) => loadFirst(variants, from, load, isRefusal) };
}

Deno.test("a kernel with all features gets the complete ruleset", () => {
  const { tried, load } = kernel([]);
  assertEquals(load(), 0);
  assertEquals(tried, ["all"]);
});

Deno.test("the first variant that loads is taken, and the next ruleset begins with it", () => {
  const { tried, load } = kernel(["all", "no count"]);
  assertEquals(load(), 2);
  assertEquals(load(2), 2);
  assertEquals(tried, ["all", "no count", "no sockets", "no sockets"]);
});

Deno.test("if no variant loads, the first refusal is thrown and nothing is remembered", () => {
  const { load } = kernel(["all", "no count", "no sockets", "neither"]);
  assertThrows(() => load(), Refusal, "refused: all");
  assertThrows(() => load(1), Refusal, "refused: no count");
});

Deno.test("what is not a refusal is thrown at once", () => {
  const tried: number[] = [];
  const load = (variant: number) => {
    tried.push(variant);
    throw new RangeError("out of memory");
  };
  assertThrows(() => loadFirst([1, 2], 0, load, () => false), RangeError, "out of memory");
  assertEquals(tried, [1]);
});

Deno.test("a kernel that lacks one feature does without that one alone", () => {
  for (const socketMatch of [true, false]) {
    for (const connectionCount of [true, false]) {
      const can: Record<string, boolean> = { socketMatch, connectionCount };
      const load = (without: Record<string, boolean>) => {
        for (const name of Object.keys(can)) {
          if (without[name] !== false && !can[name]) throw new Refusal(name);
        }
      };
      const index = loadFirst(NAT_VARIANTS, 0, load, (error) => error instanceof Refusal);
      const lacking = Object.keys(can).filter((name) => !can[name]);
      assertEquals(
        NAT_VARIANTS[index],
        Object.fromEntries(lacking.map((name) => [name, false])),
      );
    }
  }
});
