import { assert, assertEquals } from "@std/assert";
import { Command, Control, DIRECTIONS } from "../../lib/emulator/control.ts";

/** The two sides of the same memory. */
function sides() {
  const lab = new Control();
  return { lab, thread: new Control(lab.memory) };
}

Deno.test("commands arrive in the order in which they were posted, over several rounds of the ring", () => {
  const { lab, thread } = sides();
  const RING = 65_536;
  let [posted, done] = [0, 0];
  const command = (n: number) => 1 + n % 5 as Command;
  while (posted < 2.5 * RING) {
    while (!lab.full) {
      lab.post(command(posted), posted % DIRECTIONS);
      posted++;
    }
    assertEquals(posted - done, RING);
    // Leaves some commands: the next round begins in the middle of the ring.
    for (const end = posted - 1_000; done < end; done++) {
      if (thread.command() !== command(done) || thread.subject() !== done % DIRECTIONS) {
        throw new Error(`command ${done} is another`);
      }
      thread.finish();
    }
    assertEquals([lab.done, lab.posted, lab.full], [done, posted, false]);
  }
  while (thread.command()) thread.finish();
  assertEquals(thread.done, posted);
});

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

Deno.test("a wait for progress ends when a command is done, when it is released, or after its time", async () => {
  const { lab, thread } = sides();
  lab.post(Command.Add, 0);
  const waiting = lab.progress(0, 10_000);
  thread.finish();
  await waiting;
  assertEquals(lab.done, 1);
  await lab.progress(0, 10_000); // Was already done.
  const released = lab.progress(1, 10_000);
  lab.release();
  await released;
  const start = performance.now();
  await lab.progress(1, 20);
  lab.block(1, 20);
  assert(performance.now() - start >= 38);
  assertEquals(thread.beat, 0);
  thread.alive();
  assertEquals(lab.beat, 1);
});
