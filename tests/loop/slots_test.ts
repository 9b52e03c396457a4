import { assertEquals } from "@std/assert";
import { Slots } from "../../lib/loop/slots.ts";

Deno.test("each slot has one user, a returned slot is reused first, and -1 means that all are in use", () => {
  const slots = new Slots(100, 3);
  assertEquals([slots.take(), slots.take(), slots.take(), slots.take()], [100, 101, 102, -1]);
  slots.give(100);
  slots.give(102);
  assertEquals([slots.take(), slots.take(), slots.take()], [102, 100, -1]);
});
