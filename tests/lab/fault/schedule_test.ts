import { assert, assertEquals, assertRejects } from "@std/assert";
import { Lab, LabClosedError, type LabEvent, NotFoundError, reduceAll } from "@netyard/netyard";
import { waitUntil } from "@netyard/netyard/testing";
import { expectPings, pings } from "../kit.ts";
import { at, takes } from "../../link/kit.ts";

const ETH0 = { node: "pc", interface: "eth0" } as const;
const DOWN = { kind: "link-down", ...ETH0 } as const;

/** ix -- r(pc) */
async function site() {
  const lab = await Lab.create({ seed: 1 });
  const r = await lab.addRouter("r");
  const pc = await lab.addDevice("pc", at(r));
  return { lab, r, pc, eth0: pc.interface("eth0"), [Symbol.asyncDispose]: () => lab.close() };
}

const stepsOf = (events: LabEvent[]) =>
  events.flatMap((event) => event.kind === "schedule-step" ? [event] : []);

Deno.test("steps run in the order of their times, never early, and report their times", async () => {
  const { lab } = await site();
  const ran: string[] = [];
  const does = (name: string) => () => ran.push(name);
  const { results, done } = lab.schedule([
    { at: "90ms", do: does("c") },
    { at: 10.7, do: does("a") },
    { at: "0.05s", do: does("b1") },
    { at: 50, do: does("b2") },
    { at: 0, do: function first() {} },
    ...Array.from({ length: 20 }, (_, n) => ({ at: 60 + n + 0.9, do: () => {} })),
  ]);
  assertEquals(await done, results);
  assertEquals(ran, ["a", "b1", "b2", "c"]);
  assertEquals(results.map(({ step }) => step).slice(0, 4), [4, 1, 2, 3]);
  for (const { step, askedMs, actualMs } of results) {
    assert(actualMs >= askedMs, `step ${step}: ${actualMs} ms, asked for ${askedMs}`);
  }
  await lab.close();
  const told = stepsOf(await Array.fromAsync(lab.events()));
  assertEquals(
    told.map(({ step, askedMs, actualMs }) => ({ step, askedMs, actualMs })),
    results,
  );
  assertEquals(told[0].action, "first");
  assertEquals(told.map(({ error }) => error), told.map(() => null));
});

Deno.test("faults last for the requested time, and affect traffic", async () => {
  await using s = await site();
  const { lab, pc, r } = s;
  const felt: string[] = [];
  const state = () => s.eth0.isUp ? `${s.eth0.condition?.latencyMs ?? 0}` : "down";
  const feel = async () => {
    const now = state();
    felt.push(now);
    try {
      assertEquals(await pings(pc, r.downstreamGateway!), now !== "down");
      if (now !== "down") await takes(2 * Number(now), pc, r.downstreamGateway!);
    } catch (error) {
      // On a busy host this may take until after the next step.
      if (state() === now) throw error;
    }
  };
  const degrade = { kind: "degrade", ...ETH0, condition: { latencyMs: 15 } } as const;
  // What is felt takes some time, in which nothing else is to happen.
  const schedule = lab.schedule([
    { at: 0, do: feel },
    { at: 700, do: degrade, for: "900ms", name: "slow" },
    { at: 800, do: feel },
    { at: 1_700, do: feel },
    { at: 2_400, do: DOWN, name: "cut" },
    { at: 2_410, do: { ...degrade, condition: { latencyMs: 20 } } },
    { at: 2_420, do: feel },
    { at: 3_000, do: { heal: "cut" } },
    { at: 3_010, do: { heal: "cut" } },
    { at: 3_020, do: feel },
    { at: 3_800, do: "heal" },
    { at: 3_810, do: feel },
  ]);
  assertEquals(schedule.faults, []);
  await schedule.done;
  assertEquals(felt, ["0", "15", "0", "down", "20", "0"]);
  assertEquals([schedule.faults, lab.faults], [[], []]);
});

Deno.test("a failing step stops no other, and rejects done", async () => {
  await using s = await site();
  const { lab, eth0 } = s;
  const ran: number[] = [];
  const schedule = lab.schedule([
    { at: 0, do: () => Promise.reject(new RangeError("the first")) },
    { at: 1, do: { kind: "link-down", node: "nobody", interface: "eth0" }, for: 1, name: "x" },
    { at: 3, do: { heal: "x" } },
    { at: 4, do: () => ran.push(4) },
    { at: 5, do: DOWN },
  ]);
  await assertRejects(() => schedule.done, RangeError, "the first");
  assertEquals([ran, eth0.isUp], [[4], false]);
  const errors = schedule.results.map(({ error }) => error);
  assert(errors[1] instanceof NotFoundError);
  assertEquals(errors.filter((error) => error).length, 2);
  await lab.close();
  const told = stepsOf(await Array.fromAsync(lab.events()));
  assertEquals(told.map(({ step }) => step), [0, 1, 1, 2, 3, 4]);
  assertEquals(told[0].error, "RangeError: the first");
  assert(told[1].error?.includes('no node "nobody"'));
});

Deno.test("a cancelled schedule leaves its effects; a disposed one heals them", async () => {
  await using s = await site();
  const { lab, eth0, pc } = s;
  const never = () => {
    throw new Error("too late");
  };
  const one = lab.schedule([{ at: 0, do: DOWN, for: "1m" }, { at: "1m", do: never }]);
  await waitUntil(() => !eth0.isUp);
  await one.cancel();
  assertEquals((await one.done).map(({ step }) => step), [0]);
  assertEquals([eth0.isUp, one.faults.length, lab.faults.length], [false, 1, 1]);
  await one.heal();
  assertEquals([eth0.isUp, lab.faults], [true, []]);
  {
    await using two = lab.schedule([
      { at: 0, do: DOWN },
      { at: 1, do: { kind: "degrade", ...ETH0, condition: { lossPct: 100 } } },
      { at: "1m", do: never },
    ]);
    await waitUntil(() => two.faults.length === 2);
    assertEquals(await pings(pc, lab.ix.ip), false);
  }
  await expectPings([[pc, lab.ix.ip, true]]);
  assertEquals([eth0.condition, lab.faults], [undefined, []]);
  await lab.schedule([]).done;
});

Deno.test("a schedule can be cancelled by one of its own steps", async () => {
  await using s = await site();
  const schedule = s.lab.schedule([
    { at: 0, do: () => schedule.cancel() },
    { at: 1, do: DOWN },
  ]);
  await schedule.done;
  assertEquals([schedule.results.length, s.eth0.isUp], [1, true]);
});

Deno.test("a slow function delays no other step", async () => {
  await using s = await site();
  const { promise, resolve } = Promise.withResolvers<void>();
  const schedule = s.lab.schedule([
    { at: 0, do: () => promise },
    { at: 10, do: DOWN, for: "20ms" },
  ]);
  await waitUntil(() => schedule.results.length === 3, { timeoutMs: 30_000 });
  assertEquals(schedule.results.map(({ askedMs }) => askedMs), [0, 10, 30]);
  resolve();
  await schedule.done;
});

Deno.test("closing a lab ends its schedules at any point", async () => {
  const { lab, eth0 } = await site();
  const waiting = lab.schedule([{ at: 0, do: DOWN, for: "1m" }, { at: "1m", do: () => {} }]);
  const { promise: closing, resolve: close } = Promise.withResolvers<void>();
  const busy = lab.schedule([{ at: 0, do: () => closing }, { at: "1m", do: DOWN }]);
  await waitUntil(() => !eth0.isUp);
  const closed = lab.close();
  close();
  await closed;
  assertEquals((await waiting.done).length, 1);
  assertEquals((await busy.done).length, 1);
  await assertRejects(
    () => Promise.resolve().then(() => lab.schedule([])),
    LabClosedError,
  );
  await waiting[Symbol.asyncDispose]();
  const state = reduceAll(await Array.fromAsync(lab.events()));
  assertEquals(Object.values(state.faults ?? {}), [DOWN]);
});

Deno.test("a fault of a schedule is in the state under the ID of the schedule", async () => {
  const { lab } = await site();
  const { done } = lab.schedule([
    { at: 0, do: DOWN, for: 1 },
    { at: 2, do: { kind: "flap", ...ETH0, down: 1, up: "1m" } },
  ]);
  await done;
  const [fault] = lab.faults;
  assertEquals([lab.faults.length, fault.id, fault.fault.kind], [1, "s1.1", "flap"]);
  await lab.close();
  const events = await Array.fromAsync(lab.events());
  const { faults } = reduceAll(events);
  assertEquals(faults, { "s1.1": { kind: "flap", ...ETH0, down: 1, up: "1m" } });
  const about = events.flatMap((event) =>
    event.kind === "fault-injected" || event.kind === "fault-healed"
      ? [`${event.kind} ${event.id}`]
      : []
  );
  assertEquals(about, ["fault-injected s1.0", "fault-healed s1.0", "fault-injected s1.1"]);
});
