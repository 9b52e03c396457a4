import { assertEquals } from "@std/assert";
import { nearest } from "../../lib/options/nearest.ts";

const KEYS = ["preset", "nat", "natV6", "latencyMs", "lossPct", "rateKbit", "downlinkCondition"];

const MEANT: [word: string, candidate: string | undefined][] = [
  ["natt", "nat"], // one letter too many
  ["nt", "nat"], // one too few
  ["tan", undefined], // two of three wrong
  ["prseet", "preset"], // neighbours swapped
  ["NATV6", "natV6"],
  ["nat-v6", "natV6"],
  ["latency", "latencyMs"],
  ["loss", "lossPct"],
  ["rate", "rateKbit"],
  ["condition", "downlinkCondition"],
  ["lossPercent", undefined],
  ["xyz", undefined],
  ["ip", undefined],
  ["", undefined],
];

for (const [word, candidate] of MEANT) {
  Deno.test(`${JSON.stringify(word)} probably means ${candidate ?? "none of the options"}`, () => {
    assertEquals(nearest(word, KEYS), candidate);
  });
}

Deno.test("of several near words the nearest is meant, and the first if several are equally near", () => {
  assertEquals(nearest("homes", ["domes", "home"]), "domes");
  assertEquals(nearest("home", ["homes", "home"]), "home");
});

Deno.test("without candidates no word is meant", () => {
  assertEquals(nearest("nat", []), undefined);
});
