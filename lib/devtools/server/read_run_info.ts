import { plainText } from "../model/log_lines.ts";
import { statusOfRun } from "../model/status.ts";
import type { RunInfo, ShownStatus } from "../model/types.ts";
import { isAlive } from "./process_alive.ts";
import { readEnds, readJsonFile } from "./read_bounded.ts";

/** Enough for the first event, and for the last one of nearly every log. */
const END_BYTES = 16_384;

const LONGEST_TEXT = 500;
const MOST_REASONS = 20;

type Json = Record<string, unknown>;

/** A run, and how it is grouped. */
export interface FoundRun {
  info: RunInfo;
  /** Runs with the same key were started by one process; null where that is not known. */
  process: { key: string; command: string } | null;
}

/** Reads what the list shows of the run in a directory; undefined if there is no event log. */
export async function readRunInfo(directory: string, id: string): Promise<FoundRun | undefined> {
  const ends = await readEnds(`${directory}/events.jsonl`, END_BYTES);
  if (!ends) return undefined;
  const changed = await Deno.lstat(`${directory}/events.jsonl`).then(
    ({ mtime }) => mtime?.getTime() ?? 0,
    () => 0,
  );
  const first = firstEvent(ends.first);
  const last = lastEvent(ends.last);
  const run = objectOf(await readJsonFile(`${directory}/run.json`));
  const written = text(run.status);
  const { verdict, reasons } = verdictOf(run.verdict) ?? { verdict: null, reasons: [] };
  const startedAt = text(run.startedAt) ?? text(first.at) ?? null;
  const pid = typeof run.pid === "number" ? run.pid : undefined;
  const [status, why] = statusOfRun({
    written: written ?? undefined,
    alive: pid === undefined ? undefined : await isAlive(pid, startedAt),
    closed: last.kind === "lab-closed",
    idleMs: Date.now() - changed,
    inconclusive: verdict === "inconclusive",
  });
  const command = Array.isArray(run.command) ? run.command.map(String) : [];
  const test = objectOf(run.test);
  const ended = Date.parse(text(run.endedAt) ?? "") - Date.parse(startedAt ?? "");
  const info: RunInfo = {
    id,
    label: text(run.label) || text(first.label) || id,
    lab: text(run.label) || text(first.label) || null,
    test: text(test.name),
    status,
    why,
    verdict,
    reasons,
    startedAt,
    durationMs: numberOf(last.elapsedMs) ?? (Number.isNaN(ended) ? null : ended),
    seed: numberOf(run.seed) ?? numberOf(first.seed) ?? null,
    variant: {},
    facts: [
      ["test", text(test.name)],
      ["command", command.length > 0 ? clean(command.join(" ")) : null],
      ["folder", text(run.cwd)],
      ["Netyard", text(run.netyard)],
      ["Deno", text(run.deno)],
      ["kernel", [text(run.kernel), text(run.arch)].filter(Boolean).join(" ") || null],
      ["link engine", text(run.linkEngine)],
    ].filter((fact): fact is [string, string] => fact[1] !== null),
    error: errorText(run.error),
    isBundle: false,
    hasEvents: true,
    eventBytes: ends.size,
  };
  const process = pid === undefined || command.length === 0
    ? null
    : { key: `${pid} ${command.join(" ")}`, command: clean(command.join(" ")) };
  return { info, process };
}

/** A simulation that has no event log: it waits, or could not be started. */
export function withoutEvents(id: string, label: string, status: ShownStatus): RunInfo {
  return {
    id,
    label,
    lab: null,
    test: null,
    status,
    why: null,
    verdict: null,
    reasons: [],
    startedAt: null,
    durationMs: null,
    seed: null,
    variant: {},
    facts: [],
    error: null,
    isBundle: false,
    hasEvents: false,
    eventBytes: 0,
  };
}

function firstEvent(head: string): Json {
  const line = head.slice(0, head.indexOf("\n") + 1 || head.length);
  return parsed(line);
}

/** The last complete line that is an event. */
function lastEvent(tail: string): Json {
  const lines = tail.split("\n").slice(0, -1);
  for (const line of lines.reverse()) {
    const event = parsed(line);
    if (typeof event.kind === "string") return event;
  }
  return {};
}

function parsed(text: string): Json {
  try {
    return objectOf(JSON.parse(text));
  } catch {
    return {};
  }
}

/** The object that a value is, or an empty one. */
export function objectOf(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value as Json : {};
}

/** A verdict of `run.json` or `bundle.json`; undefined if it is none. */
export function verdictOf(
  value: unknown,
): { verdict: "ok" | "inconclusive"; reasons: string[] } | undefined {
  const { kind, reasons } = objectOf(value);
  if (kind !== "ok" && kind !== "inconclusive") return undefined;
  return {
    verdict: kind,
    reasons: Array.isArray(reasons) ? reasons.slice(0, MOST_REASONS).map(clean) : [],
  };
}

/** An error of `run.json` or `bundle.json` in a few words. */
export function errorText(value: unknown): string | null {
  const error = objectOf(value);
  return [text(error.name), text(error.message)].filter(Boolean).join(": ") || null;
}

/** A bounded text; null for an empty one, and for other values. */
export function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? clean(value) : null;
}

/** Bounds a text, and makes its control characters visible. */
export function clean(value: unknown): string {
  const all = plainText(String(value)).replace(/\s+/g, " ");
  return all.length > LONGEST_TEXT ? `${all.slice(0, LONGEST_TEXT)}…` : all;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}
