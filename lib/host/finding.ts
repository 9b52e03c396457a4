/** One thing that Netyard uses, and whether this host and this process have it. */
export interface Finding {
  /** A stable name, for programs that read findings. */
  id: string;
  /** What it is, for a reader. */
  title: string;
  /** Whether it is there; false also where that could not be found out. */
  ok: boolean;
  /** Whether no lab can be built without it, or only a feature is lost. */
  needed: "lab" | "feature";
  /** What was found. */
  detail: string;
  /** What to do about it, where it is missing and something can be done. */
  remedy?: string;
  /** The feature that needs it. */
  feature?: string;
}

/** The result of a trial; undefined if it could not be tried. */
export type Trial = { ok: boolean; detail: string } | undefined;

/** What a finding says when what it needs is missing itself. */
export const NOT_TRIED = "not tried, since something else is missing";

/** Turns a trial into a finding, which keeps its remedy only if the trial failed. */
export function fromTrial(finding: Omit<Finding, "ok" | "detail">, trial: Trial): Finding {
  const { remedy, ...rest } = finding;
  const ok = trial?.ok ?? false;
  const found = { ...rest, ok, detail: trial?.detail ?? NOT_TRIED };
  return trial && !ok && remedy ? { ...found, remedy } : found;
}
