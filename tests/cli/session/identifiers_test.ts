import { assertEquals } from "@std/assert";
import { identifiersFor } from "../../../lib/cli/session/identifiers.ts";

const words = (names: string[], taken?: (word: string) => boolean) =>
  identifiersFor(names.map((name) => ({ kind: "device", name })), taken);

Deno.test("names become TypeScript identifiers", () => {
  assertEquals(words(["laptop", "my-nas", "a--b-", "1to1", "peer-0", "x-1y"]), [
    "laptop",
    "myNas",
    "aB",
    "_1to1",
    "peer0",
    "x1y",
  ]);
});

Deno.test("identifiers that are taken get their kind as a suffix", () => {
  assertEquals(words(["new", "process", "eval"], (word) => word === "process"), [
    "newDevice",
    "processDevice",
    "evalDevice",
  ]);
  assertEquals(words(["peer0", "peer-0", "peer--0"]), ["peer0", "peer0Device", "peer0Device2"]);
  assertEquals(
    identifiersFor([{ kind: "router", name: "eu" }, { kind: "region", name: "eu" }]),
    ["eu", "euRegion"],
  );
});
