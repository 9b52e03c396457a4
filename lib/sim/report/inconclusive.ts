import type { Verdict } from "../../record/verdict.ts";

/** The result of a simulation, and whether its host was fast enough. */
export interface Judged {
  status: string;
  verdict?: Verdict;
}

/**
 * Whether a simulation did not pass on a host that was too slow for that to mean anything. One that passed
 * has shown what it had to.
 */
export function isInconclusive({ status, verdict }: Judged): boolean {
  return verdict?.kind === "inconclusive" && (status === "failed" || status === "timed-out");
}

/** Why a result may be wrong, in one line. */
export function inconclusiveLine({ reasons }: Verdict): string {
  return `inconclusive: ${reasons.join("; ")}`;
}
