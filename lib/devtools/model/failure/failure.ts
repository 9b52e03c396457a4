import { replayLine } from "../../../bundle/replay_line.ts";
import { commandText } from "../../../events/text.ts";
import type { EventLog } from "../event_log.ts";
import { plainText } from "../log_lines.ts";
import { framesOf, type StackFrame } from "./stack.ts";

/** Why a run failed, as its `run.json` and the `bundle.json` of its bundle say. */
export interface Failure {
  /** What failed; null where the files do not say. */
  kind: "test" | "script" | null;
  name: string | null;
  /** The file of the test. */
  file: string | null;
  /** When it failed: ISO 8601. */
  at: string | null;
  error: FailureError | null;
  /** Why the host was too slow for the failure to mean something; empty if it was not. */
  reasons: string[];
  facts: [name: string, value: string][];
  /** The command line of the process. */
  command: string;
  /** Command lines that run it again, with what each does. */
  replay: { what: string; command: string }[];
}

/** What was thrown. */
export interface FailureError {
  name: string;
  message: string;
  causes: { name: string; message: string }[];
  frames: StackFrame[];
  /** The source around the place, each line with its number. */
  source: { file: string; line: number; lines: [number, string][] } | null;
}

const LONGEST = 65_536;
const LONGEST_LINE = 400;
const MOST = 50;

type Json = Record<string, unknown>;

/**
 * Reads why a run failed; null if its files report no error. They may be damaged or hostile.
 *
 * @param run the content of `run.json`
 * @param bundle the content of `bundle.json`; undefined for a run that is in no bundle
 * @param place the name of the bundle
 */
export function failureOf(run: unknown, bundle: unknown, place = ""): Failure | null {
  const ofRun = objectOf(run);
  const facts = { ...ofRun, ...objectOf(bundle) };
  const error = errorOf(facts.error) ?? errorOf(ofRun.error);
  const verdict = objectOf(facts.verdict);
  if (!error) return null;
  const failed = objectOf(facts.failed ?? facts.test);
  const kind = failed.kind === "script" ? "script" : text(failed.name) ? "test" : null;
  const command = listOf(facts.command).map((word) => shown(word, LONGEST_LINE));
  return {
    kind,
    name: text(failed.name),
    file: text(failed.file),
    at: text(facts.at) ?? text(facts.endedAt),
    error,
    reasons: verdict.kind === "inconclusive"
      ? listOf(verdict.reasons).slice(0, MOST).map((reason) => shown(reason, LONGEST_LINE))
      : [],
    facts: factsOf(facts),
    command: commandText(command),
    replay: bundle === undefined ? [] : replayOf(kind, failed, command, facts.seed, place),
  };
}

function factsOf(facts: Json): [string, string][] {
  const kernel = [text(facts.kernel), text(facts.arch)].filter(Boolean).join(" ");
  return [
    ["Seed", typeof facts.seed === "number" ? String(facts.seed) : null],
    ["Link engine", text(facts.linkEngine) ?? (facts.linkEngine === null ? "not used" : null)],
    ["Netyard", text(facts.netyard)],
    ["Deno", text(facts.deno)],
    ["Linux", kernel || null],
    ["Folder", text(facts.cwd)],
  ].filter((fact): fact is [string, string] => fact[1] !== null);
}

function replayOf(
  kind: Failure["kind"],
  failed: Json,
  command: string[],
  seed: unknown,
  place: string,
): Failure["replay"] {
  const name = text(failed.name);
  const file = text(failed.file);
  if (kind !== "test" || !name || !file) return [];
  const found = [{
    what: "In the folder of the bundle: the test alone, with its seed, and what differs then",
    command: `netyard replay ${commandText([place || "BUNDLE"])}`,
  }];
  try {
    const line = replayLine({ kind, name, file }, command);
    const variable = typeof seed === "number" ? `NETYARD_SEED=${seed} ` : "";
    found.push({
      what: "The same without the comparison",
      command: `${variable}deno ${commandText(line)}`,
    });
  } catch {
    // Its command line is not that of `deno test`.
  }
  return found;
}

function errorOf(value: unknown): FailureError | null {
  const { name, message, stack, causes, source } = objectOf(value);
  if (typeof name !== "string" && typeof message !== "string") return null;
  const excerpt = sourceOf(source);
  return {
    name: shown(name ?? "Error", LONGEST_LINE),
    message: shown(message ?? "", LONGEST),
    causes: listOf(causes).slice(0, MOST).map(objectOf).map(({ name, message }) => ({
      name: shown(name ?? "Error", LONGEST_LINE),
      message: shown(message ?? "", LONGEST),
    })),
    frames: framesOf(shown(stack ?? "", LONGEST), excerpt?.file),
    source: excerpt,
  };
}

function sourceOf(value: unknown): FailureError["source"] {
  const { file, line, lines } = objectOf(value);
  if (typeof file !== "string" || typeof line !== "number") return null;
  const read = listOf(lines).slice(0, MOST).filter((each): each is [number, string] =>
    Array.isArray(each) && typeof each[0] === "number" && typeof each[1] === "string"
  );
  return {
    file: shown(file, LONGEST_LINE),
    line,
    lines: read.map(([number, code]) => [number, shown(code, LONGEST_LINE)]),
  };
}

/** The custom event that marks the moment of a failure. */
const MARK = /^(?:test|script)-failed$/;

/**
 * The number of entries up to the failure: to the event that marks it, or else to the closing of the lab, which
 * comes after whatever went wrong.
 */
export function failureCount({ entries }: Pick<EventLog, "entries">): number {
  const mark = entries.findLastIndex(({ event }) =>
    event?.kind === "custom" && MARK.test(event.name)
  );
  if (mark >= 0) return mark + 1;
  const closed = entries.findLastIndex(({ kind }) => kind === "lab-closed");
  return closed > 0 ? closed : entries.length;
}

function objectOf(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value as Json : {};
}

const listOf = (value: unknown): unknown[] => Array.isArray(value) ? value : [];

const text = (value: unknown): string | null =>
  typeof value === "string" && value !== "" ? shown(value, LONGEST_LINE) : null;

/** A bounded text without control characters; its line breaks stay. */
function shown(value: unknown, most: number): string {
  const all = String(value);
  const part = all.length > most ? `${all.slice(0, most)}…` : all;
  return part.split(/\r?\n/).map(plainText).join("\n");
}
