import type { Firewall } from "../firewall/config.ts";
import type { LabConfig } from "../lab/config.ts";
import type { LinkCondition, LinkDirection, LinkDirections } from "../link/mod.ts";
import type { Nat } from "../nat/config.ts";

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

/** Where something is written in a TOML file. */
export interface Origin {
  /** The file and the line: `sims/a.toml:12`. */
  where: string;
  /** The directory of that file, which relative paths in it may be relative to. */
  directory: string;
}

/** What a program is got by. */
export type BinaryMode = "path" | "fetch" | "build" | "target" | "entrypoint" | "command";

/** `[[binary]]`: a program that steps name. */
export interface BinarySpec {
  name: string;
  mode: BinaryMode;
  /** path: the program, or the directory that it is built in; `target:NAME` is in cargo's target directory. command: what it makes. */
  path?: string;
  /** fetch: where to download it. */
  url?: string;
  /** fetch: what it must be, SHA-256 in hexadecimal digits. */
  sha256?: string;
  /** fetch: which file of an archive. Default: the one called as the binary, or the only one that is executable. */
  member?: string;
  /** build: the git repository. Default: the cargo workspace around the file. */
  repo?: string;
  /** build: its branch, tag or commit. Default `"main"`. */
  commit?: string;
  example?: string;
  bin?: string;
  features: string[];
  allFeatures: boolean;
  /** entrypoint: a TypeScript module. */
  entrypoint?: string;
  /** entrypoint: the permissions that it is compiled with, such as `--allow-net`. Default `-A`. */
  permissions?: string[];
  /** command: what builds it, a line for sh(1) or a program and its arguments. */
  command?: string | string[];
  /** command: files and directories that it is built from. Default: it is built each time. */
  sources?: string[];
  origin: Origin;
}

/** `[[prepare]]`: what cargo builds in the workspace before anything starts. */
export interface PrepareSpec {
  examples: string[];
  bins: string[];
  features: string[];
  allFeatures: boolean;
  origin: Origin;
}

/** How a program's output is read. */
export type ParserKind = "text" | "ndjson" | "json";

/** `[step.captures.NAME]`: a value taken from what a program prints. */
export interface CaptureSpec {
  pipe: "stdout" | "stderr";
  /** On the line of text: its first group, or all that it matches. */
  regex?: RegExp;
  /** What the JSON value must have, by dot-path. */
  match?: Record<string, string>;
  /** The dot-path of the value in the JSON: `.end.sum_received.bytes`, `.addrs.0`. */
  pick?: string;
}

/** `[step.results]`: the captures, as `id.name`, that go into the report. */
export interface ResultsSpec {
  duration?: string;
  upBytes?: string;
  downBytes?: string;
  latencyMs?: string;
}

interface StepBase {
  /** Unique in the simulation; of a step that was given none, `step-N`, N from 1. */
  id: string;
  /** Captures, as `id.name`, that it waits for before it starts. */
  requires: string[];
  /** How long it may take, waiting for captures included. Default: of the action. */
  timeoutMs?: number;
  /** Whether `when` was `"false"`. */
  skipped: boolean;
  origin: Origin;
}

interface ProcessStep extends StepBase {
  /** The device, router or virtual machine that it runs in. */
  device: string;
  /** With `${...}` and `$NETYARD_IP_...` in them. */
  cmd: string[];
  env: Record<string, string>;
  parser: ParserKind;
  captures: Record<string, CaptureSpec>;
  results?: ResultsSpec;
}

/** Runs a command to its end, which must be exit code 0. */
export interface RunStep extends ProcessStep {
  action: "run";
}

/** Starts a command, which goes on until a `wait-for`, or the end of the simulation. */
export interface SpawnStep extends ProcessStep {
  action: "spawn";
  /** How long the next step waits. */
  readyAfterMs?: number;
}

/** Waits for the end of a command that was spawned, or of a capture. */
export interface WaitForStep extends StepBase {
  action: "wait-for";
  /** The id of that step. */
  target: string;
}

/** Does nothing for a time. */
export interface WaitStep extends StepBase {
  action: "wait";
  durationMs: number;
}

export interface SetLinkConditionStep extends StepBase {
  action: "set-link-condition";
  device: string;
  /** Default: the first interface. */
  interface?: string;
  condition: LinkCondition | LinkDirections | null;
  direction?: LinkDirection;
}

export interface LinkStep extends StepBase {
  action: "link-down" | "link-up";
  device: string;
  interface?: string;
}

export interface SetDefaultRouteStep extends StepBase {
  action: "set-default-route";
  device: string;
  /** The interface. */
  to: string;
}

export interface ReplugStep extends StepBase {
  action: "replug";
  device: string;
  interface?: string;
  /** The router or bridge. */
  to: string;
}

export interface SetNatStep extends StepBase {
  action: "set-nat";
  router: string;
  nat: Nat;
}

export interface FlushNatStep extends StepBase {
  action: "flush-nat";
  router: string;
}

export interface SetFirewallStep extends StepBase {
  action: "set-firewall";
  router: string;
  firewall: Firewall;
}

/** `regions = ["eu", "us"]`. */
export interface RegionStep extends StepBase {
  action: "break-region" | "restore-region";
  regions: [string, string];
}

/**
 * `bridge = "lan"` (or a router's name, for its LAN), and `members = ["a", "b"]` for both ways, `from`
 * and `to` for one way, or none of them: all members are kept apart, and all that keeps any apart is healed.
 */
export interface PartitionStep extends StepBase {
  action: "partition" | "heal";
  bridge: string;
  members?: [string, string];
  from?: string;
  to?: string;
}

/** Captures packets into `captures/<id>.pcap`, until a `wait-for`, its duration, or the end. */
export interface CaptureStep extends StepBase {
  action: "capture";
  /** A device or router; or else a bridge. */
  device?: string;
  bridge?: string;
  interface?: string;
  /** pcap-filter(7). */
  filter?: string;
  durationMs?: number;
}

/** Writes `certs/<id>/cert.pem` and `key.pem`; captures `cert_pem_path`, `key_pem_path`. */
export interface GenCertsStep extends StepBase {
  action: "gen-certs";
  device?: string;
  cn: string;
  /** Default: the device's addresses. */
  san?: string[];
}

/** Writes `files/<id>/content`; captures `path`. */
export interface GenFileStep extends StepBase {
  action: "gen-file";
  content: string;
}

export type AssertOperator = "==" | "!=" | "contains" | "matches" | ">=" | "<=" | "<" | ">";

/** One expression of an `assert` step. */
export interface Check {
  /** As it was written. */
  text: string;
  /** The capture, as `id.name`. */
  key: string;
  operator: AssertOperator;
  /** May have `${...}` in it, but after `matches`. */
  operand: string;
  /** Of `matches`. */
  regex?: RegExp;
}

export interface AssertStep extends StepBase {
  action: "assert";
  checks: Check[];
}

/** A step of a simulation, with all templates, groups and counted devices expanded. */
export type Step =
  | RunStep
  | SpawnStep
  | WaitForStep
  | WaitStep
  | SetLinkConditionStep
  | LinkStep
  | SetDefaultRouteStep
  | ReplugStep
  | SetNatStep
  | FlushNatStep
  | SetFirewallStep
  | RegionStep
  | PartitionStep
  | CaptureStep
  | GenCertsStep
  | GenFileStep
  | AssertStep;

/** How a simulation, or a step of it, went. */
export type SimulationStatus = "passed" | "failed" | "timed-out" | "interrupted";

export type StepStatus = SimulationStatus | "skipped" | "not-run";

/** What became of a step. */
export interface StepOutcome {
  /** From 1. */
  number: number;
  id: string;
  action: Step["action"];
  device?: string;
  status: StepStatus;
  /** Since the simulation began, in milliseconds. */
  startedMs?: number;
  durationMs?: number;
  /** What was run, with all values filled in. */
  command?: string[];
  exitCode?: number;
  signal?: string;
  where: string;
}

/** Why a simulation did not pass. */
export interface Failure {
  /** The step, by its number from 1; undefined where it is none of them, as while the lab was made. */
  step?: number;
  id?: string;
  action?: Step["action"];
  device?: string;
  /** The file and line of the step. */
  where?: string;
  message: string;
  /** What it failed by: its own command, or that of the step that a value was to come from. */
  command?: string[];
  /** The node of that command, where it is not the step's own. */
  commandNode?: string;
  exitCode?: number;
  signal?: string;
  /** The last lines of the command's standard error, at most 20. */
  stderr: string[];
  /** Files with all that it printed, relative to the simulation's directory. */
  logs: string[];
}

/** A row of the report: strings as they were captured, null where there is none. */
export interface StepResult {
  id: string;
  duration: string | null;
  up_bytes: string | null;
  down_bytes: string | null;
  latency_ms: string | null;
}

/** What became of a simulation. */
export interface SimulationOutcome {
  name: string;
  file: string;
  variant: Record<string, string>;
  status: SimulationStatus;
  /** ISO 8601. */
  startedAt: string;
  endedAt: string;
  durationMs: number;
  /** How long it took to make the lab. */
  setupMs?: number;
  seed?: number;
  steps: StepOutcome[];
  /** The last value of every capture, by `id.name`. */
  captures: Record<string, string>;
  results: StepResult[];
  failure?: Failure;
  /** What is worth knowing, though nothing failed by it. */
  warnings: string[];
}

/** What a simulation is at. */
export interface Progress {
  /** The step's number, from 1; 0 while the lab is made. */
  step: number;
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
  seed?: number;
  /** Ends it early: it is "interrupted", and its outputs are complete. */
  signal?: AbortSignal;
  onProgress?(progress: Progress): void;
  /** Each line that its programs print. */
  onLine?(line: { node: string; stream: "stdout" | "stderr"; text: string }): void;
}
