import { basename } from "node:path";
import { LiveFile } from "../../files/live_file.ts";
import { aboutHere, type Manifest } from "../report/manifest.ts";
import { countsOf, RUN_VERSION, runStatus } from "../report/records.ts";
import { writeCombined } from "../report/run_files.ts";
import type {
  RecordStatus,
  RunAllOptions,
  RunSummary,
  SimulationRecord,
} from "../types/run_types.ts";
import type { Progress, Simulation, SimulationOutcome } from "../types/types.ts";

type RecordOptions = Pick<RunAllOptions, "command" | "seed" | "timeoutMs" | "shard"> & {
  jobs: number;
  now(): Date;
};

interface Entry {
  record: Omit<SimulationRecord, "status"> & { status: RecordStatus | "waiting" | "running" };
  startedAt?: string;
  progress?: Progress;
  outcome?: SimulationOutcome;
}

/** The state of a run in progress, and its files `manifest.json`, `progress.json` and the results. */
export class RunRecord {
  readonly #directory: string;
  readonly #run: string;
  readonly #options: RecordOptions;
  readonly #entries: Entry[];
  readonly #faults: string[] = [];
  readonly #here = aboutHere();
  readonly #startedAt: Date;
  readonly #manifestFile: LiveFile;
  readonly #progressFile: LiveFile;
  #summary: RunSummary | undefined;

  /** `directory` is the run's directory, which exists. */
  constructor(directory: string, simulations: readonly Simulation[], options: RecordOptions) {
    this.#directory = directory;
    this.#run = basename(directory);
    this.#options = options;
    this.#startedAt = options.now();
    this.#entries = simulations.map(({ name, file, variant }) => ({
      record: { name, file, variant, directory: name, status: "waiting" },
    }));
    this.#manifestFile = new LiveFile(`${directory}/manifest.json`, () => this.#manifest());
    this.#progressFile = new LiveFile(`${directory}/progress.json`, () => this.#progress());
  }

  /** Returns the directory for the outputs of a simulation. */
  directoryOf(index: number): string {
    return `${this.#directory}/${this.#entries[index].record.directory}`;
  }

  /** Writes the first state. A file that cannot be written is tried again, and is a fault at the end. */
  async begin(): Promise<void> {
    await Promise.all([this.#manifestFile.flush(), this.#progressFile.flush()]);
  }

  /** Records that something of the run could not be made or written. */
  fault(message: string): void {
    this.#faults.push(message);
  }

  /** Records the start of a simulation. */
  started(index: number): void {
    const entry = this.#entries[index];
    entry.record.status = "running";
    entry.startedAt = this.#options.now().toISOString();
    this.#touch();
  }

  /** Records the progress of a simulation. */
  progress(index: number, progress: Progress): void {
    this.#entries[index].progress = progress;
    this.#progressFile.touch();
  }

  /** Records the end of a simulation, whose own files are written. */
  ended(index: number, outcome: SimulationOutcome): void {
    const entry = this.#entries[index];
    entry.outcome = outcome;
    entry.record.status = outcome.status;
    entry.record.durationMs = outcome.durationMs;
    if (outcome.verdict) entry.record.verdict = outcome.verdict;
    this.#touch();
  }

  /** Writes the results and the last state of all files. */
  async end(): Promise<RunSummary> {
    for (const { record } of this.#entries) {
      if (record.status === "waiting") record.status = "not-run";
    }
    const simulations = this.#entries.map(({ record }) => record as SimulationRecord);
    const outcomes = this.#entries.flatMap(({ outcome }) => outcome ?? []);
    this.#faults.push(
      ...await writeCombined(this.#directory, this.#run, simulations, outcomes, this.#faults),
    );
    this.#summary = this.#sum(simulations, outcomes);
    const faults = await Promise.all([this.#manifestFile.flush(), this.#progressFile.flush()]);
    this.#faults.push(...faults.filter((fault) => fault !== undefined));
    this.#summary = this.#sum(simulations, outcomes, this.#summary.endedAt);
    return this.#summary;
  }

  #touch(): void {
    this.#manifestFile.touch();
    this.#progressFile.touch();
  }

  #sum(
    simulations: SimulationRecord[],
    outcomes: SimulationOutcome[],
    endedAt = this.#options.now().toISOString(),
  ): RunSummary {
    const counts = countsOf(simulations);
    const { shard } = this.#options;
    return {
      directory: this.#directory,
      status: runStatus(counts, this.#faults.length),
      ...counts,
      startedAt: this.#startedAt.toISOString(),
      endedAt,
      durationMs: Math.max(0, Date.parse(endedAt) - this.#startedAt.getTime()),
      simulations,
      outcomes,
      errors: [...this.#faults],
      ...shard ? { shard: { index: shard.index, count: shard.count } } : {},
    };
  }

  #manifest(): Manifest {
    const { command, jobs, seed, timeoutMs, shard } = this.#options;
    const { version, netyard, host } = this.#here;
    return {
      version,
      netyard,
      run: this.#run,
      command: command ? [...command] : null,
      host,
      startedAt: this.#startedAt.toISOString(),
      endedAt: this.#summary?.endedAt ?? null,
      durationMs: this.#summary?.durationMs ?? null,
      status: this.#summary?.status ?? "running",
      jobs,
      seed: seed ?? null,
      timeoutMs: timeoutMs ?? null,
      shard: shard ? { index: shard.index, count: shard.count } : null,
      planned: shard ? [...shard.planned] : this.#entries.map(({ record }) => record.name),
      simulations: this.#entries.map(({ record }) => ({
        ...record,
        durationMs: record.durationMs ?? null,
      })),
      errors: this.#faults,
    };
  }

  #progress(): unknown {
    const records = this.#entries.map(({ record }) => record);
    const counted = (status: string) => records.filter((each) => each.status === status).length;
    const { notRun, ...counts } = countsOf(records);
    return {
      version: RUN_VERSION,
      run: this.#run,
      status: this.#summary?.status ?? "running",
      startedAt: this.#startedAt.toISOString(),
      updatedAt: this.#options.now().toISOString(),
      endedAt: this.#summary?.endedAt ?? null,
      total: records.length,
      waiting: counted("waiting"),
      running: counted("running"),
      ...counts,
      notRun,
      simulations: this.#entries.map(({ record, startedAt, progress }) => ({
        name: record.name,
        status: record.status,
        startedAt: startedAt ?? null,
        durationMs: record.durationMs ?? null,
        step: progress?.step ?? 0,
        steps: progress?.steps ?? null,
        // The steps of a simulation that has ended say what it did last.
        doing: record.status === "running" ? progress?.doing ?? "" : null,
      })),
    };
  }
}
