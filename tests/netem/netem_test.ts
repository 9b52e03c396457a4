import { assertEquals, assertThrows } from "@std/assert";
import {
  LINK_PRESETS,
  LinkEngineError,
  type LinkLimits,
  type LinkPreset,
  resolveCondition,
} from "../../lib/link/mod.ts";
import {
  idlePlan,
  longestMs,
  netemCommands,
  planNetem,
  removeNetem,
} from "../../lib/netem/plan.ts";

const PRIO = "qdisc replace dev eth0 parent 1:1 handle 2: prio bands 2 " +
  "priomap 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0";
const root = (burst: string) =>
  `qdisc replace dev eth0 root handle 1: tbf rate 8tbit burst ${burst} limit 1000000`;
const WHOLE = root("16mb");
const CUT = root("1522");
const first = (effects: string) =>
  `qdisc replace dev eth0 parent 2:1 handle 3: netem limit 1000000 ${effects}`;
const second = (effects: string) =>
  `qdisc replace dev eth0 parent 3:1 handle 4: netem limit 1000000 ${effects}`;
const police = (rate: string, burst: number) =>
  "filter add dev eth0 parent 2: protocol all prio 1 matchall flowid 2:1 " +
  `action police rate ${rate} burst ${burst} mtu 70000 conform-exceed drop/pass`;

const set = (limits: LinkLimits, mtu = 1500) => netemCommands("eth0", planNetem(limits, mtu));

const PLAIN = first("corrupt 0% rate 0bit");

const GOLDEN: Record<Exclude<LinkPreset, "lan">, string[]> = {
  wifi: [
    CUT,
    PRIO,
    first("loss random 0.1% corrupt 0% rate 0bit"),
    second("delay 5ms 2ms rate 0bit"),
  ],
  "wifi-bad": [
    CUT,
    PRIO,
    first("loss random 2% corrupt 0% rate 20000kbit"),
    second("delay 40ms 15ms rate 8tbit"),
    police("20408163bit", 1020408),
  ],
  "mobile-4g": [
    CUT,
    PRIO,
    first("loss random 0.5% corrupt 0% rate 0bit"),
    second("delay 25ms 8ms rate 0bit"),
  ],
  "mobile-3g": [
    CUT,
    PRIO,
    first("loss random 2% corrupt 0% rate 2000kbit"),
    second("delay 100ms 30ms rate 8tbit"),
    police("2040816bit", 102040),
  ],
  satellite: [
    CUT,
    PRIO,
    first("loss random 1% corrupt 0% rate 0bit"),
    second("delay 40ms 7ms rate 0bit"),
  ],
  "satellite-geo": [
    CUT,
    PRIO,
    first("loss random 0.5% corrupt 0% rate 25000kbit"),
    second("delay 300ms 20ms rate 8tbit"),
    police("25125628bit", 1256281),
  ],
};

Deno.test("each preset with limits has its commands", () => {
  const impairing = Object.keys(LINK_PRESETS).filter((name) =>
    resolveCondition(name as LinkPreset)
  );
  assertEquals(Object.keys(GOLDEN), impairing);
  for (const [name, lines] of Object.entries(GOLDEN)) {
    assertEquals(set(resolveCondition(name as LinkPreset)!), lines, name);
  }
});

const FIELDS: [what: string, limits: LinkLimits, lines: string[]][] = [
  ["a delay alone, which leaves super-frames whole", { latencyMs: 25 }, [
    WHOLE,
    PRIO,
    PLAIN,
    second("delay 25ms rate 0bit"),
  ]],
  ["jitter", { jitterMs: 8 }, [CUT, PRIO, PLAIN, second("delay 0ms 8ms rate 0bit")]],
  ["loss", { lossPct: 10 }, [
    CUT,
    PRIO,
    first("loss random 10% corrupt 0% rate 0bit"),
    second("rate 0bit"),
  ]],
  ["a rate, and what may wait for it: 0.4 s", { rateKbit: 10_000 }, [
    CUT,
    PRIO,
    first("corrupt 0% rate 10000kbit"),
    second("rate 0bit"),
    police("10000000bit", 500_000),
  ]],
  ["a low rate, for which 32 frames may wait", { rateKbit: 100 }, [
    CUT,
    PRIO,
    first("corrupt 0% rate 100kbit"),
    second("rate 0bit"),
    police("100000bit", 48_704),
  ]],
  ["damage", { corruptPct: 1 }, [
    CUT,
    PRIO,
    first("corrupt 1% rate 0bit"),
    second("rate 0bit"),
  ]],
  ["copies, by a single netem", { duplicatePct: 1 }, [
    CUT,
    PRIO,
    first("duplicate 1% corrupt 0% rate 0bit"),
  ]],
  ["a reorder without a delay, which does nothing", { reorderPct: 5 }, [
    CUT,
    PRIO,
    PLAIN,
    second("rate 0bit"),
  ]],
];

for (const [what, limits, lines] of FIELDS) {
  Deno.test(`the commands for ${what}`, () => assertEquals(set(limits), lines));
}

const COMBINATIONS: [what: string, limits: LinkLimits, lines: string[]][] = [
  ["what is reordered takes the rate all the same", {
    rateKbit: 1000,
    latencyMs: 50,
    reorderPct: 25,
  }, [
    CUT,
    PRIO,
    first("corrupt 0% rate 1000kbit"),
    second("delay 50ms reorder 25% rate 0bit"),
    police("1000000bit", 50_000),
  ]],
  ["jitter keeps the order where a rate is set", { rateKbit: 1000, jitterMs: 5 }, [
    CUT,
    PRIO,
    first("corrupt 0% rate 1000kbit"),
    second("delay 0ms 5ms rate 8tbit"),
    police("1000000bit", 50_000),
  ]],
  ["tc takes jitter alone for no delay to reorder by", { jitterMs: 5, reorderPct: 25 }, [
    CUT,
    PRIO,
    PLAIN,
    second("delay 1us 5ms reorder 25% rate 0bit"),
  ]],
  ["with copies one netem does it all", {
    rateKbit: 1000,
    latencyMs: 50,
    jitterMs: 10,
    lossPct: 50,
    duplicatePct: 2,
    corruptPct: 3,
    reorderPct: 4,
  }, [
    CUT,
    PRIO,
    first(
      "delay 50ms 10ms reorder 4% loss random 50% duplicate 2% corrupt 3% rate 1000kbit",
    ),
    police("2000000bit", 100_000),
  ]],
  ["where all is lost, nothing waits", { rateKbit: 1000, lossPct: 100 }, [
    CUT,
    PRIO,
    first("loss random 100% corrupt 0% rate 1000kbit"),
    second("rate 0bit"),
  ]],
];

for (const [what, limits, lines] of COMBINATIONS) {
  Deno.test(what, () => assertEquals(set(limits), lines));
}

Deno.test("numbers keep their digits, without exponents", () => {
  const { netem, delay } = planNetem({
    latencyMs: 0.35,
    jitterMs: 0.000_4,
    lossPct: 0.000_000_1,
    corruptPct: 33.333_333_333_3,
    rateKbit: 1500.5,
  }, 1500);
  assertEquals(
    netem,
    "netem limit 1000000 loss random 0.0000001% corrupt 33.333333333% rate 1500500bit",
  );
  assertEquals(delay, "netem limit 1000000 delay 350us 0.4us rate 8tbit");
});

Deno.test("the splitter passes frames of a larger MTU, and with a smaller MTU those of Ethernet", () => {
  const burst = (mtu: number) => /burst (\w+)/.exec(set({ lossPct: 1 }, mtu)[0])?.[1];
  assertEquals([burst(9000), burst(1280), burst(65535)], ["9022", "1522", "65557"]);
});

Deno.test("the extremes of all limits are within the ranges of tc and the kernel", () => {
  const burstOf = (limits: LinkLimits) =>
    Number(/burst (\d+)/.exec(planNetem(limits, 1500).police!)![1]);
  assertEquals(burstOf({ rateKbit: 100_000_000 }), 4_000_000_000);
  assertEquals(burstOf({ rateKbit: 1 }), 31_250);
  assertEquals(burstOf({ rateKbit: 1, lossPct: 99.999 }), 48_704);
  planNetem({ latencyMs: 60_000, jitterMs: 2147 }, 1500);
  assertThrows(
    () => planNetem({ jitterMs: 2148 }, 1500),
    LinkEngineError,
    '"jitterMs" is 2148, but netem varies a delay by at most 2147 ms: ' +
      'request less, or use linkEngine "emulator"',
  );
});

const change = (from: LinkLimits, to: LinkLimits) =>
  netemCommands("eth0", planNetem(to, 1500), planNetem(from, 1500));

Deno.test("a change has only the differences, and keeps the queues", () => {
  assertEquals(change({ latencyMs: 50 }, { latencyMs: 50 }), []);
  assertEquals(change({ latencyMs: 50 }, { latencyMs: 60 }), [second("delay 60ms rate 0bit")]);
  assertEquals(change({ latencyMs: 50 }, { latencyMs: 50, lossPct: 1 }), [
    CUT,
    first("loss random 1% corrupt 0% rate 0bit"),
  ]);
  assertEquals(change({ latencyMs: 5, rateKbit: 1000 }, { rateKbit: 2000 }), [
    first("corrupt 0% rate 2000kbit"),
    second("rate 0bit"),
    "filter del dev eth0 parent 2:",
    police("2000000bit", 100_000),
  ]);
  assertEquals(change({ rateKbit: 1000, corruptPct: 1 }, { latencyMs: 1 }), [
    WHOLE,
    PLAIN,
    second("delay 1ms rate 0bit"),
    "filter del dev eth0 parent 2:",
  ]);
});

Deno.test("the second netem is removed before copies are made, and added after their end", () => {
  assertEquals(change({ latencyMs: 5, lossPct: 1 }, { latencyMs: 5, duplicatePct: 1 }), [
    "qdisc del dev eth0 parent 3:1 handle 4:",
    first("delay 5ms duplicate 1% corrupt 0% rate 0bit"),
  ]);
  assertEquals(change({ latencyMs: 5, duplicatePct: 1 }, { latencyMs: 5, lossPct: 1 }), [
    first("loss random 1% corrupt 0% rate 0bit"),
    second("delay 5ms rate 0bit"),
  ]);
});

Deno.test("an idle plan has the same qdiscs, so that nothing is lost", () => {
  const busy = planNetem({ latencyMs: 300, jitterMs: 20, rateKbit: 1000, lossPct: 1 }, 1500);
  assertEquals(netemCommands("eth0", idlePlan(busy), busy), [
    PLAIN,
    second("rate 0bit"),
    "filter del dev eth0 parent 2:",
  ]);
  const copies = planNetem({ latencyMs: 300, duplicatePct: 1 }, 1500);
  assertEquals(netemCommands("eth0", idlePlan(copies), copies), [PLAIN]);
  assertEquals(removeNetem("eth0"), "qdisc del dev eth0 root handle 1:");
});

Deno.test("the longest time that a packet is on its way follows from delay, jitter and queue", () => {
  assertEquals(longestMs({ lossPct: 1 }), 0);
  assertEquals(longestMs({ latencyMs: 50, jitterMs: 20 }), 70);
  assertEquals(longestMs({ latencyMs: 50, rateKbit: 100_000 }), 450);
});
