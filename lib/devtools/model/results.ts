import type { Invocation, RunInfo } from "./types.ts";

/** A row of the results of simulations. */
export interface ResultRow {
  run: RunInfo;
  /** The ID of the step; null for a simulation without results. */
  step: string | null;
  seconds: number | undefined;
  upBytes: number | undefined;
  downBytes: number | undefined;
  latencyMs: number | undefined;
  /** Megabytes of 10^6 bytes per second. */
  upRate: number | undefined;
  downRate: number | undefined;
}

/** A column with numbers. */
export interface Measure {
  key: "latencyMs" | "downRate" | "upRate" | "seconds" | "downBytes" | "upBytes";
  title: string;
  unit: string;
}

/** The columns, in the order in which they are shown. */
export const MEASURES: readonly Measure[] = [
  { key: "latencyMs", title: "Latency", unit: "ms" },
  { key: "downRate", title: "Down", unit: "MB/s" },
  { key: "upRate", title: "Up", unit: "MB/s" },
  { key: "seconds", title: "Duration", unit: "s" },
  { key: "downBytes", title: "Received", unit: "bytes" },
  { key: "upBytes", title: "Sent", unit: "bytes" },
];

const MEGABYTE = 1_000_000;

/**
 * The rows of a simulation from its `results.json`; a row without numbers for one that has no results. A
 * file that is not as it should be has none.
 */
export function resultRows(run: RunInfo, file: unknown): ResultRow[] {
  const steps = (file as { steps?: unknown } | null)?.steps;
  const rows = (Array.isArray(steps) ? steps : []).filter((step) =>
    typeof step === "object" && step !== null
  ).map((step) => rowOf(run, step as Record<string, unknown>));
  return rows.length > 0 ? rows : [rowOf(run, {})];
}

function rowOf(run: RunInfo, step: Record<string, unknown>): ResultRow {
  const seconds = secondsOf(step.duration);
  const upBytes = numberOf(step.up_bytes);
  const downBytes = numberOf(step.down_bytes);
  const rate = (bytes: number | undefined) =>
    bytes === undefined || !seconds ? undefined : bytes / MEGABYTE / seconds;
  return {
    run,
    step: typeof step.id === "string" ? step.id : null,
    seconds,
    upBytes,
    downBytes,
    latencyMs: numberOf(step.latency_ms),
    upRate: rate(upBytes),
    downRate: rate(downBytes),
  };
}

function numberOf(value: unknown): number | undefined {
  if (typeof value !== "string" && typeof value !== "number") return undefined;
  const number = Number(value);
  return String(value).trim() === "" || !Number.isFinite(number) ? undefined : number;
}

/** A whole number is in microseconds, any other in seconds, as in `sim/report/results.ts`. */
function secondsOf(value: unknown): number | undefined {
  const number = numberOf(value);
  if (number === undefined || number < 0) return undefined;
  return /^\+?\d+$/.test(String(value).trim()) ? number / 1e6 : number;
}

/** The columns that have a number in some row. */
export function measuresOf(rows: readonly ResultRow[]): Measure[] {
  return MEASURES.filter(({ key }) => rows.some((row) => row[key] !== undefined));
}

/** The axes of the matrix, in the order of their first simulation. */
export function axesOf(invocation: Pick<Invocation, "runs">): string[] {
  return [...new Set(invocation.runs.flatMap(({ variant }) => Object.keys(variant)))];
}

/** A chart of one measure: a category for each value of an axis, a series for each of the other values. */
export interface MatrixChart {
  categories: string[];
  series: { name: string; values: (number | null)[] }[];
}

/** The chart of a measure over an axis of the matrix; without an axis, over the simulations. */
export function matrixChart(
  rows: readonly ResultRow[],
  key: Measure["key"],
  axis: string | null,
): MatrixChart {
  const used = rows.filter((row) => row[key] !== undefined);
  const categoryOf = (row: ResultRow) =>
    axis === null ? row.run.label : row.run.variant[axis] ?? "–";
  const seriesOf = (row: ResultRow) =>
    [
      ...axis === null
        ? []
        : Object.entries(row.run.variant).filter(([name]) => name !== axis).map(([, value]) =>
          value
        ),
      row.step ?? "",
    ].filter(Boolean).join(" · ");
  const categories = [...new Set(used.map(categoryOf))];
  const groups = Map.groupBy(used, seriesOf);
  const series = [...groups].map(([name, group]) => ({
    name,
    values: categories.map((category) => {
      const values = group.filter((row) => categoryOf(row) === category).map((row) => row[key]!);
      return values.length === 0 ? null : values.reduce((sum, one) => sum + one, 0) / values.length;
    }),
  }));
  return { categories, series };
}

/** A measured number with as many digits as say something. */
export function numberText(value: number | undefined, unit: string): string {
  if (value === undefined) return "";
  if (unit === "bytes") return value.toLocaleString("en-US");
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(3);
}
