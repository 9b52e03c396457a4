import {
  numberOf,
  numbersOf,
  objectOf,
  objectsOf,
  type OtlpObject,
  textOf,
  timeOf,
  ValueReader,
} from "./otlp_fields.ts";
import { type Source, stamp } from "./otlp_source.ts";
import type { HistogramValue, MetricKind, MetricRecord } from "./record.ts";

/** The most buckets and quantiles of one value; SDKs have at most a few hundred. */
const MOST_BUCKETS = 1_024;

/** The kinds of data of a metric, by the name of the field that has them. */
const KINDS: Record<string, { metric: MetricKind; read: (point: OtlpObject) => PointValue }> = {
  gauge: { metric: "gauge", read: number },
  sum: { metric: "sum", read: number },
  histogram: { metric: "histogram", read: histogram },
  exponentialHistogram: { metric: "histogram", read: exponential },
  summary: { metric: "summary", read: summary },
};

type PointValue = Pick<MetricRecord, "value" | "histogram"> | string;

/** Converts a metric: a record for each of its data points. */
export function metricRecords(metric: OtlpObject, source: Source): (MetricRecord | string)[] {
  const field = Object.keys(KINDS).find((name) => metric[name] !== undefined);
  if (field === undefined) return ["a metric has no data of a known kind"];
  const data = objectOf(metric, field);
  const { metric: kind, read } = KINDS[field];
  const temporality = ([undefined, "delta", "cumulative"] as const)[
    numberOf(data, "aggregationTemporality") ?? 0
  ];
  return objectsOf(data, "dataPoints").map((point) => {
    const value = read(point);
    if (typeof value === "string") return value;
    return {
      ...stamp("metric", source, timeOf(point, "timeUnixNano")),
      name: textOf(metric, "name"),
      unit: textOf(metric, "unit", 64),
      metric: kind,
      ...temporality && { temporality },
      ...data.isMonotonic === true && { monotonic: true },
      ...value,
      attributes: new ValueReader().attributes(point.attributes),
    };
  });
}

function number(point: OtlpObject): PointValue {
  const value = numberOf(point, "asDouble") ?? numberOf(point, "asInt");
  return value === undefined ? "a data point has no finite value" : { value };
}

/** What both kinds of histograms have. */
function totals(point: OtlpObject): HistogramValue {
  const optional = (name: "sum" | "min" | "max") => {
    const value = numberOf(point, name);
    return value !== undefined && { [name]: value };
  };
  return {
    count: numberOf(point, "count") ?? 0,
    ...optional("sum"),
    ...optional("min"),
    ...optional("max"),
  };
}

function histogram(point: OtlpObject): PointValue {
  const bounds = numbersOf(point, "explicitBounds", MOST_BUCKETS);
  const counts = numbersOf(point, "bucketCounts", MOST_BUCKETS + 1);
  if (counts && counts.length !== (bounds?.length ?? 0) + 1) {
    return "a histogram has not one bucket more than it has bounds";
  }
  return { histogram: { ...totals(point), ...bounds && { bounds }, ...counts && { counts } } };
}

function exponential(point: OtlpObject): PointValue {
  const buckets = (name: "positive" | "negative") => {
    const { [name]: value } = point;
    if (value === undefined || value === null) return undefined;
    const side = objectOf(point, name);
    const counts = numbersOf(side, "bucketCounts", MOST_BUCKETS) ?? [];
    return { [name]: { offset: numberOf(side, "offset") ?? 0, counts } };
  };
  return {
    histogram: {
      ...totals(point),
      scale: numberOf(point, "scale") ?? 0,
      zeroCount: numberOf(point, "zeroCount") ?? 0,
      ...buckets("positive"),
      ...buckets("negative"),
    },
  };
}

function summary(point: OtlpObject): PointValue {
  const quantiles = objectsOf(point, "quantileValues").slice(0, MOST_BUCKETS)
    .map((one): [number, number] => [numberOf(one, "quantile") ?? 0, numberOf(one, "value") ?? 0]);
  return { histogram: { ...totals(point), ...quantiles.length > 0 && { quantiles } } };
}
