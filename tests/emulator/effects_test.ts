import { assert, assertEquals } from "@std/assert";
import { clock, eventually, Frames, numberOf, Pair, TestEmulator } from "./kit.ts";

/** The numbers from 0 on. */
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);
const sorted = (numbers: number[]) => numbers.toSorted((a, b) => a - b);

Deno.test("a frame arrives after the delay, in either direction", async () => {
  using pair = new Pair();
  await using emulator = new TestEmulator();
  emulator.impair(pair.up, { latencyMs: 30 }, 1);
  emulator.impair(pair.down, { latencyMs: 10 }, 1);
  await emulator.ready();
  using a = new Frames(pair.up);
  using b = new Frames(pair.down);
  for (const [from, to, ms] of [[a, b, 30], [b, a, 10]] as const) {
    const delays = upTo(9).map(() => {
      const start = clock();
      from.send();
      assert(to.receive(5_000));
      return Number(to.stamp() - start) / 1e6;
    }).sort((x, y) => x - y);
    assert(delays[0] >= ms, `never early: ${delays}`);
    assert(delays[4] < ms + 5, `half of them on time: ${delays}`);
  }
});

Deno.test("nothing is lost while conditions are set, changed and removed under traffic", async () => {
  using pair = new Pair();
  await using emulator = new TestEmulator();
  using from = new Frames(pair.up);
  using to = new Frames(pair.down);
  const some = () => upTo(5).forEach(() => from.send());
  for (let round = 0; round < 25; round++) {
    some();
    const impairment = emulator.impair(pair.up, { latencyMs: 3 }, round);
    some();
    if (round % 2) await emulator.ready();
    some();
    impairment.change({ latencyMs: 1, rateKbit: 50_000 });
    some();
    if (round % 3) await emulator.ready();
    some();
    impairment.change({ latencyMs: 20, jitterMs: 10 });
    some();
    impairment.remove();
    some();
    if (round % 2) await emulator.ready();
    assertEquals(impairment.counters().dropped, 0);
  }
  await emulator.ready();
  assertEquals(sorted(to.all(50)), upTo(from.sent));
});

Deno.test("frames on their way arrive in order when the condition is removed", async () => {
  using pair = new Pair();
  await using emulator = new TestEmulator();
  using from = new Frames(pair.up);
  using to = new Frames(pair.down);
  for (const limits of [{}, { rateKbit: 8_000, jitterMs: 60_000 }]) {
    const impairment = emulator.impair(pair.up, { latencyMs: 60_000, ...limits }, 1);
    const first = from.sent;
    for (let n = 0; n < 100; n++) from.send();
    await emulator.ready();
    assertEquals(to.next(5), undefined);
    impairment.change({ latencyMs: 60_000, rateKbit: 1_000 });
    for (let n = 0; n < 20; n++) from.send(1_514);
    impairment.remove();
    await emulator.ready();
    const arrived = to.all(50);
    const old = arrived.filter((n) => n < first + 100);
    assertEquals(old, upTo(100).map((n) => first + n));
    assertEquals(sorted(arrived), upTo(120).map((n) => first + n));
    assertEquals([impairment.counters().dropped, impairment.counters().late], [0, 0]);
  }
});

Deno.test("a drop loses the frames on their way, and no later ones", async () => {
  using pair = new Pair();
  await using emulator = new TestEmulator();
  using from = new Frames(pair.up);
  using to = new Frames(pair.down);
  const impairment = emulator.impair(pair.up, { latencyMs: 60_000 }, 1);
  for (let n = 0; n < 50; n++) from.send();
  impairment.drop();
  await emulator.ready();
  assert(impairment.counters().dropped >= 50);
  assertEquals(impairment.counters().dropped, impairment.counters().packets);
  for (let n = 0; n < 3; n++) from.send();
  impairment.remove();
  await emulator.ready();
  assertEquals(to.all(50), [50, 51, 52]);
});

Deno.test("the same seed loses the same frames, in fresh namespaces too", async () => {
  await using emulator = new TestEmulator();
  const arrived = async (seed: number) => {
    using pair = new Pair();
    using from = new Frames(pair.up);
    using to = new Frames(pair.down);
    const impairment = emulator.impair(pair.up, { lossPct: 10 }, seed);
    for (let n = 0; n < 500; n++) from.send();
    impairment.remove();
    await emulator.ready();
    const numbers = to.all(50);
    assert(impairment.counters().lost >= 500 - numbers.length);
    emulator.release(pair.a);
    return numbers;
  };
  const expected = await arrived(7);
  assert(expected.length > 420 && expected.length < 480);
  assertEquals(await arrived(7), expected);
  assertEquals(await arrived(7), expected);
  assert((await arrived(8)).join() !== expected.join());
});

Deno.test("duplicates, reordered frames and damage are seen at the receiver", async () => {
  using pair = new Pair();
  await using emulator = new TestEmulator();
  using from = new Frames(pair.up);
  using to = new Frames(pair.down);

  const twice = emulator.impair(pair.up, { duplicatePct: 100 }, 1);
  for (let n = 0; n < 20; n++) from.send();
  twice.remove();
  await emulator.ready();
  assertEquals(to.all(50), upTo(40).map((n) => n >> 1));
  assert(twice.counters().duplicated >= 20);

  const ahead = emulator.impair(pair.up, { latencyMs: 60_000, reorderPct: 50 }, 1);
  for (let n = 0; n < 40; n++) from.send();
  await emulator.ready();
  const first = to.all(50);
  assert(first.length > 8 && first.length < 32, `${first.length} are ahead`);
  assert(ahead.counters().reordered >= first.length);
  ahead.remove();
  await emulator.ready();
  const rest = to.all(50);
  assertEquals(sorted([...first, ...rest]), upTo(40).map((n) => 20 + n));
  assertEquals([first, rest], [sorted(first), sorted(rest)]);

  const damaged = emulator.impair(pair.up, { corruptPct: 100 }, 1);
  for (let n = 0; n < 50; n++) from.send(60);
  damaged.remove();
  await emulator.ready();
  for (let n = 60; n < 110; n++) {
    const frame = to.receive(1_000)!;
    const expected = new Uint8Array(frame.length);
    expected.set(frame.subarray(0, 14));
    new DataView(expected.buffer).setUint32(14, n);
    let bits = 0;
    for (let at = 14; at < frame.length; at++) {
      for (let rest = frame[at] ^ expected[at]; rest; rest &= rest - 1) bits++;
    }
    assertEquals(bits, 1, `frame ${numberOf(frame)}`);
  }
  assert(damaged.counters().corrupted >= 50);
});

Deno.test("the rate is exact on the wire, whatever it is", async () => {
  // Large frames: a busy host may not send small ones fast enough.
  using pair = new Pair({ mtu: 9_000 });
  await using emulator = new TestEmulator();
  using from = new Frames(pair.up);
  using to = new Frames(pair.down);
  from.send();
  to.receive(1_000);
  to.stamp(); // From now on the kernel keeps the times.
  const impairment = emulator.impair(pair.up, {}, 1);

  /** The relative deviation of the time that frames took from that of the rate. */
  const error = (rateKbit: number, bytes: number, count: number) => {
    for (let n = 0; n < count; n++) from.send(bytes);
    const step = bytes * 8_000 / rateKbit;
    const late = upTo(count).map((n) => {
      assert(to.receive(5_000));
      return Number(to.stamp() / 1_000n) - n * step;
    });
    // No frame is early, and on a busy host some are late: the distance between the most punctual ones
    // of the first and of the last third is that of the rate.
    const third = Math.floor(count / 3);
    const drift = Math.min(...late.slice(-third)) - Math.min(...late.slice(0, third));
    return drift / (2 * third * step);
  };
  for (
    const [kbit, bytes, count] of [[1_000, 300, 60], [10_000, 1_500, 120], [100_000, 9_000, 200]]
  ) {
    impairment.change({ rateKbit: kbit });
    await emulator.ready();
    // Tries again if a busy host did not send without a pause; a higher rate is always an error.
    const errors: number[] = [];
    do {
      errors.push(error(kbit, bytes, count));
      assert(errors.at(-1)! > -0.01, `${kbit} kbit/s: too fast by ${errors}`);
    } while (errors.at(-1)! > 0.01 && errors.length < 10);
    assert(errors.at(-1)! < 0.01, `${kbit} kbit/s: too slow by ${errors}`);
  }
});

Deno.test("the queue before a slow link is bounded; frames that find it full are dropped and counted", async () => {
  using pair = new Pair();
  await using emulator = new TestEmulator();
  using from = new Frames(pair.up);
  const impairment = emulator.impair(pair.up, { rateKbit: 64 }, 1);
  await emulator.ready();
  const before = Deno.memoryUsage().rss;
  for (let n = 0; n < 2_000; n++) from.send(1_500);
  // It holds at most 6 s, which are 33 frames; meanwhile 5 leave in a second.
  assert(await eventually(() => impairment.counters().dropped > 2_000 - 100));
  const { packets, dropped } = impairment.counters();
  assert(packets - dropped >= 32, `${packets - dropped} were taken`);
  assert(Deno.memoryUsage().rss - before < 100 * 2 ** 20);
});
