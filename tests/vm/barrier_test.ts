import { assertEquals } from "@std/assert";
import { barriers } from "../../lib/vm/barrier.ts";

Deno.test("a barrier opens when the last one has arrived or withdrawn", async () => {
  const [a, b, c] = barriers(3);
  const passed: string[] = [];
  const passing = [a, b].map(async (each, i) => {
    await each.arrive();
    passed.push("ab"[i]);
  });
  await Promise.resolve();
  a.leave(); // It has arrived already and counts once.
  b.leave();
  await Promise.resolve();
  assertEquals(passed, []);
  c.leave();
  await Promise.all(passing);
  assertEquals(passed, ["a", "b"]);
});
