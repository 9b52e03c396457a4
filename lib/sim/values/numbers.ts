import type { StepResult } from "../types/types.ts";

const MEGABYTE = 1_000_000;

/** A row of the results, with the numbers that its strings hold; undefined where there is none. */
export interface ResultRow {
  /** The step. */
  id: string;
  /** How long it took. */
  seconds?: number;
  /** What was sent. */
  upBytes?: number;
  /** What was received. */
  downBytes?: number;
  /** One way or both, as it was captured. */
  latencyMs?: number;
  /** Megabytes of 10^6 bytes a second. */
  upRate?: number;
  /** The same. */
  downRate?: number;
}

/** What the strings of a result amount to. */
export function resultRow(result: StepResult): ResultRow {
  const row: ResultRow = {
    id: result.id,
    seconds: seconds(result.duration),
    upBytes: number(result.up_bytes),
    downBytes: number(result.down_bytes),
    latencyMs: number(result.latency_ms),
  };
  return {
    ...row,
    upRate: rate(row.upBytes, row.seconds),
    downRate: rate(row.downBytes, row.seconds),
  };
}

/**
 * The seconds that a captured duration means: a whole number is microseconds, one with a decimal point
 * or an exponent is seconds; undefined if it is neither.
 */
export function seconds(duration: string | null): number | undefined {
  const value = number(duration);
  if (value === undefined || value < 0) return undefined;
  return /^\+?\d+$/.test(duration!.trim()) ? value / 1e6 : value;
}

/** The number that a captured string is, as JSON and programs write them; undefined if it is none. */
export function number(text: string | null): number | undefined {
  const trimmed = text?.trim() ?? "";
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(trimmed)) return undefined;
  const value = Number(trimmed);
  return Number.isFinite(value) ? value : undefined;
}

function rate(bytes: number | undefined, seconds: number | undefined): number | undefined {
  if (bytes === undefined || seconds === undefined || seconds === 0) return undefined;
  return bytes / MEGABYTE / seconds;
}

/** The largest of those that are there. */
export function largest(values: readonly (number | undefined)[]): number | undefined {
  return values.reduce(
    (best, value) => value !== undefined && (best === undefined || value > best) ? value : best,
    undefined,
  );
}

/** A number for a table: two decimals, one from a thousand on, and three digits of what is below one. */
export function show(value: number): string {
  const size = Math.abs(value);
  if (size >= 1000) return value.toFixed(1);
  if (size >= 1 || size === 0) return value.toFixed(2);
  return String(Number(value.toPrecision(3)));
}

/** A time for a table or a line: `850 ms`, `12.3 s`, `2 m 05 s`. */
export function showTime(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const whole = Math.round(ms / 1000);
  return `${Math.floor(whole / 60)} m ${String(whole % 60).padStart(2, "0")} s`;
}
