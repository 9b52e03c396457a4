/**
 * What programs in nodes report about themselves: custom events in their output, and spans, logs and
 * metrics by OTLP/HTTP. Imports `events`, `files` and `node`; knows no lab. Begin with `telemetry.ts`,
 * which a lab loads if it records; `program_event.ts` says which lines are events, `record.ts` has the
 * format of `telemetry.jsonl`, and files named `otlp_` have what OpenTelemetry's specification says.
 *
 * @module
 */

export { readTelemetry, type ReadTelemetryOptions, type TelemetryRun } from "./read.ts";
export { parseTelemetry } from "./record.ts";
export type {
  HistogramValue,
  LogRecord,
  LogSeverity,
  MetricKind,
  MetricRecord,
  SpanEvent,
  SpanKind,
  SpanRecord,
  TelemetryAttributes,
  TelemetryRecord,
  TelemetryStamp,
  TelemetryValue,
} from "./record.ts";
