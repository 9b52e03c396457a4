import { assertEquals } from "@std/assert";
import { Agenda } from "../../lib/emulator/agenda.ts";
import { pick, seeded } from "../address/random.ts";

Deno.test("an agenda returns items in the order in which they are due, as a sorted list does", () => {
  const random = seeded(1);
  const agenda = new Agenda(500);
  let list: { time: number; item: number }[] = [];
  const times = new Set<number>();
  for (let step = 0; step < 20_000; step++) {
    const choice = random();
    if (choice < 0.55 && list.length < 500) {
      let time = pick(random, 1_000_000);
      while (times.has(time)) time += 0.25; // No two at once: there, either may be first.
      times.add(time);
      agenda.push(time, step);
      list.push({ time, item: step });
      list.sort((a, b) => a.time - b.time);
    } else if (choice < 0.999 && list.length > 0) {
      assertEquals(agenda.next, list[0].time);
      assertEquals(agenda.pop(), list.shift()!.item);
    } else {
      const odd = (item: number) => item % 2 === 1;
      assertEquals(agenda.takeOut(odd), list.map(({ item }) => item).filter(odd));
      list = list.filter(({ item }) => !odd(item));
    }
    assertEquals([agenda.length, agenda.next], [list.length, list[0]?.time ?? Infinity]);
  }
});

Deno.test("items that are due at the same time are all returned", () => {
  const agenda = new Agenda(100);
  for (let item = 0; item < 100; item++) agenda.push(7, item);
  const items = Array.from({ length: 100 }, () => agenda.pop());
  assertEquals(items.sort((a, b) => a - b), Array.from({ length: 100 }, (_, n) => n));
  assertEquals([agenda.length, agenda.next], [0, Infinity]);
});
