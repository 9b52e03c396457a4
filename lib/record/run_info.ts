import { readFileText, readLink } from "../../native/libc.ts";
import { VERSION } from "../std/version.ts";
import type { ResolvedRecord } from "./options.ts";
import type { RunFailure } from "./failure.ts";
import type { Verdict } from "./verdict.ts";

/** The version of `run.json`. */
export const RUN_VERSION = 1;

/** The content of `run.json`: what a run was, and how it ended. */
export interface RunInfo {
  version: typeof RUN_VERSION;
  label: string;
  seed: number;
  /** A run that is `"running"` though its process is gone has crashed. */
  status: "running" | "closed" | "failed";
  startedAt: string;
  endedAt: string | null;
  pid: number;
  /** The versions of Netyard, Deno and the kernel, and the architecture. */
  netyard: string;
  deno: string;
  kernel: string;
  arch: string;
  /** Null as long as no link had a condition. */
  linkEngine: string | null;
  /** The command line of the process. */
  command: string[];
  cwd: string;
  record: ResolvedRecord;
  /** The test that made the lab. */
  test: { file: string; name: string } | null;
  verdict: Verdict;
  error: RunFailure | null;
}

/** The `run.json` of a run that starts. */
export function startingRun(
  { label, seed, record }: Pick<RunInfo, "label" | "seed" | "record">,
  now: Date = new Date(),
): RunInfo {
  return {
    version: RUN_VERSION,
    label,
    seed,
    status: "running",
    startedAt: now.toISOString(),
    endedAt: null,
    pid: Deno.pid,
    netyard: VERSION,
    deno: Deno.version.deno,
    kernel: orEmpty(() => readFileText("/proc/sys/kernel/osrelease").trim()),
    arch: Deno.build.arch,
    linkEngine: null,
    command: orEmpty(() => readFileText("/proc/self/cmdline")).split("\0").slice(0, -1),
    cwd: orEmpty(() => readLink("/proc/self/cwd")),
    record,
    test: null,
    verdict: { kind: "ok", reasons: [] },
    error: null,
  };
}

function orEmpty(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}
