import { assertEquals } from "@std/assert";
import { meetings } from "../../lib/vm/meeting.ts";

Deno.test("those who meet go on when the last has come, or will not come", async () => {
  const [a, b, c] = meetings(3);
  const gone: string[] = [];
  const going = [a, b].map(async (each, i) => {
    await each.come();
    gone.push("ab"[i]);
  });
  await Promise.resolve();
  a.leave(); // It is there already: that counts once.
  b.leave();
  await Promise.resolve();
  assertEquals(gone, []);
  c.leave();
  await Promise.all(going);
  assertEquals(gone, ["a", "b"]);
});
