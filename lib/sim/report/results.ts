import type { StepResult } from "../types/types.ts";
import { number } from "../values/numbers.ts";

const MEGABYTE = 1_000_000;

/** A row of the results as numbers; undefined for a string that is not a number. */
export interface ResultRow {
  /** The id of the step. */
  id: string;
  /** The duration. */
  seconds?: number;
  /** The bytes sent. */
  upBytes?: number;
  /** The bytes received. */
  downBytes?: number;
  /** The latency, one-way or round-trip, as it was captured. */
  latencyMs?: number;
  /** The upload rate, in megabytes of 10^6 bytes per second. */
  upRate?: number;
  /** The download rate, in megabytes of 10^6 bytes per second. */
  downRate?: number;
}

/** Converts the strings of a result to numbers. */
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
 * Converts a captured duration to seconds: a whole number is in microseconds, a number with a decimal
 * point or an exponent in seconds. Returns undefined if it is not a number.
 */
export function seconds(duration: string | null): number | undefined {
  const value = number(duration);
  if (value === undefined || value < 0) return undefined;
  return /^\+?\d+$/.test(duration!.trim()) ? value / 1e6 : value;
}

/** Returns the largest value; undefined if there is none. */
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
