import { assert, assertEquals, assertThrows } from "@std/assert";
import { hostMemoryBytes } from "../../lib/host/memory.ts";
import { NetyardError } from "../../native/error.ts";

Deno.test("a host's memory is all of it, not what is free", () => {
  const meminfo = "MemTotal:       24684364 kB\nMemFree:        123456 kB\n";
  assertEquals(hostMemoryBytes(meminfo), 24684364 * 1024);
  assertThrows(() => hostMemoryBytes("SwapTotal: 0 kB\n"), NetyardError, "MemTotal");
});

Deno.test("this host has memory, and as much as Deno sees", () => {
  assert(hostMemoryBytes() > 0);
  assertEquals(Math.round(hostMemoryBytes() / Deno.systemMemoryInfo().total), 1);
});
