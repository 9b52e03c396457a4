import type { LabConfig } from "../../lab/config/types.ts";
import type { RecordOptions } from "../../record/options.ts";
import type { BinarySpec, PrepareSpec } from "./binary_types.ts";
import type { Step } from "../step/mod.ts";

export type * from "./binary_types.ts";
export type * from "./outcome_types.ts";
export type { NetworkStep, Step } from "../step/mod.ts";
export type { Origin, StepBase } from "../step/kind.ts";
export type { ProcessStep, ResultsSpec, RunStep, SpawnStep } from "../step/program.ts";
export type { WaitForStep, WaitStep } from "../step/wait.ts";
export type {
  LinkStep,
  ReplugStep,
  SetDefaultRouteStep,
  SetLinkConditionStep,
} from "../step/link.ts";
export type {
  FamilyStep,
  FlushNatStep,
  RenewPrefixStep,
  SetFirewallStep,
  SetNatStep,
  SetNatV6Step,
} from "../step/router.ts";
export type { RegionStep } from "../step/region.ts";
export type { PartitionStep } from "../step/partition.ts";
export type { CaptureStep } from "../step/capture.ts";
export type { GenCertsStep, GenFileStep } from "../step/files.ts";
export type { AssertStep } from "../step/assert.ts";
export type { AssertOperator, Check } from "../values/check.ts";
export type { CaptureSpec, ParserKind } from "../values/output_parser.ts";

/** A simulation that is ready to run: a file, or one variant of its matrix. */
export interface Simulation {
  /** The name, unique among the simulations loaded together; also the name of the output directory. */
  name: string;
  /** The file, as its path was given. */
  file: string;
  /** The values of the matrix, by axis; empty without a matrix. */
  variant: Record<string, string>;
  /** The network. */
  topology: LabConfig;
  /** The programs that the steps use as `${binary.NAME}`. */
  binaries: BinarySpec[];
  /** What cargo builds before the simulation starts. */
  prepare: PrepareSpec[];
  /** The steps, which run one after the other. */
  steps: Step[];
  /** The time limit of the whole simulation in milliseconds. Default: none. */
  timeoutMs?: number;
  /** The seed of all random values. */
  seed?: number;
}

/** The progress of a simulation. */
export interface Progress {
  /** The number of the current step, from 1; 0 while the lab is built. */
  step: number;
  /** The number of steps. */
  steps: number;
  /** What is in progress, such as `run ping-check in sender`. */
  doing: string;
}

/** What a simulation needs to run. */
export interface RunContext {
  /** The directory for its outputs, which must exist and belong to this simulation alone. */
  directory: string;
  /** The path of each binary, by name. */
  binaries: ReadonlyMap<string, string>;
  /** The time limit, in place of the simulation's own. */
  timeoutMs?: number;
  /** The seed, in place of the simulation's own. */
  seed?: number;
  /**
   * What is recorded in the directory: as `record` of `Lab.create()`, or `"on-failure"`, which records
   * packets too, and leaves a directory and a zip file with the record of a simulation that failed or reached
   * its time limit: the error, the step in its file, a drawing of the network, all events, the packets, the
   * programs' output, the seed and the versions. The packets of one that passed are removed. `Failure.bundle` says where. Default: the environment variable
   * `NETYARD_RECORD`.
   */
  record?: RecordOptions | "on-failure";
  /**
   * The directory for these records, where the newest 20 stay. Default: that of the environment variable
   * `NETYARD_FAILURES`, or `.netyard-work/failures`.
   */
  failures?: string;
  /** The command line of `netyard`, for the record of a failure. */
  command?: readonly string[];
  /** Ends the simulation early: it is "interrupted", and its outputs are complete. */
  signal?: AbortSignal;
  /** Called when another step starts. */
  onProgress?(progress: Progress): void;
  /** Called with each line that a program of the simulation prints. */
  onLine?(line: { node: string; stream: "stdout" | "stderr"; text: string }): void;
}
