import type { LabConfig } from "../../lab/config/types.ts";
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

/** A simulation that is ready to run: of a file, or of one variant of its matrix. */
export interface Simulation {
  /** Its name, unique among those that were loaded together; also that of its output directory. */
  name: string;
  /** The file that it is in, as it was given. */
  file: string;
  /** The values of the matrix that it has, by axis; empty without a matrix. */
  variant: Record<string, string>;
  /** The network that it runs in. */
  topology: LabConfig;
  /** The programs that its steps use, by `${binary.NAME}`. */
  binaries: BinarySpec[];
  /** What is built by cargo before it starts. */
  prepare: PrepareSpec[];
  /** What it does, one after the other. */
  steps: Step[];
  /** How long all of it may take. Default: as long as it takes. */
  timeoutMs?: number;
  /** Decides what is drawn at random. */
  seed?: number;
}

/** What a simulation is at. */
export interface Progress {
  /** The step's number, from 1; 0 while the lab is made. */
  step: number;
  /** What became of each step. */
  steps: number;
  /** Such as `run ping-check in sender`. */
  doing: string;
}

/** What a simulation needs from outside, to run. */
export interface RunContext {
  /** Where its outputs go: a directory of its own, which is there. */
  directory: string;
  /** The path of each binary by its name. */
  binaries: ReadonlyMap<string, string>;
  /** In place of the simulation's own. */
  timeoutMs?: number;
  /** What decided what was drawn at random. */
  seed?: number;
  /** Ends it early: it is "interrupted", and its outputs are complete. */
  signal?: AbortSignal;
  /** It is at another step. */
  onProgress?(progress: Progress): void;
  /** Each line that its programs print. */
  onLine?(line: { node: string; stream: "stdout" | "stderr"; text: string }): void;
}
