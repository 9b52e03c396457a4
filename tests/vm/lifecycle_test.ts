import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Lifecycle } from "../../lib/vm/lifecycle.ts";
import { VmError, VmStateError } from "../../lib/vm/options/errors.ts";

/** A life cycle that runs, and the states that it reports from then on. */
function running(): { lifecycle: Lifecycle; states: [state: string, why?: string][] } {
  const states: [state: string, why?: string][] = [];
  const lifecycle = new Lifecycle("nas", (state, why) => states.push(why ? [state, why] : [state]));
  lifecycle.enter("running");
  states.length = 0;
  return { lifecycle, states };
}

Deno.test("an operation in progress excludes all others but powerOff", async () => {
  const { lifecycle } = running();
  const { promise, resolve } = Promise.withResolvers<string>();
  const saving = lifecycle.during("snapshot", "snapshot()", () => promise);
  assertThrows(
    () => lifecycle.must("use", 'run("true")'),
    VmError,
    'nas.run("true"): snapshot() is in progress; wait until it resolves',
  );
  lifecycle.must("powerOff", "powerOff()");
  assertThrows(() => lifecycle.must("resume", "resume()"), VmStateError, "nas.resume()");
  let idle = false;
  const waiting = lifecycle.idle().then(() => idle = true);
  await Promise.resolve();
  assertEquals(idle, false);
  resolve("saved");
  assertEquals(await saving, "saved");
  await waiting;
  lifecycle.must("use", 'run("true")');
});

Deno.test("abort() fails the operation in progress with its reason, and begins a new life", async () => {
  const { lifecycle } = running();
  const { life } = lifecycle;
  const pausing = lifecycle.during("pause", "pause()", () => new Promise(() => {}));
  lifecycle.abort("powerOff() ended it");
  await assertRejects(() => pausing, VmError, "nas: powerOff() ended it");
  assertEquals([life.aborted, lifecycle.life.aborted], [true, false]);
  await lifecycle.idle();
});

Deno.test("a failure is reported after the end, with the reason that is known then", async () => {
  const { lifecycle, states } = running();
  let output = "";
  const failing = lifecycle.fail(() => `QEMU ended: ${output}`, async () => {
    assertEquals([lifecycle.state, states], ["failed", []]);
    await Promise.resolve();
    output = "last words";
  });
  await Promise.all([failing, lifecycle.failureReported]);
  assertEquals(states, [["failed", "QEMU ended: last words"]]);
});

Deno.test("each state is reported once, change() needs the state before, and removed is final", () => {
  const { lifecycle, states } = running();
  lifecycle.enter("paused");
  lifecycle.enter("paused");
  lifecycle.change("running", "stopping");
  lifecycle.change("paused", "stopped");
  lifecycle.enter("removed");
  lifecycle.enter("running");
  assertEquals(states, [["paused"], ["stopped"], ["removed"]]);
});
