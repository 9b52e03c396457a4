import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { eventually, Frames, linksIn, output, Pair, TestEmulator } from "./kit.ts";
import { Command, Control } from "../../lib/emulator/control.ts";
import { EmulatorError } from "../../lib/emulator/mod.ts";
import { Ports } from "../../lib/emulator/ports.ts";
import { EMULATOR_PROGRAM } from "../../lib/emulator/session.ts";
import { LoopThread } from "../../lib/loop/thread.ts";
import { Breakable } from "../loop/breakable.ts";
import { NamespaceClosedError } from "../../native/namespace.ts";
import { deleteLink } from "../../native/netlink/link.ts";
import { deleteRedirect, redirectAllButMark } from "../../native/netlink/tc.ts";

const FAR_FUTURE = { latencyMs: 60_000 };
const tapsIn = (pair: Pair) => linksIn(pair.a).filter((name) => name.startsWith("emu")).length;

/** Whether a frame passes at once. */
function isPlain(pair: Pair): boolean {
  using from = new Frames(pair.up);
  using to = new Frames(pair.down);
  from.send();
  return to.next(2_000) === 0;
}

Deno.test("after a failure of the thread links are plain, the error has their labels, and a new thread works", async () => {
  using one = new Pair({ name: "one" });
  using two = new Pair({ name: "two" });
  const closed = new Pair({ name: "closed" });
  using threads = new Breakable(EMULATOR_PROGRAM);
  await using emulator = new TestEmulator();
  const impairments = [closed, one, two].map(({ up }) => emulator.impair(up, FAR_FUTURE, 1));
  await emulator.ready();
  closed[Symbol.dispose]();
  threads.break("fail");
  await assertRejects(() => emulator.ready(), EmulatorError, "plain again");
  await emulator.failed;
  const [{ error, labels }] = emulator.failures;
  assertEquals(labels.sort(), ["closed (up)", "one (up)", "two (up)"]);
  assert(error.message.includes("the test made it fail"), error.message);
  assert(isPlain(one) && isPlain(two));
  for (const impairment of impairments) {
    impairment.change({ lossPct: 100 });
    impairment.drop();
    impairment.remove();
    impairment.discard();
    assert(impairment.counters().dropped >= 0);
  }
  await emulator.ready();
  assert(isPlain(one));
  const next = emulator.impair(one.up, { lossPct: 100 }, 1);
  await emulator.ready();
  using from = new Frames(one.up);
  from.send();
  assert(await eventually(() => next.counters().lost >= 1));
  assertEquals([emulator.failures.length, tapsIn(one)], [1, 1]);
});

Deno.test("a thread that hangs is terminated within seconds, and its links are plain", async () => {
  using pair = new Pair({ name: "hung" });
  using threads = new Breakable(EMULATOR_PROGRAM);
  await using emulator = new TestEmulator();
  emulator.impair(pair.up, FAR_FUTURE, 1);
  await emulator.ready();
  threads.break("hang");
  const start = performance.now();
  await emulator.failed;
  assert(performance.now() - start < 8_000);
  const [{ error, labels }] = emulator.failures;
  assertEquals(labels, ["hung (up)"]);
  assert(error.message.includes("did nothing for 3 s"), error.message);
  assert(isPlain(pair));
});

Deno.test("a link or TAP that is deleted does not affect other links, and costs no processor time", async () => {
  using gone = new Pair();
  using robbed = new Pair();
  using good = new Pair();
  // A thread of this test, to count how often it wakes.
  const control = new Control();
  const thread = new LoopThread(EMULATOR_PROGRAM, control, (reason) => {
    throw new Error(reason);
  });
  const ports = new Ports();
  const taken = [gone, robbed, good].map(({ up }, id) => {
    const port = ports.take(up, { latencyMs: 5 });
    control.describe(id, port, 1);
    control.setLimits(id, { latencyMs: 5 });
    control.post(Command.Add, id);
    return port;
  });
  using frames = new Frames(gone.up);
  frames.send();
  gone.a.rtnetlink((batch) => deleteLink(batch, gone.up.index));
  robbed.a.rtnetlink((batch) => deleteLink(batch, taken[1].index));
  thread.wake();
  assert(await eventually(() => control.done === 3));
  assert(isPlain(good), "it still works");
  assert(await eventually(() => control.counters(0).packets >= 1));
  const before = control.beat;
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert(control.beat - before < 20, `it woke ${control.beat - before} times`);

  control.post(Command.Change, 1);
  for (const id of [0, 1, 2]) control.post(Command.Discard, id);
  control.post(Command.Stop, 0);
  thread.wake();
  await thread.ended(5_000);
  thread.close();
  taken.forEach((port) => ports.park(port));
  // The TAP is gone, and not reused.
  ports.restore(robbed.up, taken[1]);
  const again = ports.take(robbed.up, {});
  assert(again !== taken[1]);
  ports.park(again);
  await ports.close();
});

Deno.test("TAPs are reused as long as their namespace lives, with new counters", async () => {
  using pair = new Pair();
  await using emulator = new TestEmulator();
  using from = new Frames(pair.up);
  using to = new Frames(pair.down);
  for (let round = 0; round < 10; round++) {
    const impairment = emulator.impair(pair.up, FAR_FUTURE, 1);
    from.send();
    if (round % 2) {
      impairment.remove();
      await emulator.ready();
    } else {
      await emulator.ready();
      impairment.discard();
      await emulator.ready();
      // As if the link were another one; frames that arrive meanwhile wait in the TAP, and are dropped.
      from.send();
      pair.a.rtnetlink((batch) => deleteRedirect(batch, pair.up.index));
    }
    const { packets, dropped } = impairment.counters();
    assert(packets >= 1);
    assert(round % 2 ? dropped === 0 : dropped >= 1);
  }
  // One for ten rounds; another for each fork of this process that holds a descriptor at the wrong moment.
  const taps = tapsIn(pair);
  assert(taps >= 1 && taps <= 3, `${taps} TAPs for ten rounds`);
  // Of each three frames, the first was dropped with its condition and the second in the TAP.
  assertEquals(to.all(20), [2, 5, 8, 11, 14]);
});

Deno.test("an end with another redirection is refused, and nothing is left of the attempt", async () => {
  using pair = new Pair();
  await using emulator = new TestEmulator();
  pair.a.rtnetlink((batch) => redirectAllButMark(batch, pair.up.index, 1, 7));
  for (let attempt = 0; attempt < 3; attempt++) {
    const error = assertThrows(() => emulator.impair(pair.up, FAR_FUTURE, 1), EmulatorError);
    assert(error.message.includes("pair (up)") && error.message.includes("tc filter del"));
  }
  assertEquals(tapsIn(pair), 1);
  await output(pair.a, "tc", "filter", "del", "dev", "e0", "egress");
  emulator.impair(pair.up, FAR_FUTURE, 1).remove();
  await emulator.ready();
  assert(isPlain(pair));
});

Deno.test("a namespace goes when its ends are discarded and it is released", async () => {
  using pair = new Pair();
  await using emulator = new TestEmulator();
  const impairment = emulator.impair(pair.up, FAR_FUTURE, 1);
  const other = emulator.impair(pair.down, { latencyMs: 1 }, 1);
  await emulator.ready();
  impairment.discard();
  emulator.release(pair.a);
  pair.a.close();
  // The veth goes with the namespace, and the other end with the veth.
  assert(await eventually(() => !linksIn(pair.b).includes("e0")));
  other.discard();
  await emulator.ready();
  assertThrows(() => emulator.impair(pair.up, FAR_FUTURE, 1), NamespaceClosedError);
});

Deno.test("an emulator can be closed twice and before its thread starts, and then refuses calls", async () => {
  using pair = new Pair();
  const unused = new TestEmulator();
  await unused.ready();
  unused.release(pair.a);
  await unused.close();
  const emulator = new TestEmulator();
  emulator.impair(pair.up, FAR_FUTURE, 1);
  await emulator.close();
  await emulator.close();
  assertThrows(() => emulator.impair(pair.up, FAR_FUTURE, 1), EmulatorError, "is closed");
  assertEquals(emulator.failures, []);
});
