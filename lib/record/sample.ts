import type { FirewallCounters } from "../firewall/ruleset.ts";
import type { LinkLimits } from "../link/condition.ts";
import type { ImpairmentCounters } from "../link/engine.ts";
import type { NatCounters } from "../nat/ruleset.ts";

/** The version of the lines of `counters.jsonl`. */
export const COUNTERS_VERSION = 1;

/** The traffic of an interface, in absolute values. */
export interface InterfaceSample {
  rxPackets: number;
  txPackets: number;
  rxBytes: number;
  txBytes: number;
  rxDropped: number;
  txDropped: number;
}

/** The counters that only the emulator has. */
type Lateness = "late" | "meanLateMs" | "maxLateMs";

/** One direction of an impaired link: what was requested, and what it did since it was impaired. */
export interface DirectionSample
  extends Omit<ImpairmentCounters, Lateness>, Partial<Pick<ImpairmentCounters, Lateness>> {
  asked: LinkLimits;
}

/** The counters of an impaired link: `up` is what the interface sends. netem measures no lateness. */
export interface LinkSample {
  up?: DirectionSample;
  down?: DirectionSample;
}

/** How busy the host is. Members that the kernel does not report are absent. */
export interface HostSample {
  /** The share of the last ten seconds in which some task waited for a processor, in percent. */
  cpuSome10?: number;
  ioSome10?: number;
  memorySome10?: number;
  /** The longest lag of the event loop since the last sample, in milliseconds. */
  loopLagMs?: number;
  /** The mean lateness of all packets of the emulator, and the largest, in milliseconds. */
  emulatorLateMs?: number;
  emulatorMaxLateMs?: number;
}

/** The counters of a lab at one time. Keys are `node/interface`, or nodes. */
export interface Counters {
  interfaces: Record<string, InterfaceSample>;
  links: Record<string, LinkSample>;
  nat: Record<string, NatCounters>;
  firewall: Record<string, FirewallCounters>;
  host: HostSample;
}

/** A line of `counters.jsonl`: what changed since the line before it. */
export interface CountersLine extends Partial<Counters> {
  version: typeof COUNTERS_VERSION;
  /** By the clock of the lab's events, in milliseconds. */
  elapsedMs: number;
}

/** No counters: what the first line is compared with. */
export const NO_SAMPLE: Counters = { interfaces: {}, links: {}, nat: {}, firewall: {}, host: {} };

/**
 * Returns the line for a sample: of each part the entries that differ from the sample before; undefined
 * if none does.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const nat = (mappings: number) => ({ mappings, untranslatedPackets: 0, untranslatedBytes: 0 });
 * const before = { ...NO_SAMPLE, nat: { home: nat(2), office: nat(1) } };
 * const now = { ...NO_SAMPLE, nat: { home: nat(3), office: nat(1) } };
 * assertEquals(changedLine(before, now, 12.5), {
 *   version: 1,
 *   elapsedMs: 12.5,
 *   nat: { home: nat(3) },
 * });
 * ```
 */
export function changedLine(
  before: Counters,
  now: Counters,
  elapsedMs: number,
): CountersLine | undefined {
  const line: CountersLine = { version: COUNTERS_VERSION, elapsedMs };
  let changed = false;
  for (const part of ["interfaces", "links", "nat", "firewall"] as const) {
    const entries = changedEntries<object>(before[part], now[part]);
    if (!entries) continue;
    changed = true;
    Object.assign(line, { [part]: entries });
  }
  if (!sameNumbers(before.host, now.host)) {
    changed = true;
    line.host = now.host;
  }
  return changed ? line : undefined;
}

function changedEntries<T extends object>(
  before: Record<string, T>,
  now: Record<string, T>,
): Record<string, T> | undefined {
  let changed: Record<string, T> | undefined;
  for (const key in now) {
    if (sameNumbers(before[key], now[key])) continue;
    changed ??= {};
    changed[key] = now[key];
  }
  return changed;
}

/** Whether two trees of numbers have the same values. */
function sameNumbers(a: object | undefined, b: object): boolean {
  if (a === undefined) return false;
  const values = a as Record<string, unknown>;
  let count = 0;
  for (const [key, value] of Object.entries(b)) {
    if (value === undefined) continue;
    count++;
    const other = values[key];
    if (typeof value === "object" && value !== null) {
      if (typeof other !== "object" || other === null || !sameNumbers(other, value)) return false;
    } else if (value !== other) return false;
  }
  for (const key in a) if (values[key] !== undefined) count--;
  return count === 0;
}
