import { assertEquals } from "@std/assert";
import { EventBudget } from "../../lib/telemetry/budget.ts";
import { EVENTS_DROPPED, ProgramEvents } from "../../lib/telemetry/program_events.ts";

const LIMITS = { perSecond: 10, burst: 5, total: 12, bytes: 10_000 };

Deno.test("a node has a burst of events, and then a rate; other nodes do not suffer", () => {
  const budget = new EventBudget(LIMITS);
  const take = (node: string, now: number) => budget.take(node, 1, now);
  for (let i = 0; i < 5; i++) assertEquals(take("a", 0), undefined);
  assertEquals(take("a", 0), "rate");
  assertEquals(take("b", 0), undefined);
  assertEquals(take("a", 99), "rate");
  assertEquals(take("a", 100), undefined);
  assertEquals(take("a", 101), "rate");
  for (let i = 0; i < 5; i++) assertEquals(take("a", 60_000), undefined);
  assertEquals(take("a", 60_000), "total");
  assertEquals(budget.refused, 4);
});

Deno.test("the size of all events is limited", () => {
  const budget = new EventBudget(LIMITS);
  assertEquals(budget.take("a", 9_000, 0), undefined);
  assertEquals(budget.take("a", 1_001, 0), "total");
  assertEquals(budget.take("a", 1_000, 0), undefined);
});

Deno.test("what is not kept is said once for each node, and counted at the end", () => {
  const seen: [string | null, string][] = [];
  const data: unknown[] = [];
  const events = new ProgramEvents((node, name, value) => {
    seen.push([node, name]);
    data.push(value);
  }, { ...LIMITS, perSecond: 0 });
  const a = events.reader("a");
  const b = events.reader("b");
  const line = new TextEncoder().encode('{"event":"x"}\n');
  for (let i = 0; i < 8; i++) a.push(line);
  for (let i = 0; i < 3; i++) b.push(line);
  events.close();
  assertEquals(seen, [
    ...Array(5).fill(["a", "x"]),
    ["a", EVENTS_DROPPED],
    ...Array(3).fill(["b", "x"]),
    [null, EVENTS_DROPPED],
  ]);
  assertEquals(data.at(5), { limit: "rate", perSecond: 0, burst: 5, total: 12, bytes: 10_000 });
  assertEquals(data.at(-1), { dropped: 3 });
});

Deno.test("an end of output ends a line", () => {
  const names: string[] = [];
  const events = new ProgramEvents((_, name) => names.push(name));
  const reader = events.reader("a");
  reader.push(new TextEncoder().encode('{"event":"x"}\n{"event":'));
  reader.push(new TextEncoder().encode('"y"}'));
  reader.end();
  reader.end();
  events.close();
  assertEquals(names, ["x", "y"]);
});
