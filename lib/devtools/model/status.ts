import type { ShownStatus } from "./types.ts";

/** What is known of a run besides its `run.json`. */
export interface RunEvidence {
  /** The status in `run.json`; undefined without one. */
  written?: string;
  /** Whether the process in `run.json` is still the one that started the run; undefined: not known. */
  alive?: boolean;
  /** Whether the last event is `lab-closed`. */
  closed: boolean;
  /** Milliseconds since a file of the run changed. */
  idleMs: number;
  /** Whether the host was too slow, by the verdict in `run.json`. */
  inconclusive?: boolean;
}

/** Without `run.json`, a run that was silent for so long is not called running. */
const SILENT_MS = 20_000;

/**
 * The status of a run, with the reason where it is a conclusion.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(statusOfRun({ written: "running", alive: false, closed: false, idleMs: 5 })[0], "crashed");
 * ```
 */
export function statusOfRun(
  { written, alive, closed, idleMs, inconclusive = false }: RunEvidence,
): [ShownStatus, why: string | null] {
  if (written === "failed") return [inconclusive ? "inconclusive" : "failed", null];
  if (written === "closed" || closed) return ["closed", null];
  if (written === "running") {
    if (alive ?? idleMs < SILENT_MS) return ["running", null];
    return ["crashed", "its process ended without closing the lab"];
  }
  if (idleMs < SILENT_MS) return ["running", null];
  return ["unknown", "the log has no end: the process was killed, or is silent"];
}

/** How bad a status is: the status of a group is that of its worst member. */
const ORDER: readonly ShownStatus[] = [
  "passed",
  "closed",
  "not-run",
  "waiting",
  "unknown",
  "interrupted",
  "inconclusive",
  "timed-out",
  "crashed",
  "failed",
  "running",
];

/** Statuses of runs in which something went wrong. */
export const BAD_STATUSES: readonly ShownStatus[] = [
  "failed",
  "inconclusive",
  "timed-out",
  "crashed",
  "interrupted",
];

/** The status of a group of runs. */
export function worstStatus(all: readonly ShownStatus[]): ShownStatus {
  return all.reduce<ShownStatus>(
    (worst, one) => ORDER.indexOf(one) > ORDER.indexOf(worst) ? one : worst,
    all[0] ?? "unknown",
  );
}
