import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { OtlpFormatError, type OtlpObject } from "./otlp_fields.ts";
import type { Signal } from "./otlp_records.ts";

/**
 * The messages of OTLP 1.x by their field numbers: the name of a field in JSON and its type, with `*`
 * if it is repeated. Fields that no record keeps are left out, and skipped.
 *
 * https://github.com/open-telemetry/opentelemetry-proto
 */
const MESSAGES: Record<string, Record<number, string>> = {
  traces: { 1: "resourceSpans ResourceSpans*" },
  logs: { 1: "resourceLogs ResourceLogs*" },
  metrics: { 1: "resourceMetrics ResourceMetrics*" },

  Resource: { 1: "attributes KeyValue*" },
  Scope: { 1: "name string", 2: "version string" },
  KeyValue: { 1: "key string", 2: "value AnyValue" },
  AnyValue: {
    1: "stringValue string",
    2: "boolValue bool",
    3: "intValue int64",
    4: "doubleValue double",
    5: "arrayValue ArrayValue",
    6: "kvlistValue KeyValueList",
    7: "bytesValue bytes",
  },
  ArrayValue: { 1: "values AnyValue*" },
  KeyValueList: { 1: "values KeyValue*" },

  ResourceSpans: { 1: "resource Resource", 2: "scopeSpans ScopeSpans*" },
  ScopeSpans: { 1: "scope Scope", 2: "spans Span*" },
  Span: {
    1: "traceId id",
    2: "spanId id",
    4: "parentSpanId id",
    5: "name string",
    6: "kind int32",
    7: "startTimeUnixNano fixed64",
    8: "endTimeUnixNano fixed64",
    9: "attributes KeyValue*",
    11: "events SpanEvent*",
    15: "status Status",
  },
  SpanEvent: { 1: "timeUnixNano fixed64", 2: "name string", 3: "attributes KeyValue*" },
  Status: { 2: "message string", 3: "code int32" },

  ResourceLogs: { 1: "resource Resource", 2: "scopeLogs ScopeLogs*" },
  ScopeLogs: { 1: "scope Scope", 2: "logRecords LogRecord*" },
  LogRecord: {
    1: "timeUnixNano fixed64",
    2: "severityNumber int32",
    3: "severityText string",
    5: "body AnyValue",
    6: "attributes KeyValue*",
    9: "traceId id",
    10: "spanId id",
    11: "observedTimeUnixNano fixed64",
    12: "eventName string",
  },

  ResourceMetrics: { 1: "resource Resource", 2: "scopeMetrics ScopeMetrics*" },
  ScopeMetrics: { 1: "scope Scope", 2: "metrics Metric*" },
  Metric: {
    1: "name string",
    3: "unit string",
    5: "gauge Gauge",
    7: "sum Sum",
    9: "histogram Histogram",
    10: "exponentialHistogram ExponentialHistogram",
    11: "summary Summary",
  },
  Gauge: { 1: "dataPoints NumberPoint*" },
  Sum: { 1: "dataPoints NumberPoint*", 2: "aggregationTemporality int32", 3: "isMonotonic bool" },
  Histogram: { 1: "dataPoints HistogramPoint*", 2: "aggregationTemporality int32" },
  ExponentialHistogram: {
    1: "dataPoints ExponentialPoint*",
    2: "aggregationTemporality int32",
  },
  Summary: { 1: "dataPoints SummaryPoint*" },
  NumberPoint: {
    3: "timeUnixNano fixed64",
    4: "asDouble double",
    6: "asInt sfixed64",
    7: "attributes KeyValue*",
  },
  HistogramPoint: {
    3: "timeUnixNano fixed64",
    4: "count fixed64",
    5: "sum double",
    6: "bucketCounts fixed64*",
    7: "explicitBounds double*",
    9: "attributes KeyValue*",
    11: "min double",
    12: "max double",
  },
  ExponentialPoint: {
    1: "attributes KeyValue*",
    3: "timeUnixNano fixed64",
    4: "count fixed64",
    5: "sum double",
    6: "scale sint32",
    7: "zeroCount fixed64",
    8: "positive Buckets",
    9: "negative Buckets",
    12: "min double",
    13: "max double",
  },
  Buckets: { 1: "offset sint32", 2: "bucketCounts uint64*" },
  SummaryPoint: {
    3: "timeUnixNano fixed64",
    4: "count fixed64",
    5: "sum double",
    6: "quantileValues Quantile*",
    7: "attributes KeyValue*",
  },
  Quantile: { 1: "quantile double", 2: "value double" },
};

/** A type that is no message: how it is encoded, and its value as in JSON. */
interface Scalar {
  wire: WireType;
  read(reader: BinaryReader): unknown;
}

const SCALARS: Record<string, Scalar> = {
  string: { wire: WireType.LengthDelimited, read: (reader) => reader.string() },
  bytes: { wire: WireType.LengthDelimited, read: (reader) => reader.bytes().toBase64() },
  /** Hexadecimal, which OTLP has in place of the base64 of other bytes. */
  id: { wire: WireType.LengthDelimited, read: (reader) => reader.bytes().toHex() },
  bool: { wire: WireType.Varint, read: (reader) => reader.bool() },
  int32: { wire: WireType.Varint, read: (reader) => reader.int32() },
  sint32: { wire: WireType.Varint, read: (reader) => reader.sint32() },
  int64: { wire: WireType.Varint, read: (reader) => `${reader.int64()}` },
  uint64: { wire: WireType.Varint, read: (reader) => `${reader.uint64()}` },
  fixed64: { wire: WireType.Bit64, read: (reader) => `${reader.fixed64()}` },
  sfixed64: { wire: WireType.Bit64, read: (reader) => `${reader.sfixed64()}` },
  double: { wire: WireType.Bit64, read: (reader) => reader.double() },
};

/** The most messages in a request, nested ones included: an empty one takes two bytes there, and far more here. */
const MOST_MESSAGES = 500_000;

/** As other decoders of Protocol Buffers have it. */
const DEEPEST = 100;

/**
 * Decodes a request in the binary encoding of OTLP to what its JSON encoding would have.
 *
 * @throws {OtlpFormatError} it is not one
 */
export function decodeRequest(signal: Signal, bytes: Uint8Array): OtlpObject {
  const reader = new BinaryReader(bytes);
  const count = { left: MOST_MESSAGES };
  try {
    return readMessage(reader, bytes.length, signal, count, 0);
  } catch (cause) {
    if (cause instanceof OtlpFormatError) throw cause;
    // Of the reader: a premature end, an invalid wire type, text that is not UTF-8.
    throw new OtlpFormatError(`invalid Protocol Buffers: ${(cause as Error).message}`, { cause });
  }
}

function readMessage(
  reader: BinaryReader,
  end: number,
  type: string,
  count: { left: number },
  depth: number,
): OtlpObject {
  if (count.left-- <= 0) {
    throw new OtlpFormatError(`more than ${MOST_MESSAGES} messages and values`);
  }
  if (depth > DEEPEST) throw new OtlpFormatError(`messages nested deeper than ${DEEPEST}`);
  const message: OtlpObject = {};
  while (reader.pos < end) {
    const [number, wire] = reader.tag();
    const field = FIELDS[type].get(number);
    if (field === undefined || !fits(wire, field)) reader.skip(wire, number);
    else if (!field.repeated) message[field.name] = readValue(reader, field, count, depth);
    else {
      const values = (message[field.name] ??= []) as unknown[];
      for (const value of readValues(reader, wire, field, count, depth)) values.push(value);
    }
    if (reader.pos > end) throw new OtlpFormatError(`a field of ${type} exceeds its message`);
  }
  return message;
}

interface Field {
  name: string;
  type: string;
  repeated: boolean;
  scalar: Scalar | undefined;
}

const FIELDS: Record<string, Map<number, Field>> = Object.fromEntries(
  Object.entries(MESSAGES).map(([message, fields]) => [
    message,
    new Map(Object.entries(fields).map(([number, text]) => [Number(number), parseField(text)])),
  ]),
);

function parseField(text: string): Field {
  const [name, type] = text.replace("*", "").split(" ");
  return { name, type, repeated: text.endsWith("*"), scalar: SCALARS[type] };
}

/** Whether a field has an encoding of its type; if not, it is skipped as an unknown one. */
function fits(wire: WireType, { scalar, repeated }: Field): boolean {
  return wire === (scalar?.wire ?? WireType.LengthDelimited) ||
    wire === WireType.LengthDelimited && repeated;
}

function readValue(
  reader: BinaryReader,
  { type, scalar }: Field,
  count: { left: number },
  depth: number,
): unknown {
  if (scalar) return scalar.read(reader);
  return readMessage(reader, endOf(reader), type, count, depth + 1);
}

/** The values of one occurrence of a repeated field: one, or a packed list of numbers. */
function* readValues(
  reader: BinaryReader,
  wire: WireType,
  field: Field,
  count: { left: number },
  depth: number,
): Iterable<unknown> {
  if (wire === (field.scalar?.wire ?? wire)) return yield readValue(reader, field, count, depth);
  for (const end = endOf(reader); reader.pos < end;) {
    if (count.left-- <= 0) {
      throw new OtlpFormatError(`more than ${MOST_MESSAGES} messages and values`);
    }
    yield field.scalar!.read(reader);
  }
}

/** Reads a length, and returns where what follows ends. */
function endOf(reader: BinaryReader): number {
  const length = reader.uint32();
  const end = reader.pos + length;
  if (end > reader.len) throw new OtlpFormatError("a message ends prematurely");
  return end;
}

/** Encodes an answer: how many items were rejected, and why. */
export function encodeAnswer(rejected: number, why: string): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter();
  if (rejected > 0) {
    writer.tag(1, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.Varint).int64(rejected);
    writer.tag(2, WireType.LengthDelimited).string(why);
    writer.join();
  }
  return writer.finish();
}

/** Encodes an error as a `google.rpc.Status`. */
export function encodeStatus(message: string): Uint8Array<ArrayBuffer> {
  return new BinaryWriter().tag(2, WireType.LengthDelimited).string(message).finish();
}
