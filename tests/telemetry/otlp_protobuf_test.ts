import { assert, assertEquals, assertThrows } from "@std/assert";
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import {
  JsonLogsSerializer,
  JsonMetricsSerializer,
  JsonTraceSerializer,
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from "@opentelemetry/otlp-transformer";
import {
  InMemoryLogRecordExporter,
  LoggerProvider,
  SimpleLogRecordProcessor,
} from "@opentelemetry/sdk-logs";
import {
  AggregationTemporality,
  AggregationType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { OtlpFormatError } from "../../lib/telemetry/otlp_fields.ts";
import { decodeRequest, encodeAnswer, encodeStatus } from "../../lib/telemetry/otlp_protobuf.ts";
import { convert, type Signal } from "../../lib/telemetry/otlp_records.ts";

const RECEIPT = { node: "laptop", nowMs: 1e15, toElapsedMs: (at: number) => at };

/** Checks that both encodings of a request by the SDK for JavaScript become the same records. */
function assertSame(signal: Signal, binary: Uint8Array, json: Uint8Array): number {
  const fromJson = convert(signal, JSON.parse(new TextDecoder().decode(json)), RECEIPT);
  const fromBinary = convert(signal, decodeRequest(signal, binary), RECEIPT);
  assertEquals(fromBinary, fromJson);
  assertEquals(fromJson.rejected, 0);
  return fromJson.records.length;
}

const ATTRIBUTES = {
  text: "é✓",
  "integer": -7,
  large: 2 ** 40,
  double: -0.25,
  yes: true,
  list: ["a", "b"],
  numbers: [1, 2.5],
};

Deno.test("spans in both encodings of OpenTelemetry's SDK are the same", async () => {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const tracer = provider.getTracer("test", "1.0");
  const span = tracer.startSpan("dial", { kind: 2, attributes: ATTRIBUTES });
  span.addEvent("retry", { attempt: 2 });
  span.recordException(new Error("no route"));
  span.setStatus({ code: 2, message: "failed" });
  span.end();
  tracer.startSpan("plain").end();
  const spans = exporter.getFinishedSpans();
  const count = assertSame(
    "traces",
    ProtobufTraceSerializer.serializeRequest(spans)!,
    JsonTraceSerializer.serializeRequest(spans)!,
  );
  assertEquals(count, 2);
  await provider.shutdown();
});

Deno.test("logs in both encodings of OpenTelemetry's SDK are the same", async () => {
  const exporter = new InMemoryLogRecordExporter();
  const provider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] });
  const logger = provider.getLogger("test");
  logger.emit({
    severityNumber: 17,
    severityText: "ERROR",
    body: "failed",
    attributes: ATTRIBUTES,
  });
  logger.emit({ body: { a: [1, "b", { c: null }] }, eventName: "peer.connected" });
  const logs = exporter.getFinishedLogRecords();
  const count = assertSame(
    "logs",
    ProtobufLogsSerializer.serializeRequest(logs)!,
    JsonLogsSerializer.serializeRequest(logs)!,
  );
  assertEquals(count, 2);
  await provider.shutdown();
});

Deno.test("metrics in both encodings of OpenTelemetry's SDK are the same", async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({
    readers: [reader],
    views: [{
      instrumentName: "size",
      aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM },
    }],
  });
  const meter = provider.getMeter("test");
  meter.createCounter("sent", { unit: "By" }).add(12, ATTRIBUTES);
  meter.createUpDownCounter("open").add(-2.5);
  meter.createGauge("heat").record(21.5);
  const rtt = meter.createHistogram("rtt", { advice: { explicitBucketBoundaries: [1, 10] } });
  const size = meter.createHistogram("size");
  for (const value of [0, 0.5, 5, 50]) {
    rtt.record(value);
    size.record(value);
  }
  await provider.forceFlush();
  const [metrics] = exporter.getMetrics();
  const count = assertSame(
    "metrics",
    ProtobufMetricsSerializer.serializeRequest(metrics)!,
    JsonMetricsSerializer.serializeRequest(metrics)!,
  );
  assertEquals(count, 5);
  await provider.shutdown();
});

Deno.test("lists of numbers are read packed and unpacked; unknown fields and types are skipped", () => {
  const message =
    (type: number, write: (writer: BinaryWriter) => void) => (writer: BinaryWriter) => {
      writer.tag(type, WireType.LengthDelimited).fork();
      write(writer);
      writer.join();
    };
  const point = message(1, (writer) => {
    writer.tag(4, WireType.Bit64).fixed64(3);
    for (const count of [1, 2]) writer.tag(6, WireType.Bit64).fixed64(count);
    writer.tag(7, WireType.LengthDelimited).fork().double(1.5).join();
    writer.tag(3, WireType.Varint).uint32(5); // a time must be a fixed64
    writer.tag(99, WireType.StartGroup).tag(1, WireType.Varint).uint32(1).tag(
      99,
      WireType.EndGroup,
    );
    writer.tag(98, WireType.Bit32).fixed32(1);
    writer.tag(11, WireType.Bit64).double(0.5);
  });
  const writer = new BinaryWriter();
  message(1, message(2, message(2, message(9, point))))(writer);
  const { records, rejected } = convert(
    "metrics",
    decodeRequest("metrics", writer.finish()),
    RECEIPT,
  );
  assertEquals(rejected, 0);
  const [record] = records;
  assert(record.type === "metric");
  assertEquals(record.histogram, { count: 3, min: 0.5, bounds: [1.5], counts: [1, 2] });
  assertEquals(record.elapsedMs, RECEIPT.nowMs);
});

Deno.test("damaged messages are refused: cut, random, nested, endless", async () => {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  provider.getTracer("test").startSpan("dial", { attributes: ATTRIBUTES }).end();
  const whole = ProtobufTraceSerializer.serializeRequest(exporter.getFinishedSpans())!;
  await provider.shutdown();
  /** Decodes what may or may not be a request; any error must be one of the format. */
  const attempt = (signal: Signal, bytes: Uint8Array) => {
    try {
      convert(signal, decodeRequest(signal, bytes), RECEIPT);
      return true;
    } catch (error) {
      assert(error instanceof OtlpFormatError, `${error}`);
      return false;
    }
  };
  for (let length = 1; length < whole.length; length++) {
    assert(!attempt("traces", whole.subarray(0, length)), `${length} of ${whole.length} bytes`);
  }
  for (let i = 0; i < 3_000; i++) {
    const bytes = Uint8Array.from(whole);
    for (let n = 0; n < 3; n++) {
      bytes[Math.floor(Math.random() * bytes.length)] = Math.random() * 256;
    }
    attempt("traces", bytes);
    attempt("metrics", bytes);
    const random = crypto.getRandomValues(new Uint8Array(1 + i % 64));
    for (const signal of ["traces", "logs", "metrics"] as const) attempt(signal, random);
  }
  const groups = new Uint8Array(1_000_000).fill(0x0b | 0x10); // groups in groups
  assert(!attempt("traces", groups));
  let nested: Uint8Array = new Uint8Array();
  for (let i = 0; i < 400; i++) {
    nested = new BinaryWriter().tag(i % 2 ? 1 : 5, WireType.LengthDelimited).bytes(nested).finish();
  }
  const value = new BinaryWriter().tag(5, WireType.LengthDelimited).bytes(nested).finish();
  const wrap = (bytes: Uint8Array, field: number) =>
    new BinaryWriter().tag(field, WireType.LengthDelimited).bytes(bytes).finish();
  const log = wrap(wrap(wrap(wrap(value, 5), 2), 2), 1);
  assertThrows(() => decodeRequest("logs", log), OtlpFormatError, "nested deeper");
  const empty = new Uint8Array(2_000_000); // a million empty messages
  for (let i = 0; i < empty.length; i += 2) empty[i] = 0x0a;
  assertThrows(() => decodeRequest("logs", empty), OtlpFormatError, "more than 500000");
});

Deno.test("answers are messages of OTLP", () => {
  assertEquals(encodeAnswer(0, "").length, 0);
  const reader = new BinaryReader(encodeAnswer(3, "why"));
  assertEquals(reader.tag(), [1, WireType.LengthDelimited]);
  reader.uint32();
  assertEquals([reader.tag()[0], Number(reader.int64())], [1, 3]);
  assertEquals([reader.tag()[0], reader.string()], [2, "why"]);
  const status = new BinaryReader(encodeStatus("wrong"));
  assertEquals([status.tag()[0], status.string()], [2, "wrong"]);
});
