import {
  idOf,
  numberOf,
  objectFrom,
  objectOf,
  objectsOf,
  type OtlpObject,
  textOf,
  timeOf,
  ValueReader,
} from "./otlp_fields.ts";
import { metricRecords } from "./otlp_metrics.ts";
import { type Receipt, rounded, type Source, stamp } from "./otlp_source.ts";
import type {
  LogRecord,
  LogSeverity,
  SpanEvent,
  SpanKind,
  SpanRecord,
  TelemetryRecord,
} from "./record.ts";

/** What programs send: a path of OTLP/HTTP for each. */
export type Signal = "traces" | "logs" | "metrics";

/** What a request had. */
export interface Converted {
  /** The records, in their order. */
  records: TelemetryRecord[];
  /** The number of spans, log records or data points that were left out. */
  rejected: number;
  /** Why, for the sender. */
  why: string;
}

/** The most records of one request. */
export const MOST_RECORDS = 20_000;

const MOST_SPAN_EVENTS = 64;

/**
 * Converts a request in the JSON encoding of OTLP to records.
 *
 * @throws {OtlpFormatError} it is not one
 */
export function convert(signal: Signal, request: unknown, receipt: Receipt): Converted {
  const { resources, scopes, items, read } = SHAPES[signal];
  const converted: Converted = { records: [], rejected: 0, why: "" };
  for (const resource of objectsOf(objectFrom(request, "the request"), resources)) {
    const attributes = new ValueReader().attributes(objectOf(resource, "resource").attributes);
    const service = attributes["service.name"];
    const isNamed = typeof service === "string" && !/^$|^unknown_service/.test(service);
    const name = isNamed ? service : receipt.node;
    for (const group of objectsOf(resource, scopes)) {
      const scope = textOf(objectOf(group, "scope"), "name", 256);
      const source: Source = { receipt, service: name.slice(0, 256), scope: scope || undefined };
      for (const item of objectsOf(group, items)) add(converted, read(item, source));
    }
  }
  return converted;
}

function add(converted: Converted, read: readonly (TelemetryRecord | string)[]): void {
  for (const one of read) {
    const isFull = converted.records.length >= MOST_RECORDS;
    if (!isFull && typeof one !== "string") {
      converted.records.push(one);
      continue;
    }
    converted.rejected++;
    converted.why ||= isFull ? `more than ${MOST_RECORDS} in one request` : `${one}`;
  }
}

/** Converts one item of a request to records; a text says why there is none. */
type Read = (item: OtlpObject, source: Source) => (TelemetryRecord | string)[];

const SHAPES: Record<Signal, { resources: string; scopes: string; items: string; read: Read }> = {
  traces: { resources: "resourceSpans", scopes: "scopeSpans", items: "spans", read: spanRecord },
  logs: { resources: "resourceLogs", scopes: "scopeLogs", items: "logRecords", read: logRecord },
  metrics: {
    resources: "resourceMetrics",
    scopes: "scopeMetrics",
    items: "metrics",
    read: metricRecords,
  },
};

const SPAN_KINDS: readonly SpanKind[] = [
  "unspecified",
  "internal",
  "server",
  "client",
  "producer",
  "consumer",
];
const STATUS = ["unset", "ok", "error"] as const;

function spanRecord(span: OtlpObject, source: Source): (SpanRecord | string)[] {
  const traceId = idOf(span, "traceId", 32);
  const spanId = idOf(span, "spanId", 16);
  if (!traceId || !spanId) return ["a span has no valid traceId or spanId"];
  const { toElapsedMs, nowMs } = source.receipt;
  const startUnixMs = timeOf(span, "startTimeUnixNano");
  const endUnixMs = timeOf(span, "endTimeUnixNano") ?? startUnixMs;
  const startMs = startUnixMs === undefined ? nowMs : toElapsedMs(startUnixMs);
  const endMs = endUnixMs === undefined ? startMs : Math.max(startMs, toElapsedMs(endUnixMs));
  const values = new ValueReader();
  const attributes = values.attributes(span.attributes);
  const status = objectOf(span, "status");
  const message = textOf(status, "message");
  const moments = objectsOf(span, "events").slice(0, MOST_SPAN_EVENTS);
  const events = moments.map((moment): SpanEvent => {
    const at = timeOf(moment, "timeUnixNano");
    return {
      name: textOf(moment, "name"),
      elapsedMs: rounded(at === undefined ? endMs : toElapsedMs(at)),
      attributes: values.attributes(moment.attributes),
    };
  });
  return [{
    ...stamp("span", source, startUnixMs),
    traceId,
    spanId,
    parentSpanId: idOf(span, "parentSpanId", 16) ?? null,
    name: textOf(span, "name"),
    startMs: rounded(startMs),
    endMs: rounded(endMs),
    status: STATUS[numberOf(status, "code") ?? 0] ?? "unset",
    ...message && { statusMessage: message },
    kind: SPAN_KINDS[numberOf(span, "kind") ?? 0] ?? "unspecified",
    attributes,
    ...events.length > 0 && { events },
  }];
}

const SEVERITIES: readonly LogSeverity[] = ["trace", "debug", "info", "warn", "error", "fatal"];

function logRecord(log: OtlpObject, source: Source): LogRecord[] {
  const values = new ValueReader();
  const traceId = idOf(log, "traceId", 32);
  const spanId = idOf(log, "spanId", 16);
  const eventName = textOf(log, "eventName", 256);
  const at = timeOf(log, "timeUnixNano") ?? timeOf(log, "observedTimeUnixNano");
  return [{
    ...stamp("log", source, at),
    severity: severityOf(log),
    body: values.value(log.body),
    ...eventName && { eventName },
    ...traceId && { traceId },
    ...spanId && { spanId },
    attributes: values.attributes(log.attributes),
  }];
}

/** Numbers come in groups of four: 1 to 4 are `trace`, 5 to 8 `debug`, and so on. */
function severityOf(log: OtlpObject): LogSeverity {
  const number = numberOf(log, "severityNumber") ?? 0;
  if (number >= 1) return SEVERITIES[Math.floor((number - 1) / 4)] ?? "fatal";
  const text = textOf(log, "severityText").toLowerCase();
  return SEVERITIES.find((one) => text.startsWith(one)) ?? "info";
}
