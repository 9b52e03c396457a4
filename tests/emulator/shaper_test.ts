import { assert, assertEquals } from "@std/assert";
import { FULL, LOST, RateClock, SENT, SENT_TWICE, Shaper } from "../../lib/emulator/shaper.ts";
import { offloadFor } from "../../lib/emulator/port.ts";
import type { LinkLimits } from "../../lib/link/mod.ts";

const MS = 1e6;
const FRAMES = 20_000;

function shaper(limits: LinkLimits, seed = 1): Shaper {
  const made = new Shaper(seed);
  made.set(limits);
  return made;
}

/** When frames leave that arrive at given times. */
function leaves(limits: LinkLimits, frames: [time: number, bytes: number][]): (number | "full")[] {
  const made = shaper(limits);
  return frames.map(([time, bytes]) => {
    const fate = made.admit(time, bytes, false);
    return fate === FULL ? "full" : made.leave;
  });
}

Deno.test("the delay is added to the arrival time, exact to the nanosecond", () => {
  assertEquals(leaves({ latencyMs: 5 }, [[0, 100], [1, 1514], [MS, 60]]), [
    5_000_000,
    5_000_001,
    6_000_000,
  ]);
  assertEquals(leaves({}, [[7, 100], [9, 100]]), [7, 9]);
  assertEquals(leaves({ latencyMs: 0.0015 }, [[0, 100]]), [1_500]);
});

Deno.test("a frame has passed the rate when its last bit has, one frame after the other", () => {
  // 1,000 kbit/s: a byte takes 8 us.
  assertEquals(leaves({ rateKbit: 1_000 }, [[0, 1000], [0, 500], [MS, 1], [50 * MS, 1000]]), [
    8_000_000,
    12_000_000,
    12_008_000,
    58_000_000,
  ]);
  // The delay comes after the rate, and a delayed frame does not block the rate.
  assertEquals(leaves({ rateKbit: 1_000, latencyMs: 100 }, [[0, 1000], [0, 1000]]), [
    108_000_000,
    116_000_000,
  ]);
  assertEquals(leaves({ rateKbit: 100_000_000 }, [[0, 1514]]), [1514 * 8 / 100]);
});

Deno.test("the queue before a rate holds 0.4 s, or 32 full frames where that is more", () => {
  // 8 ms each: the 51st finds exactly 400 ms in the queue.
  const fast = leaves({ rateKbit: 1_000, latencyMs: 1_000 }, Array(60).fill([0, 1000]));
  assertEquals(fast.findIndex((leave) => leave === "full"), 51);
  // 64 kbit/s: 0.125 ms for a byte, 6.056 s for 32 * 1514.
  const slow = leaves({ rateKbit: 64 }, Array(60).fill([0, 1514]));
  assertEquals(slow.findIndex((leave) => leave === "full"), 33);
  // Later there is room again.
  const made = shaper({ rateKbit: 1_000 });
  while (made.admit(0, 1000, false) !== FULL);
  assertEquals([made.admit(7.9 * MS, 1000, false), made.admit(8 * MS, 1000, false)], [FULL, SENT]);
});

Deno.test("frames that wait for an earlier rate do not delay frames under a new rate", () => {
  const made = shaper({ rateKbit: 64, latencyMs: 50 });
  while (made.admit(0, 1500, false) !== FULL);
  made.set({ rateKbit: 64_000, latencyMs: 10 });
  assertEquals([made.admit(MS, 1000, false), made.leave], [SENT, MS + 125_000 + 10 * MS]);
  // The same rate keeps its queue.
  made.set({ rateKbit: 64_000, latencyMs: 1 });
  assertEquals([made.admit(MS, 1000, false), made.leave], [SENT, MS + 250_000 + MS]);
});

/** How often each effect happens to `n` frames. */
function tally(limits: LinkLimits, seed: number) {
  const made = shaper(limits, seed);
  const counts = { lossPct: 0, duplicatePct: 0, reorderPct: 0, corruptPct: 0 };
  for (let n = 0; n < FRAMES; n++) {
    const fate = made.admit(n * MS, 1000, false);
    if (fate === LOST) counts.lossPct++;
    else {
      if (fate === SENT_TWICE) counts.duplicatePct++;
      if (made.ahead) counts.reorderPct++;
      if (made.corrupt >= 0) counts.corruptPct++;
    }
  }
  return counts;
}

Deno.test("each effect happens as often as requested, within the range of 99 % of random runs", () => {
  const effects = ["lossPct", "duplicatePct", "reorderPct", "corruptPct"] as const;
  for (const pct of [0.1, 1, 10, 30]) {
    const p = pct / 100;
    const band = 2.576 * Math.sqrt(FRAMES * p * (1 - p));
    for (const [i, effect] of effects.entries()) {
      const counts = tally({ [effect]: pct }, 10 + i);
      const off = counts[effect] - FRAMES * p;
      assert(Math.abs(off) <= band, `${effect} ${pct}: off by ${off}, band ${band}`);
      for (const other of effects) if (other !== effect) assertEquals(counts[other], 0);
    }
  }
  assertEquals(tally({ lossPct: 100 }, 1).lossPct, FRAMES);
  assertEquals(tally({ duplicatePct: 100 }, 1).duplicatePct, FRAMES);
});

Deno.test("losses are independent: the lengths of runs are those of independent draws", () => {
  const made = shaper({ lossPct: 30 }, 4);
  let [runs, lost, before] = [0, 0, false];
  for (let n = 0; n < FRAMES; n++) {
    const isLost = made.admit(n, 100, false) === LOST;
    if (isLost) lost++;
    if (isLost && !before) runs++;
    before = isLost;
  }
  // On average 1 / (1 - 0.3).
  assert(Math.abs(lost / runs - 1 / 0.7) < 0.05, `${lost / runs} in a row`);
});

Deno.test("jitter is uniform over its whole range in both directions, and a delay is never negative", () => {
  const delays = (limits: LinkLimits) => {
    const made = shaper(limits, 3);
    return Array.from({ length: FRAMES }, (_, n) => {
      made.admit(n * 1000, 100, false);
      return (made.leave - n * 1000) / MS;
    });
  };
  const plain = delays({ latencyMs: 50, jitterMs: 20 });
  const deciles = new Array(10).fill(0);
  for (const delay of plain) {
    assert(delay >= 30 && delay <= 70);
    deciles[Math.min(9, Math.floor((delay - 30) / 4))]++;
  }
  assert(deciles.every((n) => Math.abs(n - FRAMES / 10) < FRAMES / 100), `${deciles}`);
  assert(Math.max(...plain) - Math.min(...plain) > 39.6, "it uses the whole spread");
  const low = delays({ latencyMs: 5, jitterMs: 10 });
  assert(low.every((delay) => delay >= 0 && delay <= 15));
  assert(Math.abs(low.filter((delay) => delay === 0).length / FRAMES - 0.25) < 0.02);
});

Deno.test("frames keep their order under a rate with jitter, and without jitter", () => {
  for (
    const limits of [
      { latencyMs: 20 },
      { rateKbit: 1_000_000 },
      { rateKbit: 10_000, latencyMs: 20, jitterMs: 20 },
      { rateKbit: 10_000, jitterMs: 3, duplicatePct: 20, corruptPct: 5, lossPct: 5 },
    ]
  ) {
    const made = shaper(limits);
    assert(made.ordered);
    let last = -1;
    for (let n = 0; n < 5_000; n++) {
      const fate = made.admit(n * 20_000, 100, n % 7 === 0);
      if (fate === LOST || fate === FULL) continue;
      assert(made.leave > last, "no two leave together: their order would be lost");
      last = made.leave;
      if (fate !== SENT_TWICE) continue;
      assert(made.copyLeave > last);
      last = made.copyLeave;
    }
  }
  const loose = shaper({ latencyMs: 20, jitterMs: 10 });
  assert(!loose.ordered);
  const times = Array.from({ length: 100 }, (_, n) => {
    loose.admit(n * 1000, 100, false);
    return loose.leave;
  });
  assert(times.some((time, n) => n > 0 && time < times[n - 1]), "jitter alone overtakes");
});

Deno.test("a reordered frame has no delay, and does not affect other frames", () => {
  const with_ = shaper({ latencyMs: 10, reorderPct: 20 });
  const without = shaper({ latencyMs: 10 });
  let ahead = 0;
  for (let n = 1; n <= 1_000; n++) {
    with_.admit(n * MS, 100, false);
    without.admit(n * MS, 100, false);
    assertEquals(with_.leave, with_.ahead ? n * MS : without.leave);
    if (with_.ahead) ahead++;
  }
  assert(ahead > 150 && ahead < 250);
});

/** All decisions about frames, with a control frame before every n-th frame. */
function fates(limits: LinkLimits, seed: number, controlEvery = 0, frames = 500): string[] {
  const made = shaper(limits, seed);
  return Array.from({ length: frames }, (_, n) => {
    if (controlEvery > 0 && n % controlEvery === 0) made.admit(n * MS, 60, true);
    const fate = made.admit(n * MS, 500, false);
    if (fate === LOST) return "lost";
    const first = [made.leave, made.ahead, made.corrupt];
    const copy = fate === SENT_TWICE ? [made.copyLeave, made.copyAhead, made.copyCorrupt] : [];
    return [...first, ...copy].join();
  });
}

const ALL: LinkLimits = {
  latencyMs: 20,
  jitterMs: 5,
  lossPct: 10,
  duplicatePct: 10,
  reorderPct: 10,
  corruptPct: 10,
};

Deno.test("the same seed always gives the same decisions, and another seed gives others", () => {
  const expected = fates(ALL, 42);
  for (let run = 0; run < 100; run++) assertEquals(fates(ALL, 42), expected);
  assert(fates(ALL, 43).join() !== expected.join());
});

Deno.test("control frames do not change what happens to other frames", () => {
  const expected = fates(ALL, 42);
  for (const every of [1, 3, 50]) assertEquals(fates(ALL, 42, every), expected);
});

Deno.test("frames under a delay alone do not change which frames are lost later", () => {
  const lossesAfter = (before: number) => {
    const made = shaper({ latencyMs: 1 });
    for (let n = 0; n < before; n++) made.admit(n, 60_000, false);
    made.set({ lossPct: 20 });
    return Array.from({ length: 500 }, (_, n) => made.admit(n, 100, false)).join();
  };
  assertEquals(lossesAfter(17), lossesAfter(0));
});

Deno.test("which frames are lost does not depend on the other effects", () => {
  const losses = (limits: LinkLimits) => {
    const made = shaper({ lossPct: 10, ...limits }, 9);
    return Array.from({ length: 2_000 }, (_, n) => made.admit(n * MS, 100, false) === LOST).join();
  };
  const expected = losses({});
  for (
    const limits of [
      { latencyMs: 20, jitterMs: 20 },
      { reorderPct: 30, latencyMs: 5 },
      { corruptPct: 30 },
      { rateKbit: 100_000 },
    ]
  ) assertEquals(losses(limits), expected);
  // A higher loss loses the same frames and others.
  const [few, many] = [losses({}), losses({ lossPct: 20 })].map((text) => text.split(","));
  assert(few.every((lost, n) => lost === "false" || many[n] === "true"));
});

Deno.test("a loss takes one of two copies, as with netem", () => {
  const counts = tally({ lossPct: 100, duplicatePct: 100 }, 1);
  assertEquals([counts.lossPct, counts.duplicatePct], [0, 0]);
});

Deno.test("super-frames stay whole under a delay alone, and checksums are computed before damage", () => {
  assertEquals(offloadFor({}), "segmentation");
  assertEquals(offloadFor({ latencyMs: 20, lossPct: 0 }), "segmentation");
  for (
    const limits of [
      { rateKbit: 1 },
      { jitterMs: 1 },
      { lossPct: 1 },
      { duplicatePct: 1 },
      { reorderPct: 1 },
    ]
  ) {
    assertEquals(offloadFor(limits), "checksum");
    assert(shaper(limits).perPacket);
  }
  assertEquals(offloadFor({ corruptPct: 1, lossPct: 1 }), "none");
});

Deno.test("a shared rate has one queue for all directions, before their own rates", () => {
  const clock = new RateClock();
  clock.set(1_000); // A byte takes 8 us.
  const [one, other, slow] = [new Shaper(1), new Shaper(2), new Shaper(3)];
  one.set({}, clock);
  other.set({ latencyMs: 5 }, clock);
  slow.set({ rateKbit: 100 }, clock);
  const leave = (made: Shaper, now: number, bytes: number) =>
    made.admit(now, bytes, false) === FULL ? "full" : made.leave;
  assertEquals(leave(one, 0, 1000), 8 * MS);
  assertEquals(leave(other, 0, 1000), 16 * MS + 5 * MS);
  assertEquals(leave(one, 1 * MS, 1000), 24 * MS);
  // Its own rate is lower, and uses nothing of the shared one in advance.
  assertEquals(leave(slow, 30 * MS, 1000), 38 * MS + 80 * MS);
  assertEquals(leave(one, 30 * MS, 1000), 46 * MS);
  assertEquals([one.perPacket, one.ordered], [true, true]);
  assertEquals([offloadFor({}, true), offloadFor({ corruptPct: 1 }, true)], ["checksum", "none"]);
});

Deno.test("the queue of a shared rate is full for all directions, and a new rate applies at once", () => {
  const clock = new RateClock();
  clock.set(1_000);
  const [one, other] = [new Shaper(1), new Shaper(2)];
  one.set({}, clock);
  other.set({}, clock);
  let admitted = 0;
  while (one.admit(0, 1514, false) === SENT) admitted++;
  // 400 ms at 1 Mbit/s are 33 full frames; one more still finds the queue within its limit.
  assertEquals(admitted, 34);
  assertEquals(other.admit(0, 60, false), FULL);
  clock.set(1_000);
  assertEquals(other.admit(0, 60, false), FULL, "the same rate again changes nothing");
  clock.set(2_000);
  assertEquals(other.admit(0, 1000, false), SENT);
  assertEquals(other.leave, 4 * MS);
});
