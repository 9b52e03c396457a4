import type { Verdict } from "../../record/verdict.ts";
import type { Step } from "../step/mod.ts";

/** The result of a simulation, or of a step. */
export type SimulationStatus = "passed" | "failed" | "timed-out" | "interrupted";

/** The result of a step. */
export type StepStatus = SimulationStatus | "skipped" | "not-run";

/** The outcome of a step. */
export interface StepOutcome {
  /** The step's number, from 1. */
  number: number;
  /** The step's id. */
  id: string;
  /** The step's action. */
  action: Step["action"];
  /** The step's device. */
  device?: string;
  /** The result. */
  status: StepStatus;
  /** When it started, in milliseconds since the start of the simulation. */
  startedMs?: number;
  /** The duration in milliseconds. */
  durationMs?: number;
  /** The command that was run, with all references filled in. */
  command?: string[];
  /** The exit code of the program. */
  exitCode?: number;
  /** The signal that ended the program. */
  signal?: string;
  /** The file and line of the step. */
  where: string;
}

/** Why a simulation did not pass. */
export interface Failure {
  /** The number of the step, from 1; undefined if no step failed, such as while the lab was built. */
  step?: number;
  /** The step's id. */
  id?: string;
  /** The step's action. */
  action?: Step["action"];
  /** The step's device. */
  device?: string;
  /** The file and line of the step. */
  where?: string;
  /** What was expected, and what was found. */
  message: string;
  /** The command that failed: the step's own, or that of the step that should have captured a value. */
  command?: string[];
  /** The node of that command, if it is not the step's own. */
  commandNode?: string;
  /** The exit code of the program. */
  exitCode?: number;
  /** The signal that ended the program. */
  signal?: string;
  /** The last lines of the command's standard error, at most 20. */
  stderr: string[];
  /** The files with the whole output, relative to the simulation's directory. */
  logs: string[];
  /** The directory with the record of the failure, if one is kept; the same is in a zip file beside it. */
  bundle?: string;
}

/** A row of the report: strings as they were captured, null for a value that was not captured. */
export interface StepResult {
  /** The step's id. */
  id: string;
  /** The duration of a transfer. */
  duration: string | null;
  /** Bytes sent. */
  up_bytes: string | null;
  /** Bytes received. */
  down_bytes: string | null;
  /** The latency in milliseconds. */
  latency_ms: string | null;
}

/** The outcome of a simulation. */
export interface SimulationOutcome {
  /** The simulation's name. */
  name: string;
  /** The simulation's file. */
  file: string;
  /** The values of the matrix, by axis. */
  variant: Record<string, string>;
  /** The result. */
  status: SimulationStatus;
  /** When it started, ISO 8601. */
  startedAt: string;
  /** When it ended, ISO 8601. */
  endedAt: string;
  /** The duration in milliseconds. */
  durationMs: number;
  /** How long it took to build the lab and boot its virtual machines, in milliseconds. */
  setupMs?: number;
  /** The seed of all random values. */
  seed?: number;
  /** The outcome of each step. */
  steps: StepOutcome[];
  /** The last value of every capture, by `id.name`. */
  captures: Record<string, string>;
  /** The rows of the report, one for each step with results. */
  results: StepResult[];
  /** Why it did not pass. */
  failure?: Failure;
  /**
   * Whether the host was fast enough for the outcome to mean something, with the reasons if not; absent if
   * there was no lab.
   */
  verdict?: Verdict;
  /** How often it ran, if more than once: inconclusive failures are repeated. */
  attempts?: number;
  /** Problems that did not make the simulation fail. */
  warnings: string[];
}
