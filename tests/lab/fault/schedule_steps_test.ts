import { assertEquals, assertGreaterOrEqual } from "@std/assert";
import { Lab } from "@netyard/netyard";

Deno.test("no step of a schedule begins before its time", async () => {
  await using lab = await Lab.create();
  // As timers count whole milliseconds, these are the times that they are most wrong about.
  const times = Array.from({ length: 300 }, (_, n) => n + 0.95);
  await Promise.all(times.map(async (at) => {
    const [{ askedMs, actualMs }] = await lab.schedule([{ at, do: () => {} }]).done;
    assertGreaterOrEqual(actualMs, askedMs);
  }));
});

Deno.test("events have the name of a step's function, if it has one", async () => {
  const lab = await Lab.create();
  const happened = Array.fromAsync(lab.events());
  function reboot() {}
  await lab.schedule([{ at: 0, do: reboot }, { at: 0, do: () => {} }]).done;
  await lab.close();
  const actions = (await happened).flatMap((e) => e.kind === "schedule-step" ? [e.action] : []);
  assertEquals(actions, ["reboot", "function"]);
});
