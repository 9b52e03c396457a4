import { assertEquals } from "@std/assert";
import {
  pathsTo,
  type RegionEdge,
  type RegionPath,
  samePath,
} from "../../../lib/lab/model/region_paths.ts";

/** Links as text: `eu-us 40`, and `eu-us 40 broken`. */
function edges(...texts: string[]): RegionEdge[] {
  return texts.map((text) => {
    const [pair, latency, broken] = text.split(" ");
    const [a, b] = pair.split("-");
    return { a, b, latencyMs: Number(latency), up: broken === undefined };
  });
}

/** The ways as text, in their order: `us:us` over a link to us, `asia:x` nowhere, `z:ix`. */
function ways(to: string, regions: string, ...links: string[]): string {
  const text = (way: RegionPath) =>
    way.kind === "link" ? way.next : way.kind === "nowhere" ? "x" : "ix";
  return [...pathsTo(to, regions.split(" "), edges(...links))]
    .map(([name, way]) => `${name}:${text(way)}`).join(" ");
}

const WORLD = "us eu asia";
const LINKS = ["us-eu 40", "us-asia 75", "eu-asia 95"];

Deno.test("regions that are linked use their link", () => {
  assertEquals(ways("us", WORLD, ...LINKS), "eu:us asia:us");
  assertEquals(ways("eu", WORLD, ...LINKS), "us:eu asia:eu");
  assertEquals(ways("asia", WORLD, ...LINKS), "us:asia eu:asia");
});

Deno.test("traffic avoids a broken link, and takes the shortest remaining path", () => {
  assertEquals(ways("us", WORLD, "us-eu 40 broken", ...LINKS.slice(1)), "asia:us eu:asia");
  assertEquals(ways("eu", WORLD, "us-eu 40 broken", ...LINKS.slice(1)), "asia:eu us:asia");
  // By three links of 10 ms rather than by two of 20.
  const detours = ["a-c 10", "c-d 10", "d-b 10", "a-e 20", "e-b 20"];
  assertEquals(ways("a", "a b c d e", "a-b 40 broken", ...detours), "c:a e:a d:c b:d");
});

Deno.test("a direct link that is up is taken, also where a detour would be quicker", () => {
  const triangle = ["a-b 60", "b-c 80", "a-c 200"];
  assertEquals(ways("c", "a b c", ...triangle), "b:c a:c");
  assertEquals(ways("a", "a b c", ...triangle), "b:a c:a");
  assertEquals(ways("c", "a b c", ...triangle.slice(0, 2), "a-c 200 broken"), "b:c a:b");
  // x has no link to c, and reaches it by a, which has: not by b, which is nearer to a.
  assertEquals(ways("c", "a b c x", ...triangle, "x-a 10"), "b:c a:c x:a");
});

Deno.test("without links left there is no path, and never the IX", () => {
  assertEquals(ways("us", WORLD, "us-eu 40 broken"), "eu:x asia:ix");
  assertEquals(
    ways("us", WORLD, "us-eu 40 broken", "us-asia 75 broken", "eu-asia 95"),
    "eu:x asia:x",
  );
  assertEquals(ways("us", WORLD, "us-eu 40", "eu-asia 95 broken"), "eu:us asia:x");
});

Deno.test("regions that were never linked use the IX", () => {
  assertEquals(ways("us", WORLD), "eu:ix asia:ix");
  assertEquals(
    ways("us", "us eu asia mars moon", "us-eu 40", "mars-moon 1"),
    [
      "eu:us",
      "asia:ix",
      "mars:ix",
      "moon:ix",
    ].join(" "),
  );
  assertEquals(ways("us", "us"), "");
});

Deno.test("of equal paths, the one with fewer links wins, then the first by name", () => {
  // 20 ms by c and d, or by b.
  assertEquals(ways("a", "a b c d z", "a-c 5", "c-d 5", "d-z 10", "a-b 10", "b-z 10").at(-1), "b");
  const square = ["a-y 10", "a-x 10", "y-z 10", "x-z 10"];
  assertEquals(ways("a", "a x y z", ...square), "x:a y:a z:x");
  assertEquals(ways("a", "z y x a", ...square.toReversed()), "x:a y:a z:x");
  assertEquals(ways("a", "a b c", "a-b 0", "b-c 0", "a-c 0"), "b:a c:a");
});

Deno.test("every hop of a path comes nearer, whatever the links", () => {
  let seed = 1;
  const draw = (n: number) => (seed = (seed * 48271) % 2147483647) % n;
  for (let round = 0; round < 300; round++) {
    const names = Array.from({ length: 2 + draw(8) }, (_, i) => `r${i}`);
    const links = names.flatMap((a, i) =>
      names.slice(i + 1).filter(() => draw(3) === 0)
        .map((b): RegionEdge => ({ a, b, latencyMs: draw(4) / 10, up: draw(3) > 0 }))
    );
    for (const to of names) {
      const found = pathsTo(to, names, links);
      assertEquals([...found.keys()].sort(), names.filter((name) => name !== to));
      const settled = new Set([to]);
      for (const [name, way] of found) {
        // Also half-way through the changes: no loop.
        if (way.kind === "link") assertEquals(settled.has(way.next), true);
        settled.add(name);
        // There and back it is the same kind of way.
        assertEquals(pathsTo(name, names, links).get(to)?.kind, way.kind);
      }
    }
  }
});

Deno.test("paths are compared by value", () => {
  const link = (next: string): RegionPath => ({ kind: "link", next });
  assertEquals(samePath(link("a"), link("a")), true);
  assertEquals(samePath(link("a"), link("b")), false);
  assertEquals(samePath(undefined, { kind: "ix" }), false);
  assertEquals(samePath({ kind: "nowhere" }, { kind: "ix" }), false);
  assertEquals(samePath({ kind: "nowhere" }, { kind: "nowhere" }), true);
});
