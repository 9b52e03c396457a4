// Lanes of the timeline that are not events: spans and logs of programs, the load of the host, traffic.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Counters } from "../../lib/devtools/model/counters.ts";
import { EventLog } from "../../lib/devtools/model/event_log.ts";
import { areaPath, lanesOf, valueAt } from "../../lib/devtools/model/lanes/lanes.ts";
import { Telemetry } from "../../lib/devtools/model/lanes/telemetry.ts";
import { Timeline } from "../../lib/devtools/model/timeline.ts";
import { browserTest, openPage, until } from "./browser_kit.ts";
import { event, served, write } from "./server_kit.ts";

const encoder = new TextEncoder();
const lines = (...values: unknown[]) => values.map((each) => `${JSON.stringify(each)}\n`).join("");

const TRACE = "0af7651916cd43dd8448eb211c80319c";

/** A span, by its number and that of the one around it. */
const span = (id: number, parent: number | null, startMs: number, endMs: number, more = {}) => ({
  version: 1,
  type: "span",
  elapsedMs: startMs,
  node: "laptop",
  service: "client",
  traceId: TRACE,
  spanId: String(id).padStart(16, "0"),
  parentSpanId: parent === null ? null : String(parent).padStart(16, "0"),
  name: `span ${id}`,
  startMs,
  endMs,
  status: "unset",
  kind: "client",
  attributes: {},
  ...more,
});

const log = (elapsedMs: number, body: unknown, more = {}) => ({
  version: 1,
  type: "log",
  elapsedMs,
  node: "laptop",
  service: "client",
  severity: "info",
  body,
  attributes: {},
  ...more,
});

const HOSTILE = "<img src=x onerror=window.hacked=1>\x1b[31m\u202e";

const TELEMETRY = lines(
  span(2, 1, 120, 180),
  span(1, null, 100, 400, { name: "GET /join", attributes: { "http.route": HOSTILE, list: [1] } }),
  span(3, 2, 130, 150, {
    status: "error",
    statusMessage: "refused",
    events: [{ name: "exception", elapsedMs: 140, attributes: { type: HOSTILE } }, null, 7],
  }),
  span(4, 1, 150, 300, { name: HOSTILE }),
  span(5, null, 410, 500),
  span(6, 4, 160, 290, { node: "server", service: "api", kind: "server", name: "POST /peers" }),
  log(135, "dialling"),
  log(145, { error: HOSTILE }, { severity: "error", traceId: TRACE, spanId: "0".repeat(15) + "3" }),
  {
    version: 1,
    type: "metric",
    elapsedMs: 1,
    node: "laptop",
    service: "",
    name: "m",
    unit: "",
    metric: "gauge",
    value: 1,
    attributes: {},
  },
  { version: 2 },
) + '{"half a';

const COUNTERS = lines(
  {
    version: 1,
    elapsedMs: 0,
    interfaces: { "laptop/eth0": traffic(0), "laptop/wlan0": traffic(0) },
    nat: { home: { mappings: 2 } },
    firewall: { home: { droppedPackets: 3, droppedBytes: 180 } },
    host: { cpuSome10: 10, loopLagMs: 1, emulatorMaxLateMs: 0.2 },
  },
  {
    version: 1,
    elapsedMs: 250,
    interfaces: { "laptop/eth0": traffic(1_000), "laptop/wlan0": traffic(500) },
    host: { cpuSome10: 90, loopLagMs: 4, emulatorMaxLateMs: 35 },
  },
  { version: 1, elapsedMs: 500, firewall: { home: { droppedPackets: 9, droppedBytes: 1 } } },
);

function traffic(bytes: number) {
  const packets = bytes / 100;
  return {
    rxPackets: packets,
    txPackets: 0,
    rxBytes: bytes,
    txBytes: 0,
    rxDropped: 0,
    txDropped: 0,
  };
}

const host = (name: string) => ({
  kind: "device-added",
  name,
  device: {
    name,
    mtu: 1500,
    defaultInterface: "eth0",
    interfaces: [{ name: "eth0", ip: "10.0.0.2", prefix: 24, mtu: 1500, gateway: null }],
  },
});

const EVENTS = event(0, { kind: "lab-created", label: "spans" }) + event(1, host("laptop")) +
  event(2, host("server")) +
  event(60, { kind: "custom", node: "laptop", name: "late", data: null });

function models() {
  const [events, telemetry, counters] = [new EventLog(), new Telemetry(), new Counters()];
  events.push(encoder.encode(EVENTS));
  telemetry.push(encoder.encode(TELEMETRY));
  counters.push(encoder.encode(COUNTERS));
  return { events, telemetry, counters, timeline: new Timeline(events) };
}

Deno.test("spans are in rows below those that they are in; those of another node are in its rows", () => {
  const { telemetry } = models();
  const brief = (node: string) =>
    telemetry.lanesOf(node).map(({ title, part, items }) =>
      `${title}|${part}|${items.map(({ key, failed }) => key + (failed ? "!" : "")).join(" ")}`
    );
  assertEquals(brief("laptop"), [
    "laptop spans|spans|t1 t4",
    "|spans|t0",
    "|spans|t2! t3",
    "laptop log|log|t6 t7!",
  ]);
  assertEquals(brief("server"), ["server spans|spans|t5"]);
  assertEquals(brief("none"), []);
  assertEquals([telemetry.damaged, telemetry.count], [1, 9]);
  const inner = telemetry.item("t2")!;
  assertEquals([inner.label, inner.from, inner.to], ["span 3", 130, 150]);
  assertEquals(
    telemetry.item("t7")!.label,
    '{"error":"<img src=x onerror=window.hacked=1>\\u001b[31m\ufffd"}',
  );
  assertEquals([telemetry.item("t8"), telemetry.item("5"), telemetry.item("tx")], [
    undefined,
    undefined,
    undefined,
  ]);
  assertEquals(telemetry.span(TRACE, "0".repeat(15) + "1")?.key, "t1");
});

Deno.test("spans in a circle, without end, or deeper than the rows, have a place", () => {
  const telemetry = new Telemetry();
  telemetry.push(encoder.encode(lines(
    span(1, 2, 0, 100),
    span(2, 1, 0, 100),
    span(3, 3, 50, 20),
    span(4, null, NaN, 5),
    ...Array.from({ length: 40 }, (_, i) => span(10 + i, i === 0 ? null : 9 + i, i, 500 - i)),
  )));
  const lanes = telemetry.lanesOf("laptop");
  assertEquals(lanes.length, 8);
  assertEquals(lanes.flatMap(({ items }) => items).length, 43);
  const three = telemetry.item("t2")!;
  assertEquals([three.from, three.to], [50, 50]);
});

Deno.test("lanes: the lab, the host, then each node with its traffic, its spans and its log", () => {
  const { timeline, telemetry, counters } = models();
  const lanes = lanesOf(timeline, telemetry, counters);
  assertEquals(lanes.map(({ title, node }) => `${node ?? "-"}:${title}`), [
    ...["-:Custom events", "-:Lab", "-:CPU waits", "-:Lateness", "laptop:laptop"],
    ...["laptop:laptop spans", "laptop:", "laptop:", "laptop:laptop log"],
    ...["server:server", "server:server spans"],
  ]);
  const area = (title: string) => lanes.find((lane) => lane.title === title)!.area!;
  assertEquals(area("laptop").points, [[0, 0], [250, 48_000], [500, 0]]);
  assertEquals([area("laptop").most, area("server")], [48_000, undefined]);
  assertEquals(area("CPU waits").points, [[0, 10], [250, 90]]);
  assertEquals(area("Lateness").most, 35);
  assertEquals([-1, 0, 249, 250, 900].map((ms) => valueAt(area("CPU waits"), ms)), [
    ...[undefined, 10, 10, 90, 90],
  ]);
  assertEquals(area("CPU waits").text(90), "90 %");
});

Deno.test("an area is drawn in steps, cut to what is seen; of points within a pixel the highest counts", () => {
  const area = { most: 100, text: String, points: [[0, 10], [100, 50], [100.5, 20], [300, 20]] };
  const view = { from: 0, to: 400, left: 10, scale: 1, height: 20 };
  const typed = area as unknown as Parameters<typeof areaPath>[0];
  assertEquals(areaPath(typed, view), "M10 20V18H110V10H310V16H410V20Z");
  assertEquals(areaPath(typed, { ...view, from: 200, scale: 2 }), "M10 20V16H410V20Z");
  assertEquals(areaPath({ ...typed, points: [] }, view), "");
  assertEquals(areaPath({ ...typed, points: [[500, 1]] }, view), "");
  assertEquals(areaPath({ ...typed, points: [[-50, 1_000]] }, view), "M10 20V0H410V20Z");
});

Deno.test("counters have the drops of firewalls, and the totals of interfaces", () => {
  const { counters } = models();
  assertEquals([counters.firewallDropsAt("home", 400), counters.firewallDropsAt("home", 500)], [
    3,
    9,
  ]);
  assertEquals(counters.rateAt("laptop/eth0", 600)?.totals, {
    rxBytes: 1_000,
    txBytes: 0,
    dropped: 0,
  });
  assertEquals(counters.interfacesOf("laptop"), ["eth0", "wlan0"]);
  const damaged = new Counters();
  damaged.push(encoder.encode(lines(
    { version: 1, elapsedMs: 1, host: "x", firewall: [1], interfaces: { a: null, "b/c": 5 } },
    { version: 1, elapsedMs: 2, host: { cpuSome10: "x" }, nat: { a: { mappings: NaN } } },
  )));
  assertEquals([damaged.damaged, damaged.host.length], [0, 2]);
});

browserTest(
  "the timeline has nested spans, logs, the load of the host; a span has its attributes",
  async () => {
    await using all = await served((root) =>
      write(root, {
        "a/events.jsonl": EVENTS,
        "a/telemetry.jsonl": TELEMETRY,
        "a/counters.jsonl": COUNTERS,
        "a/nodes/laptop/stdout.log": "hello\n",
      })
    );
    await using opened = await openPage(`${all.server.url}#/run/a/timeline?t=300`);
    const { page, faults } = opened;
    await page.waitForSelector("[data-lane='laptop spans'] [data-item=t1]");
    const top = async (key: string) => (await page.locator(`[data-item=${key}]`).boundingBox())!.y;
    assert(await top("t1") < await top("t0") && await top("t0") < await top("t2"), "nested");
    assertStringIncludes(await page.locator("[data-item=t1]").innerText(), "GET /join");
    assertStringIncludes(await page.locator("[data-lane='CPU waits']").innerText(), "90 %");
    assert(await page.locator("[data-lane=laptop] .lane-area path").getAttribute("d"));
    assertEquals(await page.locator("[data-lane='laptop log'] .item").count() > 0, true);

    await page.locator("[data-item=t2]").click();
    const panel = page.locator("aside[aria-label=Span]");
    const text = await panel.innerText();
    for (
      const part of ["span 3", "refused", "20 ms", "client", "exception", HOSTILE.slice(0, 35)]
    ) {
      assertStringIncludes(text, part);
    }
    // From span to span, to the log of that moment, and to the event before it.
    await panel.getByRole("button", { name: "span 2" }).click();
    await panel.getByRole("button", { name: "GET /join" }).click();
    await until(page, "document.querySelector('aside').innerText.includes('http.route')");
    await until(page, "location.hash.includes('item=t1')");
    await panel.getByRole("link", { name: "Events" }).click();
    await page.waitForSelector("aside[aria-label=Event]");
    await page.goBack();
    await panel.getByRole("link", { name: "Log at this moment" }).click();
    await until(page, "document.body.innerText.includes('hello')");
    assertEquals(faults, []);
    assertEquals(await page.evaluate("window.hacked"), undefined);
  },
);
