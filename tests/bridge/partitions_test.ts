import { assertEquals } from "@std/assert";
import {
  closedDirections,
  directionKey,
  isPartitioned,
  namesIn,
  noPartitions,
  pairKey,
  removeDirections,
} from "../../lib/bridge/partitions.ts";

Deno.test("the key of a pair does not depend on the order, that of a direction does", () => {
  assertEquals(pairKey("b", "a"), pairKey("a", "b"));
  assertEquals(namesIn(pairKey("b", "a")), ["a", "b"]);
  assertEquals(namesIn(directionKey("b", "a")), ["b", "a"]);
});

Deno.test("a partition applies to both directions, to one, or to all members", () => {
  const partitions = noPartitions();
  assertEquals(isPartitioned(partitions, "a", "b"), false);
  partitions.oneWay.add(directionKey("a", "b"));
  assertEquals(isPartitioned(partitions, "a", "b"), true);
  assertEquals(isPartitioned(partitions, "b", "a"), false);
  partitions.pairs.add(pairKey("a", "c"));
  assertEquals(isPartitioned(partitions, "c", "a"), true);
  partitions.isolated.add("d");
  assertEquals(isPartitioned(partitions, "d", "a"), false);
  partitions.all = true;
  assertEquals(isPartitioned(partitions, "d", "a"), true);
});

Deno.test("the closed directions are those of pairs and the single ones, each once", () => {
  const partitions = noPartitions();
  partitions.pairs.add(pairKey("b", "a"));
  partitions.oneWay.add(directionKey("a", "b")).add(directionKey("c", "a"));
  assertEquals(closedDirections(partitions), {
    dropped: [["a", "b"], ["b", "a"]],
    resolving: [["c", "a"]],
  });
});

Deno.test("a member that leaves removes its directions, and no others", () => {
  const ways = new Set([
    directionKey("a", "b"),
    directionKey("b", "a"),
    directionKey("b", "c"),
    directionKey("ab", "c"),
  ]);
  removeDirections(ways, "a");
  assertEquals([...ways], [directionKey("b", "c"), directionKey("ab", "c")]);
});
