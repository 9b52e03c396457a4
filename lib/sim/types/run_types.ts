import type { Verdict } from "../../record/verdict.ts";
import type {
  Progress,
  RunContext,
  Simulation,
  SimulationOutcome,
  SimulationStatus,
} from "./types.ts";

/** A function that runs one simulation: `runSimulation`, or a test's own. */
export type SimulationRunner = (
  simulation: Simulation,
  context: RunContext,
) => Promise<SimulationOutcome>;

/** One of the parts that simulations are divided into, to run each part on another machine. */
export interface Shard {
  /** The number of the shard, from 1. */
  index: number;
  /** The number of shards. */
  count: number;
}

/** How simulations are run together. */
export interface RunAllOptions {
  /** The directory for run directories; it is made if it is missing. Default `".netyard-work"`. */
  workDir?: string;
  /** How many simulations run at the same time. They share the processors. Default 1. */
  jobs?: number;
  /** How long each simulation may take, in place of its own `timeoutMs`. */
  timeoutMs?: number;
  /** The seed, in place of each simulation's own. */
  seed?: number;
  /**
   * What is recorded of each simulation; see {@linkcode RunContext.record}. The records of failures are in
   * the directory that the environment variable `NETYARD_FAILURES` names, or in `failures` of `workDir`.
   */
  record?: RunContext["record"];
  /**
   * How often a simulation that does not pass is repeated, with a new lab, if that is inconclusive: see
   * {@linkcode SimulationOutcome.verdict}. Others are never repeated. Default 0.
   */
  retries?: number;
  /** Ends the run early: running simulations are interrupted, the remaining ones do not start. */
  signal?: AbortSignal;
  /** The paths of each simulation's binaries, by name. A simulation that is not in the map has none. */
  binaries: ReadonlyMap<Simulation, ReadonlyMap<string, string>>;
  /** The command line, for the manifest. */
  command?: readonly string[];
  /** The shard that this run is, and the names of the simulations of all shards, for the manifest. */
  shard?: Shard & { planned: readonly string[] };
  /** Called with each event of the run, in order. It must not throw. */
  onEvent?(event: RunEvent): void;
  /** Runs each simulation. Default: `runSimulation`. */
  run?: SimulationRunner;
  /** Returns the time. Default: the clock. */
  now?(): Date;
}

/** An event while simulations run; `index` counts the simulations from 0, in the order given. */
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
  | {
    /** It was inconclusive, and runs again. */
    kind: "simulation-repeated";
    index: number;
    simulation: Simulation;
    outcome: SimulationOutcome;
    /** The number of the attempt that ended, from 1. */
    attempt: number;
  }
  | { kind: "run-ended"; summary: RunSummary };

/** A line that a program of a simulation printed. */
export interface PrintedLine {
  /** The node that the program runs in. */
  node: string;
  /** The output that it was printed to. */
  stream: "stdout" | "stderr";
  /** The line without its line break. */
  text: string;
}

/** The result of a simulation of a run, "not-run" if the run ended before it started. */
export type RecordStatus = SimulationStatus | "not-run";

/** The summary of one simulation of a run. */
export interface SimulationRecord {
  /** The simulation's name. */
  name: string;
  /** The simulation's file; empty if its shard is missing, so that only the name is known. */
  file: string;
  /** The values of the matrix, by axis. */
  variant: Record<string, string>;
  /** The directory of its outputs, relative to the run's directory. */
  directory: string;
  /** The result. */
  status: RecordStatus;
  /** The duration in milliseconds. */
  durationMs?: number;
  /** Whether the host was fast enough; absent if there was no lab. */
  verdict?: Verdict;
}

/** The result of a run: "passed" if all simulations passed, and all outputs could be written. */
export type RunStatus = "passed" | "failed" | "interrupted";

/** The outcome of a run. */
export interface RunSummary {
  /** The run's directory: absolute or relative as the work directory was given. */
  directory: string;
  /** The result of the run. */
  status: RunStatus;
  /** The number of simulations that passed. */
  passed: number;
  /** The number of simulations that failed or could not be run. */
  failed: number;
  /** The number of simulations that reached their time limit. */
  timedOut: number;
  /** The number of simulations that were running when the run was interrupted. */
  interrupted: number;
  /** The number of simulations that had not started. */
  notRun: number;
  /** The number of those that failed or reached their time limit on a host that was too slow. */
  inconclusive: number;
  /** When the run started, ISO 8601. */
  startedAt: string;
  /** When the run ended, ISO 8601. */
  endedAt: string;
  /** The duration of the run in milliseconds. */
  durationMs: number;
  /** All simulations, in the order given to the run. */
  simulations: SimulationRecord[];
  /** The outcomes of the simulations that ran, in the order given. */
  outcomes: SimulationOutcome[];
  /** The files that could not be written, with the reasons. */
  errors: string[];
  /** The shard that this run was, if it was one. */
  shard?: Shard;
}
