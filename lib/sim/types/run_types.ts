import type {
  Progress,
  RunContext,
  Simulation,
  SimulationOutcome,
  SimulationStatus,
} from "./types.ts";

/** What runs one simulation: `runSimulation`, or a test's own. */
export type SimulationRunner = (
  simulation: Simulation,
  context: RunContext,
) => Promise<SimulationOutcome>;

/** One of the parts that simulations are dealt out to, each run on a machine of its own. */
export interface Shard {
  /** From 1. */
  index: number;
  /** How many there are. */
  count: number;
}

/** How simulations are run together. */
export interface RunAllOptions {
  /** Where run directories are made; made itself where it is missing. Default `".netyard-work"`. */
  workDir?: string;
  /** How many simulations run at a time. They share the processors. Default 1. */
  jobs?: number;
  /** How long each may take, in place of its own `timeoutMs`. */
  timeoutMs?: number;
  /** In place of each simulation's own. */
  seed?: number;
  /** Ends the run early: what runs is interrupted, what has not started is not run. */
  signal?: AbortSignal;
  /** The paths of each simulation's binaries by their name; none for one that is missing here. */
  binaries: ReadonlyMap<Simulation, ReadonlyMap<string, string>>;
  /** The command line that asked for it, for the manifest. */
  command?: readonly string[];
  /** Which part of the simulations this is, and the names of all of them, for the manifest. */
  shard?: Shard & { planned: readonly string[] };
  /** Told of all that happens, in order. It must not throw. */
  onEvent?(event: RunEvent): void;
  /** Default: `runSimulation`. */
  run?: SimulationRunner;
  /** Default: the clock. */
  now?(): Date;
}

/** Something that happens while simulations run; `index` counts them from 0 in the order given. */
export type RunEvent =
  | { kind: "run-started"; directory: string; total: number }
  | { kind: "simulation-started"; index: number; simulation: Simulation }
  | { kind: "progress"; index: number; simulation: Simulation; progress: Progress }
  | { kind: "line"; index: number; simulation: Simulation; line: PrintedLine }
  | {
    kind: "simulation-ended";
    index: number;
    simulation: Simulation;
    outcome: SimulationOutcome;
  }
  | { kind: "run-ended"; summary: RunSummary };

/** A line that a program of a simulation printed. */
export interface PrintedLine {
  /** Where the program runs. */
  node: string;
  /** Which of its outputs it is of. */
  stream: "stdout" | "stderr";
  /** Without its line break. */
  text: string;
}

/** What became of a simulation of a run, "not-run" if the run ended before. */
export type RecordStatus = SimulationStatus | "not-run";

/** A simulation of a run, in short. */
export interface SimulationRecord {
  /** The simulation's. */
  name: string;
  /** The file that it is in; empty where only the name is known, as its shard is missing. */
  file: string;
  /** Its values of the matrix. */
  variant: Record<string, string>;
  /** Its outputs, relative to the run's directory. */
  directory: string;
  /** How it went. */
  status: RecordStatus;
  /** How long it took. */
  durationMs?: number;
}

/** How a run went: "passed" if all simulations did, and all that they left could be written. */
export type RunStatus = "passed" | "failed" | "interrupted";

/** What became of simulations that were run together. */
export interface RunSummary {
  /** The run's directory: absolute if the work directory was given so, else as that one is. */
  directory: string;
  /** How all of it went. */
  status: RunStatus;
  /** How many passed. */
  passed: number;
  /** How many failed, those that could not be run among them. */
  failed: number;
  /** How many took longer than they may. */
  timedOut: number;
  /** How many ran when the run was ended. */
  interrupted: number;
  /** How many had not begun. */
  notRun: number;
  /** ISO 8601. */
  startedAt: string;
  /** ISO 8601. */
  endedAt: string;
  /** From the first to the last. */
  durationMs: number;
  /** All simulations, in the order given. */
  simulations: SimulationRecord[];
  /** Those that were run, in the order given. */
  outcomes: SimulationOutcome[];
  /** Files that could not be written, and why. */
  errors: string[];
  /** Which part of the simulations it was, if it was one. */
  shard?: Shard;
}
