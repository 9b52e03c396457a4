import { TELEMETRY_VERSION, type TelemetryStamp } from "./record.ts";

/** Where and when a request was received. */
export interface Receipt {
  /** The node that sent it. */
  node: string;
  /** When, in milliseconds of the lab's clock. */
  nowMs: number;
  /** Converts milliseconds since 1970 to the lab's clock. */
  toElapsedMs(unixMs: number): number;
}

/** The sender of a record. */
export interface Source {
  receipt: Receipt;
  service: string;
  scope: string | undefined;
}

/** The part that all records have; `unixMs` is when it happened, if the program says. */
export function stamp<Type extends string>(
  type: Type,
  { receipt: { node, nowMs, toElapsedMs }, service, scope }: Source,
  unixMs: number | undefined,
): Omit<TelemetryStamp, "attributes"> & { type: Type } {
  const at = unixMs === undefined ? nowMs : toElapsedMs(unixMs);
  const elapsedMs = rounded(Math.min(Math.max(at, 0), nowMs));
  return { version: TELEMETRY_VERSION, elapsedMs, node, type, service, ...scope && { scope } };
}

/** Microseconds are enough, and short. */
export const rounded = (ms: number) => Math.round(ms * 1_000) / 1_000;
