import { assert, assertEquals, assertThrows } from "@std/assert";
import { OtlpFormatError, ValueReader } from "../../lib/telemetry/otlp_fields.ts";
import { convert, MOST_RECORDS, type Signal } from "../../lib/telemetry/otlp_records.ts";
import { parseTelemetry } from "../../lib/telemetry/record.ts";

/** The lab was created at this moment, and the request comes 10 s later. */
const CREATED_MS = Date.UTC(2026, 0, 2);
const RECEIPT = { node: "laptop", nowMs: 10_000, toElapsedMs: (at: number) => at - CREATED_MS };

/** A moment of the lab in nanoseconds since 1970, as JSON has it. */
const at = (elapsedMs: number) => `${BigInt(CREATED_MS) * 1_000_000n + BigInt(elapsedMs * 1e6)}`;

const converted = (signal: Signal, request: unknown) => convert(signal, request, RECEIPT);

const resource = (...attributes: [string, string][]) => ({
  attributes: attributes.map(([key, stringValue]) => ({ key, value: { stringValue } })),
});

const TRACE = "5b8efff798038103d269b633813fc60c";
const SPAN = "eee19b7ec3c1b174";

const spans = (...list: unknown[]) => ({
  resourceSpans: [{
    resource: resource(["service.name", "shop"], ["host.name", "x"]),
    scopeSpans: [{ scope: { name: "deno", version: "2" }, spans: list }],
  }],
});

Deno.test("a span has its times on the clock of the lab", () => {
  const { records, rejected } = converted(
    "traces",
    spans({
      traceId: TRACE.toUpperCase(),
      spanId: SPAN,
      parentSpanId: "eee19b7ec3c1b173",
      name: "GET",
      kind: 3,
      startTimeUnixNano: at(1_000.25),
      endTimeUnixNano: at(1_250.5),
      attributes: [
        { key: "http.response.status_code", value: { intValue: "200" } },
        { key: "big", value: { intValue: "9007199254740993" } },
        { key: "ratio", value: { doubleValue: 0.5 } },
        { key: "nan", value: { doubleValue: "NaN" } },
        { key: "yes", value: { boolValue: true } },
        { key: "bytes", value: { bytesValue: "AAE=" } },
        { key: "list", value: { arrayValue: { values: [{ stringValue: "a" }, { intValue: 1 }] } } },
        {
          key: "map",
          value: { kvlistValue: { values: [{ key: "k", value: { stringValue: "v" } }] } },
        },
        { key: "empty", value: {} },
        { key: "__proto__", value: { stringValue: "x" } },
      ],
      events: [{ name: "exception", timeUnixNano: at(1_200), attributes: [] }],
      status: { code: 2, message: "no route" },
    }),
  );
  assertEquals(rejected, 0);
  assertEquals(records, [{
    version: 1,
    elapsedMs: 1_000.25,
    node: "laptop",
    type: "span",
    service: "shop",
    scope: "deno",
    traceId: TRACE,
    spanId: SPAN,
    parentSpanId: "eee19b7ec3c1b173",
    name: "GET",
    startMs: 1_000.25,
    endMs: 1_250.5,
    status: "error",
    statusMessage: "no route",
    kind: "client",
    attributes: {
      "http.response.status_code": 200,
      big: "9007199254740993",
      ratio: 0.5,
      nan: "NaN",
      yes: true,
      bytes: "AAE=",
      list: ["a", 1],
      map: { k: "v" },
      empty: null,
    },
    events: [{ name: "exception", elapsedMs: 1_200, attributes: {} }],
  }]);
});

Deno.test("a log has a severity, and a time that it was observed if it has no other", () => {
  const log = (record: unknown) =>
    converted("logs", { resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] }).records[0];
  assertEquals(
    log({
      timeUnixNano: "0",
      observedTimeUnixNano: at(20),
      severityNumber: 13,
      severityText: "WARN",
      body: { stringValue: "low disk" },
      eventName: "disk.low",
      traceId: TRACE,
      spanId: SPAN,
    }),
    {
      version: 1,
      elapsedMs: 20,
      node: "laptop",
      type: "log",
      service: "laptop",
      severity: "warn",
      body: "low disk",
      eventName: "disk.low",
      traceId: TRACE,
      spanId: SPAN,
      attributes: {},
    },
  );
  const severity = (record: object) => {
    const one = log(record);
    return one.type === "log" && one.severity;
  };
  const numbers = [1, 4, 5, 8, 9, 12, 13, 16, 17, 20, 21, 24].map((n) =>
    severity({ severityNumber: n })
  );
  assertEquals(
    numbers,
    (["trace", "debug", "info", "warn", "error", "fatal"] as const).flatMap((s) => [s, s]),
  );
  assertEquals(severity({ severityText: "Error" }), "error");
  assertEquals(severity({}), "info");
  assertEquals(severity({ severityNumber: 1e9 }), "fatal");
});

Deno.test("each data point of a metric is a record", () => {
  const point = { timeUnixNano: at(30), attributes: [] };
  const { records, rejected, why } = converted("metrics", {
    resourceMetrics: [{
      scopeMetrics: [{
        metrics: [
          { name: "heat", unit: "Cel", gauge: { dataPoints: [{ ...point, asDouble: 21.5 }] } },
          {
            name: "sent",
            unit: "By",
            sum: {
              aggregationTemporality: 2,
              isMonotonic: true,
              dataPoints: [{ ...point, asInt: "12" }, { ...point, asInt: -1 }, point],
            },
          },
          {
            name: "rtt",
            unit: "s",
            histogram: {
              aggregationTemporality: 1,
              dataPoints: [{
                ...point,
                count: "3",
                sum: 6,
                min: 1,
                max: 3,
                bucketCounts: ["1", "2"],
                explicitBounds: [1.5],
              }, { ...point, count: "1", bucketCounts: ["1", "0"], explicitBounds: [] }],
            },
          },
          {
            name: "size",
            exponentialHistogram: {
              dataPoints: [{
                ...point,
                count: 2,
                scale: 1,
                zeroCount: "1",
                positive: { offset: -1, bucketCounts: ["1"] },
              }],
            },
          },
          {
            name: "old",
            summary: {
              dataPoints: [{
                ...point,
                count: "2",
                sum: 3,
                quantileValues: [{ quantile: 0.5, value: 1 }],
              }],
            },
          },
          { name: "unknown", newKind: {} },
        ],
      }],
    }],
  });
  const stamp = {
    version: 1,
    elapsedMs: 30,
    node: "laptop",
    type: "metric",
    service: "laptop",
    attributes: {},
  };
  const sent = {
    ...stamp,
    name: "sent",
    unit: "By",
    metric: "sum",
    temporality: "cumulative",
    monotonic: true,
  };
  assertEquals(
    records,
    [
      { ...stamp, name: "heat", unit: "Cel", metric: "gauge", value: 21.5 },
      { ...sent, value: 12 },
      { ...sent, value: -1 },
      {
        ...stamp,
        name: "rtt",
        unit: "s",
        metric: "histogram",
        temporality: "delta",
        histogram: { count: 3, sum: 6, min: 1, max: 3, bounds: [1.5], counts: [1, 2] },
      },
      {
        ...stamp,
        name: "size",
        unit: "",
        metric: "histogram",
        histogram: {
          count: 2,
          scale: 1,
          zeroCount: 1,
          positive: { offset: -1, counts: [1] },
        },
      },
      {
        ...stamp,
        name: "old",
        unit: "",
        metric: "summary",
        histogram: { count: 2, sum: 3, quantiles: [[0.5, 1]] },
      },
    ] as typeof records,
  );
  assertEquals([rejected, why], [3, "a data point has no finite value"]);
  for (const record of records) assertEquals(parseTelemetry(JSON.stringify(record)), record);
});

Deno.test("times that cannot be are within the run, and spans without an identity are rejected", () => {
  const span = { traceId: TRACE, spanId: SPAN, name: "x" };
  const { records, rejected, why } = converted(
    "traces",
    spans(
      { ...span, startTimeUnixNano: "1000000", endTimeUnixNano: at(5) },
      { ...span, startTimeUnixNano: "18446744073709551615" },
      { ...span, startTimeUnixNano: "yesterday" },
      { ...span, startTimeUnixNano: at(9), endTimeUnixNano: at(8) },
      { ...span, traceId: "" },
      { ...span, spanId: "0".repeat(16) },
      { ...span, traceId: 7 },
    ),
  );
  assertEquals(records.map(({ elapsedMs }) => elapsedMs), [0, 10_000, 10_000, 9]);
  for (const record of records) {
    assert(record.type === "span" && record.endMs >= record.startMs);
    assert(Number.isFinite(record.endMs));
  }
  assertEquals([rejected, why], [3, "a span has no valid traceId or spanId"]);
});

Deno.test("a request of another shape is refused as a whole, and unknown fields are ignored", () => {
  const wrong: unknown[] = [
    null,
    [],
    "x",
    { resourceSpans: {} },
    { resourceSpans: [1] },
    { resourceSpans: [{ scopeSpans: 1 }] },
    { resourceSpans: [{ resource: [], scopeSpans: [] }] },
    { resourceSpans: [{ scopeSpans: [{ spans: [null] }] }] },
  ];
  for (const request of wrong) {
    assertThrows(() => converted("traces", request), OtlpFormatError);
  }
  for (const request of [{}, { resourceSpans: [] }, { resourceSpans: null, x: 1 }]) {
    assertEquals(converted("traces", request), { records: [], rejected: 0, why: "" });
  }
});

Deno.test("a record has a limited size, and a request a limited number of records", () => {
  const long = "x".repeat(300_000);
  const attributes = Array.from({ length: 1_000 }, (_, i) => ({
    key: `${i}${long}`,
    value: { arrayValue: { values: Array(1_000).fill({ stringValue: long }) } },
  }));
  const [record] = converted(
    "traces",
    spans({
      traceId: TRACE,
      spanId: SPAN,
      name: long,
      attributes,
      status: { message: long },
      events: Array(1_000).fill({ name: long, attributes }),
    }),
  ).records;
  assert(JSON.stringify(record).length < 200_000);
  let nested: unknown = { stringValue: "deep" };
  for (let i = 0; i < 5_000; i++) nested = { arrayValue: { values: [nested] } };
  assert(JSON.stringify(new ValueReader().value(nested)).length < 100);
  const many = { traceId: TRACE, spanId: SPAN };
  const { records, rejected, why } = converted(
    "traces",
    spans(...Array(MOST_RECORDS + 5).fill(many)),
  );
  assertEquals([records.length, rejected], [MOST_RECORDS, 5]);
  assertEquals(why, "more than 20000 in one request");
});
