import { assert, assertEquals } from "@std/assert";
import { isSame } from "../../../lib/cli/bundle/bisect.ts";
import { minimize } from "../../../lib/cli/bundle/minimize.ts";

const range = (count: number) => Array.from({ length: count }, (_, i) => i);

/** Minimizes the numbers below `count`, of which some fail together; counts the tests. */
async function search(count: number, guilty: number[], most = Infinity) {
  let tests = 0;
  const seen = new Set<string>();
  const result = await minimize(range(count), (part) => {
    assert(!seen.has(part.join()), `${part} is tested twice`);
    seen.add(part.join());
    if (tests >= most) return Promise.resolve(undefined);
    tests++;
    return Promise.resolve(guilty.every((one) => part.includes(one)));
  });
  return { ...result, tests };
}

Deno.test("one of many is found by halves", async () => {
  for (const guilty of range(32)) {
    const { smallest, isMinimal, tests } = await search(32, [guilty]);
    assertEquals([smallest, isMinimal], [[guilty], true]);
    assert(tests <= 10, `${tests} tests`);
  }
});

Deno.test("any pair and any three of a dozen are found, in their order", async () => {
  for (const a of range(12)) {
    for (const b of range(a)) {
      assertEquals((await search(12, [a, b])).smallest, [b, a]);
      for (const c of range(b)) {
        const { smallest, tests } = await search(12, [a, b, c]);
        assertEquals(smallest, [c, b, a]);
        assert(tests <= 12 * 12, `${tests} tests`);
      }
    }
  }
});

Deno.test("what needs all stays whole, and one alone needs no test", async () => {
  assertEquals((await search(5, range(5))).smallest, range(5));
  assertEquals(await search(1, [0]), { smallest: [0], isMinimal: true, tests: 0 });
});

Deno.test("a search that is ended has what it found so far", async () => {
  const { smallest, isMinimal } = await search(16, [3, 12], 8);
  assertEquals(isMinimal, false);
  assert(smallest.length < 16 && smallest.includes(3) && smallest.includes(12), `${smallest}`);
});

Deno.test("errors are the same, apart from the numbers in them", () => {
  const error = (message: string, name = "Error") => ({ name, message });
  assert(isSame(error("no answer in 1.5 s"), error("no answer in 20 s")));
  assert(!isSame(error("no answer"), error("no route")));
  assert(!isSame(error("no answer"), error("no answer", "RangeError")));
});
