import { assertEquals } from "@std/assert";
import { lineAt, logParts, plainText, readLogLine } from "../../lib/devtools/model/log_lines.ts";
import { matrixChart, measuresOf, resultRows } from "../../lib/devtools/model/results.ts";
import type { RunInfo } from "../../lib/devtools/model/types.ts";
import { withoutEvents } from "../../lib/devtools/server/read_run_info.ts";

const read = (text: string, index = 0) => readLogLine({ offset: 0, text, cut: 0 }, index);

Deno.test("a line of tracing-subscriber has its level, spans, target and fields", () => {
  const line = read(JSON.stringify({
    timestamp: "2026-01-02T03:04:05Z",
    level: "WARN",
    target: "app::net",
    fields: { message: "slow", ms: 12 },
    span: { name: "dial" },
    spans: [{ name: "session", id: 7 }, { name: "dial" }],
  }));
  assertEquals([line.level, line.at], ["warn", Date.parse("2026-01-02T03:04:05Z")]);
  assertEquals(logParts(line), {
    spans: [{ name: "session", fields: [["id", "7"]] }, { name: "dial", fields: [] }],
    target: "app::net",
    message: "slow",
    fields: [["ms", "12"]],
  });
});

Deno.test("pino, slog and plain lines have their level and time too", () => {
  const levels = [
    '{"level":50,"time":1767323045000,"msg":"x"}',
    '{"time":"2026-01-02T03:04:05Z","level":"DEBUG","msg":"x"}',
    "2026-01-02T03:04:05.678Z  INFO app: hello",
    "[2026-01-02T03:04:05Z] ERROR no",
    "64 bytes from 198.18.0.2",
    '{"json": "but no entry"}',
  ].map((text) => [read(text).level, read(text).at !== undefined]);
  assertEquals(levels, [
    ["error", true],
    ["debug", true],
    ["info", true],
    ["error", true],
    [undefined, false],
    [undefined, false],
  ]);
});

Deno.test("control sequences of terminals are removed, other control characters become visible", () => {
  const cases: [string, string][] = [
    ["\x1b[1;31mred\x1b[0m", "red"],
    ["\x1b]0;title\x07x", "x"],
    ["\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"],
    ["a\x08b\x00c\td", "a\ufffdb\ufffdc\td"],
    ["\u202eevil", "\ufffdevil"],
    ["\x1b(Bx\x1bcy", "xy"],
    ["plain ü 🚀", "plain ü 🚀"],
  ];
  for (const [text, plain] of cases) assertEquals(plainText(text), plain, JSON.stringify(text));
});

Deno.test("the line of an event: the nearest that names it, else the last before the moment", () => {
  const entry = (ms: number, msg: string, i: number) =>
    read(JSON.stringify({ time: new Date(ms).toISOString(), level: "info", msg }), i);
  const lines = [
    entry(1_000, "start", 0),
    entry(2_000, "PeerBound", 1),
    read("no time", 2),
    entry(3_000, "other", 3),
    entry(4_000, "PeerBound", 4),
  ];
  assertEquals(lineAt(lines, 3_500)?.index, 3);
  assertEquals(lineAt(lines, 3_600, "PeerBound")?.index, 4);
  assertEquals(lineAt(lines, 2_100, "PeerBound")?.index, 1);
  assertEquals(lineAt(lines, 500), undefined);
  const plain = [read("a PeerBound", 0), read("b", 1), read("c PeerBound", 2)];
  assertEquals(lineAt(plain, 0, "PeerBound", 1)?.index, 2);
  assertEquals(lineAt(plain, 0), undefined);
});

const run = (label: string, variant: Record<string, string>): RunInfo => ({
  ...withoutEvents(label, label, "passed"),
  variant,
});

Deno.test("results become rows with numbers, and a chart over the matrix", () => {
  const step = (latency: string | null, duration: string | null = null) => ({
    steps: [{ id: "ping", latency_ms: latency, duration, down_bytes: "4000000", up_bytes: null }],
  });
  const rows = [
    ...resultRows(run("a", { link: "lan", nat: "home" }), step("0.5", "2.0")),
    ...resultRows(run("b", { link: "wifi", nat: "home" }), step("10", "2000000")),
    ...resultRows(run("c", { link: "wifi", nat: "cgnat" }), step("12")),
    ...resultRows(run("d", {}), undefined),
    ...resultRows(run("e", {}), { steps: [null, 7, "x"] }),
  ];
  assertEquals(rows.map(({ latencyMs, downRate }) => [latencyMs, downRate]), [
    [0.5, 2],
    [10, 2],
    [12, undefined],
    [undefined, undefined],
    [undefined, undefined],
  ]);
  assertEquals(measuresOf(rows).map(({ title }) => title), [
    "Latency",
    "Down",
    "Duration",
    "Received",
  ]);
  assertEquals(matrixChart(rows, "latencyMs", "link"), {
    categories: ["lan", "wifi"],
    series: [
      { name: "home · ping", values: [0.5, 10] },
      { name: "cgnat · ping", values: [null, 12] },
    ],
  });
});
