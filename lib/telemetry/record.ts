/** A value of an attribute or the body of a log: plain JSON. */
export type TelemetryValue =
  | string
  | number
  | boolean
  | null
  | TelemetryValue[]
  | { [key: string]: TelemetryValue };

/** Attributes by their keys, such as `http.request.method`. */
export type TelemetryAttributes = Record<string, TelemetryValue>;

/** What every record of `telemetry.jsonl` has. */
export interface TelemetryStamp {
  /** The version of the format; 1. */
  version: 1;
  /**
   * When it happened, in milliseconds of the lab's clock, as `EventStamp.elapsedMs`: for a span its
   * start. Never below 0, and never after the moment at which the record was received.
   */
  elapsedMs: number;
  /** The node in which the program ran that sent it. */
  node: string;
  /** The name of the service, `service.name`; by default the name of the node. */
  service: string;
  /** The library that made it, such as `deno` or `io.opentelemetry.contrib.http`. */
  scope?: string;
  /** Its own attributes; those of its resource are not kept. */
  attributes: TelemetryAttributes;
}

/** A moment within a span, such as an exception. */
export interface SpanEvent {
  /** Its name; `exception` for an exception. */
  name: string;
  /** When, in milliseconds of the lab's clock. */
  elapsedMs: number;
  /** Its attributes, such as `exception.message`. */
  attributes: TelemetryAttributes;
}

/** The role of a span in a call between programs. */
export type SpanKind =
  | "unspecified"
  | "internal"
  | "server"
  | "client"
  | "producer"
  | "consumer";

/** An operation of a program. */
export interface SpanRecord extends TelemetryStamp {
  /** The kind of record. */
  type: "span";
  /** 32 hexadecimal digits. */
  traceId: string;
  /** 16 hexadecimal digits. */
  spanId: string;
  /** The span in which this one happened, perhaps of another node; null for the first of a trace. */
  parentSpanId: string | null;
  /** What it did, such as `GET`. */
  name: string;
  /** Its start by the program's clock, in milliseconds from the creation of the lab. */
  startMs: number;
  /** Its end by the program's clock, in milliseconds from the creation of the lab. */
  endMs: number;
  /** Whether it failed, as far as the program says. */
  status: "unset" | "ok" | "error";
  /** Why it failed, if the program says that. */
  statusMessage?: string;
  /** Its role. */
  kind: SpanKind;
  /** Moments within it, at most 64. */
  events?: SpanEvent[];
}

/** How much a log record matters. */
export type LogSeverity = "trace" | "debug" | "info" | "warn" | "error" | "fatal";

/** A line of a log, which the program sent as such; for Deno programs what they print. */
export interface LogRecord extends TelemetryStamp {
  /** The kind of record. */
  type: "log";
  /** How much it matters; `info` if the program does not say. */
  severity: LogSeverity;
  /** The message. */
  body: TelemetryValue;
  /** The name of the event, if it is one: it is a `custom` event of the lab too. */
  eventName?: string;
  /** The trace in which it was written. */
  traceId?: string;
  /** The span in which it was written. */
  spanId?: string;
}

/** How values are distributed. Absent members were not sent. */
export interface HistogramValue {
  /** The number of values. */
  count: number;
  /** Their sum. */
  sum?: number;
  /** The lowest. */
  min?: number;
  /** The highest. */
  max?: number;
  /** The upper bounds of all buckets but the last, which has none. */
  bounds?: number[];
  /** The number of values in each bucket, one more than there are bounds. */
  counts?: number[];
  /** Pairs of a quantile, from 0 to 1, and its value. */
  quantiles?: [quantile: number, value: number][];
  /** In place of bounds: bucket `i` of `positive` ends at `(2 ** 2 ** -scale) ** (offset + i + 1)`. */
  scale?: number;
  /** The number of values that count as zero. */
  zeroCount?: number;
  /** The buckets of positive values. */
  positive?: { offset: number; counts: number[] };
  /** The buckets of negative values, by their absolute value. */
  negative?: { offset: number; counts: number[] };
}

/** What a metric is. A `sum` that is `monotonic` is a counter. */
export type MetricKind = "gauge" | "sum" | "histogram" | "summary";

/** One value of a metric, with those attributes. */
export interface MetricRecord extends TelemetryStamp {
  /** The kind of record. */
  type: "metric";
  /** The name of the metric, such as `http.server.request.duration`. */
  name: string;
  /** Its unit, such as `s` or `By`; may be empty. */
  unit: string;
  /** What the metric is. */
  metric: MetricKind;
  /** Whether values are since the program's start, or since the last record; of sums and histograms. */
  temporality?: "delta" | "cumulative";
  /** Whether a sum only grows. */
  monotonic?: boolean;
  /** The value of a gauge or a sum. */
  value?: number;
  /** The values of a histogram or a summary. */
  histogram?: HistogramValue;
}

/** One line of `telemetry.jsonl`. */
export type TelemetryRecord = SpanRecord | LogRecord | MetricRecord;

/** The version of `telemetry.jsonl` that is written. */
export const TELEMETRY_VERSION = 1;

/** The name of the file in a run directory. */
export const TELEMETRY_FILE = "telemetry.jsonl";

/** What a field of a record must be. */
type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === "string";
const number: Check = (value) => typeof value === "number";
const object: Check = (value) =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const anything: Check = (value) => value !== undefined;
const oneOf = (...values: string[]): Check => (value) => values.includes(value as string);
const nullable = (check: Check): Check => (value) => value === null || check(value);
const optional = (check: Check): Check => (value) => value === undefined || check(value);
const list: Check = (value) => Array.isArray(value);

const STAMP: Record<string, Check> = {
  elapsedMs: number,
  node: text,
  service: text,
  scope: optional(text),
  attributes: object,
};

const FIELDS: Record<TelemetryRecord["type"], Record<string, Check>> = {
  span: {
    ...STAMP,
    traceId: text,
    spanId: text,
    parentSpanId: nullable(text),
    name: text,
    startMs: number,
    endMs: number,
    status: oneOf("unset", "ok", "error"),
    statusMessage: optional(text),
    kind: text,
    events: optional(list),
  },
  log: {
    ...STAMP,
    severity: text,
    body: anything,
    eventName: optional(text),
    traceId: optional(text),
    spanId: optional(text),
  },
  metric: {
    ...STAMP,
    name: text,
    unit: text,
    metric: text,
    value: optional(number),
    histogram: optional(object),
  },
};

/**
 * Reads one line of `telemetry.jsonl`. Pure, and without packages, so that a page can use it.
 *
 * @returns undefined for a line that is not JSON, is of another version, or lacks a field
 */
export function parseTelemetry(line: string): TelemetryRecord | undefined {
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!object(value) || value.version !== TELEMETRY_VERSION) return undefined;
  const { type } = value;
  if (typeof type !== "string" || !Object.hasOwn(FIELDS, type)) return undefined;
  const fields = Object.entries(FIELDS[type as TelemetryRecord["type"]]);
  const isRecord = fields.every(([name, check]) => check(value[name]));
  return isRecord ? value as unknown as TelemetryRecord : undefined;
}
