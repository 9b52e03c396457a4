import type { StepResult } from "../types/types.ts";
import { number } from "../values/numbers.ts";

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

/** The largest of those that are there. */
export function largest(values: readonly (number | undefined)[]): number | undefined {
  return values.reduce(
    (best, value) => value !== undefined && (best === undefined || value > best) ? value : best,
    undefined,
  );
}

function rate(bytes: number | undefined, seconds: number | undefined): number | undefined {
  if (bytes === undefined || seconds === undefined || seconds === 0) return undefined;
  return bytes / MEGABYTE / seconds;
}
