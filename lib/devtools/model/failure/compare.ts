import { compareRuns } from "../../../events/compare.ts";
import type { LabEvent } from "../../../events/types.ts";
import type { EventLog, LogEntry } from "../event_log.ts";
import { failureCount } from "./failure.ts";
import type { RunInfo } from "../types.ts";

/** Where what happened to a node, or to the lab, parts in two runs. */
export interface PartingRow {
  /** Null for the lab. */
  node: string | null;
  /** How many events the runs have in common. */
  same: number;
  /** The first entry that only the one run has; undefined if it ended before. */
  a: LogEntry | undefined;
  b: LogEntry | undefined;
}

/** The most events of a run that are compared. */
const MOST_EVENTS = 200_000;

/** Compares two runs up to the failure, or to the closing of the lab: what comes then is in any order. */
export function partingRows(a: EventLog, b: EventLog): PartingRow[] {
  const [before, after] = [comparable(a), comparable(b)];
  return compareRuns([...before.keys()], [...after.keys()]).map(({ node, same, ...first }) => ({
    node,
    same,
    a: first.before && before.get(first.before),
    b: first.after && after.get(first.after),
  }));
}

function comparable(log: EventLog): Map<LabEvent, LogEntry> {
  const count = failureCount(log);
  const found = new Map<LabEvent, LogEntry>();
  for (const entry of log.entries.slice(0, Math.min(count, MOST_EVENTS))) {
    const { event } = entry;
    const isMark = event?.kind === "custom" && /^(?:test|script)-failed$/.test(event.name);
    if (event && !isMark) found.set(event, entry);
  }
  return found;
}

/**
 * The last run of the same test or script that passed before a run: of the same folder if there is one,
 * else of any. A run that began later counts if none before passed.
 */
export function lastPassed(run: RunInfo, all: readonly RunInfo[]): RunInfo | undefined {
  const passed = all.filter((other) =>
    other.id !== run.id && other.hasEvents && isSame(run, other) &&
    (other.status === "closed" || other.status === "passed")
  );
  const start = run.startedAt ?? "";
  const rank = (other: RunInfo) =>
    ((other.startedAt ?? "") <= start ? 2 : 0) + (folderOf(other) === folderOf(run) ? 1 : 0);
  return passed.sort((a, b) =>
    rank(b) - rank(a) || (b.startedAt ?? "").localeCompare(a.startedAt ?? "")
  )[0];
}

function isSame(a: RunInfo, b: RunInfo): boolean {
  if (a.test !== null && b.test !== null) return a.test === b.test;
  const variant = (run: RunInfo) => JSON.stringify(Object.entries(run.variant).sort());
  return (a.lab ?? a.label) === (b.lab ?? b.label) && variant(a) === variant(b);
}

const folderOf = ({ id }: RunInfo) => id.slice(0, id.lastIndexOf("/") + 1);

/** A fact of two runs. */
export interface FactRow {
  name: string;
  a: string;
  b: string;
  differs: boolean;
}

/** The facts of two runs, side by side: those of the list that one of them has. */
export function factRows(a: RunInfo, b: RunInfo): FactRow[] {
  const [of, other] = [factsOf(a), factsOf(b)];
  const names = [...new Set([...of.keys(), ...other.keys()])];
  return names.map((name) => {
    const [x, y] = [of.get(name) ?? "", other.get(name) ?? ""];
    return { name, a: x, b: y, differs: x !== y };
  });
}

function factsOf({ seed, variant, error, reasons, facts }: RunInfo): Map<string, string> {
  return new Map([
    ...error ? [["error", error] as const] : [],
    ...reasons.length > 0 ? [["slow host", reasons.join("; ")] as const] : [],
    ...seed === null ? [] : [["seed", String(seed)] as const],
    ...Object.entries(variant),
    ...facts,
  ]);
}

/** A number of two runs, and by how much it grew. */
export interface ChangeText {
  text: string;
  /** At least a tenth more or less. */
  large: boolean;
}

/** How a number changed from one run to another: `+12 %`, `×3.4`; undefined where one has none. */
export function changeText(a: number | undefined, b: number | undefined): ChangeText | undefined {
  if (a === undefined || b === undefined) return undefined;
  if (a === b) return { text: "same", large: false };
  if (a === 0) return { text: b > 0 ? "more" : "less", large: true };
  const ratio = b / a;
  const percent = (ratio - 1) * 100;
  const large = Math.abs(percent) >= 10;
  if (ratio >= 3) return { text: `×${ratio.toPrecision(3)}`, large };
  const digits = Math.abs(percent) < 10 ? 1 : 0;
  return { text: `${percent > 0 ? "+" : "−"}${Math.abs(percent).toFixed(digits)} %`, large };
}
