/** The status of a run as it is shown: never "running" for a run whose process is gone. */
export type ShownStatus =
  | "running"
  | "closed"
  | "passed"
  | "failed"
  /** It failed on a host that was too slow for the failure to mean something. */
  | "inconclusive"
  | "timed-out"
  | "interrupted"
  | "crashed"
  | "waiting"
  | "not-run"
  | "unknown";

/** A run in the list: a directory with `events.jsonl`, or a simulation that did not get as far. */
export interface RunInfo {
  /** The path of its directory below the served folder; `.` is that folder. */
  id: string;
  label: string;
  /** The label of its lab, and the name of its test: runs of one script have the same. */
  lab: string | null;
  test: string | null;
  status: ShownStatus;
  /** Why it has this status, where that is not obvious. */
  why: string | null;
  verdict: "ok" | "inconclusive" | null;
  /** Reasons of the verdict. */
  reasons: string[];
  startedAt: string | null;
  durationMs: number | null;
  seed: number | null;
  /** The values of a simulation's matrix. */
  variant: Record<string, string>;
  /** Facts for the details: command, kernel, versions. */
  facts: [name: string, value: string][];
  /** The error that ended it, in a few words. */
  error: string | null;
  /** Whether it is the run of a failure bundle. */
  isBundle: boolean;
  /** Whether there is an event log to open. */
  hasEvents: boolean;
  /** The size of `events.jsonl`, in bytes. */
  eventBytes: number;
}

/** Runs that one command started, or that one folder has. */
export interface Invocation {
  /** Unique in the list. */
  id: string;
  kind: "simulations" | "process" | "folder";
  title: string;
  status: ShownStatus;
  startedAt: string | null;
  durationMs: number | null;
  /** Problems that belong to no single run. */
  problems: string[];
  runs: RunInfo[];
}

/** What `/api/runs` answers. */
export interface RunsAnswer {
  version: 1;
  /** The name of the served folder. */
  root: string;
  invocations: Invocation[];
  /** What was left out, and why. */
  problems: string[];
}

/** A file of a run. */
export interface RunFile {
  path: string;
  size: number;
}

/** What `/api/files` answers. */
export interface FilesAnswer {
  run: RunInfo;
  files: RunFile[];
}

/** What `/api/tshark` answers: the fields of a packet as tshark reads them, or why there are none. */
export interface DissectAnswer {
  nodes: FieldNode[];
  problem: string | null;
}

/** A part of a packet, as a tree shows it. */
export interface FieldNode {
  label: string;
  value?: string;
  /** The offset in the frame of its first byte, and the one after its last byte. */
  start: number;
  end: number;
  children?: FieldNode[];
}
