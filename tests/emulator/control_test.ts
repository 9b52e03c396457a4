import { assertEquals } from "@std/assert";
import { Control, DIRECTIONS } from "../../lib/emulator/control.ts";

/** The two sides of the same memory. */
function sides() {
  const lab = new Control();
  return { lab, thread: new Control(lab.memory) };
}

Deno.test("the thread reads the settings of each direction, and of no other", () => {
  const { lab, thread } = sides();
  const limits = {
    rateKbit: 1,
    lossPct: 2,
    latencyMs: 3,
    jitterMs: 4,
    reorderPct: 5,
    duplicatePct: 6,
    corruptPct: 7,
  };
  for (const direction of [0, 1, DIRECTIONS - 1]) {
    lab.describe(direction, { tap: direction + 10, sender: direction + 20 }, -direction);
    lab.setLimits(direction, { ...limits, lossPct: direction });
  }
  for (const direction of [0, 1, DIRECTIONS - 1]) {
    assertEquals(thread.fds(direction), { tap: direction + 10, sender: direction + 20 });
    assertEquals(thread.seed(direction), direction === 0 ? -0 : -direction);
    assertEquals(thread.limits(direction), { ...limits, lossPct: direction });
  }
  lab.setLimits(1, { latencyMs: 9 });
  assertEquals(thread.limits(1), {
    rateKbit: 0,
    lossPct: 0,
    latencyMs: 9,
    jitterMs: 0,
    reorderPct: 0,
    duplicatePct: 0,
    corruptPct: 0,
  });
});

Deno.test("the lab reads the thread's counters, which the next use of a direction starts at 0", () => {
  const { lab, thread } = sides();
  const nothing = lab.counters(3);
  thread.arrived(3, 100);
  thread.arrived(3, 1_400);
  thread.sent(3, 500_000);
  thread.sent(3, 1_500_000);
  thread.lost(3);
  thread.duplicated(3);
  thread.corrupted(3);
  thread.reordered(3);
  thread.dropped(3);
  assertEquals(lab.counters(3), {
    packets: 2,
    bytes: 1_500,
    lost: 1,
    duplicated: 1,
    corrupted: 1,
    reordered: 1,
    dropped: 1,
    late: 1,
    meanLateMs: 1,
    maxLateMs: 1.5,
  });
  assertEquals([lab.counters(2), lab.counters(4)], [nothing, nothing]);
  lab.describe(3, { tap: 1, sender: 2 }, 3);
  assertEquals(lab.counters(3), nothing);
});
