import { assert, assertEquals } from "@std/assert";
import { CommandRing, ringBytes } from "../../lib/loop/command_ring.ts";

const SIZE = 5_000;
const SUBJECTS = 300;

/** The two sides of the same memory. */
function sides() {
  const lab = new CommandRing<number>(new SharedArrayBuffer(ringBytes(SIZE)), SIZE);
  return { lab, thread: new CommandRing<number>(lab.memory, SIZE) };
}

Deno.test("commands arrive in the order in which they were posted, over several rounds of the ring", () => {
  const { lab, thread } = sides();
  let [posted, done] = [0, 0];
  const command = (n: number) => 1 + n % 5;
  while (posted < 2.5 * SIZE) {
    while (!lab.full) {
      lab.post(command(posted), posted % SUBJECTS);
      posted++;
    }
    assertEquals(posted - done, SIZE);
    // Leaves some commands: the next round begins in the middle of the ring.
    for (const end = posted - 1_000; done < end; done++) {
      if (thread.command() !== command(done) || thread.subject() !== done % SUBJECTS) {
        throw new Error(`command ${done} is another`);
      }
      thread.finish();
    }
    assertEquals([lab.done, lab.posted, lab.full], [done, posted, false]);
  }
  while (thread.command()) thread.finish();
  assertEquals(thread.done, posted);
});

Deno.test("a wait for progress ends when a command is done, when it is released, or after its time", async () => {
  const { lab, thread } = sides();
  lab.post(1, 0);
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
