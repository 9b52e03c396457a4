import type { Verdict } from "../../record/verdict.ts";
import type { LabCore } from "../model/lab.ts";
import { readLateness } from "./reading.ts";

/** Judges whether the host has been fast enough for a lab until now. */
export function verdictOf(core: LabCore): Verdict {
  if (!core.closed) core.watch.late(readLateness(core));
  return core.watch.verdict();
}
