import type { Step } from "../step/mod.ts";

/** How a simulation, or a step of it, went. */
export type SimulationStatus = "passed" | "failed" | "timed-out" | "interrupted";

/** How a step went. */
export type StepStatus = SimulationStatus | "skipped" | "not-run";

/** What became of a step. */
export interface StepOutcome {
  /** From 1. */
  number: number;
  /** Its id. */
  id: string;
  /** Which step it is. */
  action: Step["action"];
  /** The device. */
  device?: string;
  /** How it went. */
  status: StepStatus;
  /** Since the simulation began, in milliseconds. */
  startedMs?: number;
  /** How long, in milliseconds. */
  durationMs?: number;
  /** What was run, with all values filled in. */
  command?: string[];
  /** How its program ended. */
  exitCode?: number;
  /** The signal that ended its program. */
  signal?: string;
  /** The file and the line. */
  where: string;
}

/** Why a simulation did not pass. */
export interface Failure {
  /** The step, by its number from 1; undefined where it is none of them, as while the lab was made. */
  step?: number;
  /** Its id. */
  id?: string;
  /** Which step it is. */
  action?: Step["action"];
  /** The device. */
  device?: string;
  /** The file and line of the step. */
  where?: string;
  /** What was expected, and what was there. */
  message: string;
  /** What it failed by: its own command, or that of the step that a value was to come from. */
  command?: string[];
  /** The node of that command, where it is not the step's own. */
  commandNode?: string;
  /** How its program ended. */
  exitCode?: number;
  /** The signal that ended its program. */
  signal?: string;
  /** The last lines of the command's standard error, at most 20. */
  stderr: string[];
  /** Files with all that it printed, relative to the simulation's directory. */
  logs: string[];
}

/** A row of the report: strings as they were captured, null where there is none. */
export interface StepResult {
  /** Its id. */
  id: string;
  /** How long a transfer took. */
  duration: string | null;
  /** Bytes sent. */
  up_bytes: string | null;
  /** Bytes received. */
  down_bytes: string | null;
  /** In milliseconds. */
  latency_ms: string | null;
}

/** What became of a simulation. */
export interface SimulationOutcome {
  /** How steps name it. */
  name: string;
  /** Its file. */
  file: string;
  /** Its values of the matrix. */
  variant: Record<string, string>;
  /** How it went. */
  status: SimulationStatus;
  /** ISO 8601. */
  startedAt: string;
  /** ISO 8601. */
  endedAt: string;
  /** How long, in milliseconds. */
  durationMs: number;
  /** How long it took to make the lab. */
  setupMs?: number;
  /** What decided what was drawn at random. */
  seed?: number;
  /** What became of each step. */
  steps: StepOutcome[];
  /** The last value of every capture, by `id.name`. */
  captures: Record<string, string>;
  /** Its row of the report. */
  results: StepResult[];
  /** Why it did not pass. */
  failure?: Failure;
  /** What is worth knowing, though nothing failed by it. */
  warnings: string[];
}
