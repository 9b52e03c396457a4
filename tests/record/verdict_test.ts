import { assertEquals } from "@std/assert";
import { parsePressure, parseWaited } from "../../lib/record/host_load.ts";
import { LoadWatch } from "../../lib/record/load_watch.ts";
import { judge, type Lateness } from "../../lib/record/verdict.ts";

const late = (values: Partial<Lateness>): Lateness => ({
  link: "laptop/eth0 up",
  askedMs: 40,
  packets: 100,
  meanLateMs: 0,
  maxLateMs: 0,
  ...values,
});

Deno.test("an idle host gives no reason", () => {
  assertEquals(judge({ emulator: [] }), { kind: "ok", reasons: [] });
  const emulator = [late({ meanLateMs: 3.9, maxLateMs: 49 })];
  assertEquals(judge({ cpu: { pct: 79, overMs: 9000 }, loopWaitMs: 99, emulator }).kind, "ok");
});

Deno.test("each reason has its numbers and its limit", () => {
  assertEquals(
    judge({
      cpu: { pct: 93.4, overMs: 2100 },
      loopWaitMs: 340.2,
      emulator: [
        late({ meanLateMs: 4.1, maxLateMs: 400 }),
        late({ link: "phone/wlan0 down", askedMs: 0, meanLateMs: 1.25 }),
        late({ link: "tv/eth0 up", askedMs: 300, packets: 3, meanLateMs: 90, maxLateMs: 151 }),
      ],
    }),
    {
      kind: "inconclusive",
      reasons: [
        "for 93 % of 2.1 s, programs of this host waited for a processor (the limit is 80 %)",
        "the event loop of this program waited 340 ms for a processor (the limit is 100 ms)",
        "phone/wlan0 down: 100 packets left 1.3 ms late on average, for a delay of 0 ms " +
        "(the limit is 1 ms)",
        "laptop/eth0 up: 100 packets left 4.1 ms late on average, for a delay of 40 ms " +
        "(the limit is 4 ms)",
        "tv/eth0 up: a packet left 151 ms late, for a delay of 300 ms (the limit is 150 ms)",
      ],
    },
  );
});

Deno.test("a thousand late links are told in few lines", () => {
  const emulator = Array.from({ length: 1000 }, () => late({ meanLateMs: 9 }));
  const { reasons } = judge({ emulator });
  assertEquals([reasons.length, reasons.at(-1)], [9, "and 992 more links like these"]);
});

Deno.test("a share of a very short time says nothing", () => {
  assertEquals(judge({ cpu: { pct: 100, overMs: 400 }, emulator: [] }).kind, "ok");
});

Deno.test("pressure and waiting are read as the kernel prints them", () => {
  const text = "some avg10=1.72 avg60=6.54 avg300=18.36 total=9663323174\n" +
    "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n";
  assertEquals(parsePressure(text), { some10: 1.72, someUs: 9_663_323_174 });
  assertEquals(parsePressure(""), undefined);
  assertEquals(parseWaited("100160479 26400338 129\n"), 26.400338);
  assertEquals(parseWaited("nonsense"), undefined);
});

/** A watch over a host whose tasks wait for the shares of the given seconds. */
function watch(...shares: number[]) {
  let second = 0;
  let someUs = 0;
  const watched = new LoadWatch({
    now: () => second * 1000,
    read: () => ({ cpu: { some10: 0, someUs } }),
  });
  return {
    watched,
    pass(look: boolean) {
      for (const share of shares) {
        second++;
        someUs += share * 1e4;
        if (look) watched.look();
      }
    },
  };
}

Deno.test("without a recorder, the share is that of the whole life of the lab", () => {
  const busyFirst = watch(100, 100, 100, 0, 0, 0, 0, 0, 0, 0);
  busyFirst.pass(false);
  assertEquals(busyFirst.watched.verdict().kind, "ok");
  const busy = watch(90, 85);
  busy.pass(false);
  assertEquals(busy.watched.verdict().reasons, [
    "for 88 % of 2.0 s, programs of this host waited for a processor (the limit is 80 %)",
  ]);
});

Deno.test("a recorder finds the worst two seconds of a longer life", () => {
  const busyLater = watch(10, 10, 10, 100, 90, 0, 0, 0, 0);
  busyLater.pass(true);
  assertEquals(busyLater.watched.verdict().reasons, [
    "for 95 % of 2.0 s, programs of this host waited for a processor (the limit is 80 %)",
  ]);
  const busyForOne = watch(10, 10, 10, 100, 10, 0, 0, 0, 0);
  busyForOne.pass(true);
  assertEquals(busyForOne.watched.verdict().kind, "ok");
});

Deno.test("a busy first moment counts as a part of the first two seconds", () => {
  const start = watch(100, 20, 20, 20);
  start.pass(true);
  assertEquals(start.watched.verdict().kind, "ok");
});

Deno.test("what was said stays, though the share sinks again while the first two seconds pass", () => {
  const busy = steps(
    [600, 90, "inconclusive"],
    [300, 10, "inconclusive"],
    [5000, 0, "inconclusive"],
  );
  assertEquals(busy.reasons, [
    "for 90 % of 0.6 s, programs of this host waited for a processor (the limit is 80 %)",
  ]);
  assertEquals(steps([600, 70, "ok"], [300, 10, "ok"]).reasons, []);
});

/** Asks for a verdict after each time, in which tasks wait for a share. Returns the last one. */
function steps(...times: [ms: number, pct: number, kind: string][]) {
  let now = 0;
  let someUs = 0;
  const watched = new LoadWatch({
    now: () => now,
    read: () => ({ cpu: { some10: 0, someUs } }),
  });
  for (const [ms, pct, kind] of times) {
    now += ms;
    someUs += ms * pct * 10;
    assertEquals(watched.verdict().kind, kind);
  }
  return watched.said!;
}

Deno.test("a link that was too late for its delay stays so, when a longer delay is asked for", () => {
  const { watched } = watch();
  watched.late([late({ askedMs: 10, packets: 3, meanLateMs: 40 })]); // too few for a mean
  assertEquals(watched.verdict().kind, "ok");
  watched.late([late({ askedMs: 10, meanLateMs: 3 })]);
  assertEquals(watched.verdict().kind, "inconclusive");
  watched.late([late({ askedMs: 200, meanLateMs: 6 })]);
  assertEquals(watched.verdict().reasons, [
    "laptop/eth0 up: 100 packets left 3 ms late on average, for a delay of 10 ms (the limit is 1 ms)",
  ]);
});

Deno.test("the worst lateness of a link stays, also when its condition is gone", () => {
  const { watched } = watch();
  watched.late([late({ meanLateMs: 9, maxLateMs: 20 })]);
  watched.late([late({ packets: 4, meanLateMs: 0.1, maxLateMs: 70 })]);
  watched.late([late({ meanLateMs: 0.1, maxLateMs: 0.2 })]);
  assertEquals(watched.verdict().reasons.length, 2);
});
