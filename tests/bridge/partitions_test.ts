import { assertEquals } from "@std/assert";
import {
  closedWays,
  forgetWays,
  isPartitioned,
  namesIn,
  noPartitions,
  pairKey,
  wayKey,
} from "../../lib/bridge/partitions.ts";

Deno.test("a pair is the same whichever of it is named first, a way is not", () => {
  assertEquals(pairKey("b", "a"), pairKey("a", "b"));
  assertEquals(namesIn(pairKey("b", "a")), ["a", "b"]);
  assertEquals(namesIn(wayKey("b", "a")), ["b", "a"]);
});

Deno.test("a partition holds both ways, or one, or for all", () => {
  const partitions = noPartitions();
  assertEquals(isPartitioned(partitions, "a", "b"), false);
  partitions.oneWay.add(wayKey("a", "b"));
  assertEquals(isPartitioned(partitions, "a", "b"), true);
  assertEquals(isPartitioned(partitions, "b", "a"), false);
  partitions.pairs.add(pairKey("a", "c"));
  assertEquals(isPartitioned(partitions, "c", "a"), true);
  partitions.isolated.add("d");
  assertEquals(isPartitioned(partitions, "d", "a"), false);
  partitions.all = true;
  assertEquals(isPartitioned(partitions, "d", "a"), true);
});

Deno.test("the closed ways are those of pairs and single ones, each once", () => {
  const partitions = noPartitions();
  partitions.pairs.add(pairKey("b", "a"));
  partitions.oneWay.add(wayKey("a", "b")).add(wayKey("c", "a"));
  assertEquals(closedWays(partitions), [["a", "b"], ["b", "a"], ["c", "a"]]);
});

Deno.test("who leaves takes along the ways that name it, and no other", () => {
  const ways = new Set([wayKey("a", "b"), wayKey("b", "a"), wayKey("b", "c"), wayKey("ab", "c")]);
  forgetWays(ways, "a");
  assertEquals([...ways], [wayKey("b", "c"), wayKey("ab", "c")]);
});
