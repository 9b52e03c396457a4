import { assertEquals } from "@std/assert";
import { LinkResults } from "../../lib/devtools/model/link_results.ts";

const up = (packets: number, lost: number, meanLateMs: number | undefined, asked: object) => ({
  "a/eth0": { up: { asked, packets, bytes: packets * 1_000, lost, dropped: 1, meanLateMs } },
});

Deno.test("a link is compared with what was last requested", () => {
  const results = new LinkResults();
  results.add(0, up(0, 0, 0, { latencyMs: 20 }));
  results.add(1_000, up(100, 0, 0.5, { latencyMs: 20 }));
  assertEquals(results.rows().map(({ asked, achieved, packets }) => [asked, achieved, packets]), [[
    { delayMs: 20, lossPct: 0, rateBits: 0 },
    { delayMs: 20.5, lossPct: 0, rateBits: 800_000 },
    100,
  ]]);
  const other = { latencyMs: 50, lossPct: 10, rateKbit: 1_000 };
  results.add(2_000, up(100, 0, 0.5, other));
  // 100 more, of which 8 were lost; all packets together are 150 ms late, of which 50 were before.
  results.add(3_000, up(200, 8, 0.75, other));
  const [row] = results.rows();
  assertEquals([row.packets, row.dropped, row.asked], [100, 0, {
    delayMs: 50,
    lossPct: 10,
    rateBits: 1_000_000,
  }]);
  assertEquals(row.achieved, { delayMs: 51, lossPct: 8, rateBits: 800_000 });
});

Deno.test("what is requested while nothing is sent does not count", () => {
  const results = new LinkResults();
  results.add(0, up(10, 0, 0, { latencyMs: 5 }));
  results.add(500, up(10, 0, 0, { latencyMs: 30 }));
  results.add(900, up(10, 0, 0, { latencyMs: 40 }));
  assertEquals(results.rows().map(({ asked, packets }) => [asked.delayMs, packets]), [[5, 10]]);
  results.add(1_000, up(14, 0, 0, { latencyMs: 40 }));
  assertEquals(results.rows().map(({ asked, packets }) => [asked.delayMs, packets]), [[40, 4]]);
});

Deno.test("an impairment that is made anew counts from 0; what is not measured is not told", () => {
  const results = new LinkResults();
  results.add(0, up(500, 5, undefined, { lossPct: 1 }));
  results.add(1_000, up(50, 2, undefined, { lossPct: 1 }));
  const [row] = results.rows();
  assertEquals([row.packets, row.achieved.lossPct, row.achieved.delayMs], [50, 4, undefined]);
});

Deno.test("samples of any form are taken", () => {
  const results = new LinkResults();
  for (
    const links of [undefined, 7, [], { a: 1 }, { a: { up: [] } }, { a: { up: { asked: 1 } } }]
  ) {
    results.add(0, links);
  }
  results.add(0, { a: { up: { asked: {}, packets: "many", lost: -1e999, bytes: {} } } });
  assertEquals(results.rows(), []);
});
