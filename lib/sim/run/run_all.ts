/**
 * Runs simulations, one by one or several at the same time, and keeps their record. Imports `perform` and
 * `report`. Begin here, then read `run_simulation.ts`.
 *
 * @module
 */
import { failuresDirectory } from "../../bundle/failures.ts";
import { InvalidOptionError } from "../../options/parse_options.ts";
import { RunRecord } from "./run_record.ts";
import { inconclusiveLine, isInconclusive } from "../report/inconclusive.ts";
import { DEFAULT_WORK_DIR, makeLatest, makeRunDirectory } from "../report/run_directory.ts";
import { writeOutcome } from "../report/run_files.ts";
import type { RunAllOptions, RunEvent, RunSummary, SimulationRunner } from "../types/run_types.ts";
import { checkNames } from "../report/simulation_names.ts";
import type { Simulation, SimulationOutcome } from "../types/types.ts";

/**
 * Runs simulations, each in its own lab, and writes their outputs to a directory of the run:
 *
 * ```text
 * <workDir>/latest -> sim-260102-030405   the newest run; names are in UTC
 * <workDir>/sim-260102-030405/
 *   manifest.json            the simulations, their status, and how they were run
 *   progress.json            the progress of each simulation; about 200 ms old at most
 *   combined-results.json    the results of all simulations
 *   combined-results.md      the same for people
 *   <simulation>/sim.json    the outcome: status, steps, captures, failure
 *   <simulation>/results.json
 *   <simulation>/results.md
 * ```
 *
 * Each file is complete at any time, and all files exist at the end, even if simulations fail, reach
 * their time limit or are interrupted. A simulation that cannot be run has failed; a file that cannot be
 * written is in `errors` of the summary, and the other simulations continue.
 *
 * @returns the summary, when all files are written, also after an abort of `signal`.
 * @throws {SimulationNameError} Two simulations have the same name, or a name is not valid for a directory.
 * @throws {RunDirectoryError} The run's directory cannot be made.
 * @throws the error of `onEvent`, when all files are written; `onEvent` is not called again.
 */
export async function runAll(
  simulations: readonly Simulation[],
  options: RunAllOptions,
): Promise<RunSummary> {
  const { workDir = DEFAULT_WORK_DIR, jobs = 1, signal, now = () => new Date() } = options;
  if (!Number.isInteger(jobs) || jobs < 1) {
    throw new InvalidOptionError(
      `runAll(): "jobs" is ${jobs}, but must be a whole number from 1 on`,
    );
  }
  const { retries = 0 } = options;
  if (!Number.isInteger(retries) || retries < 0) {
    throw new InvalidOptionError(
      `runAll(): "retries" is ${retries}, but must be a whole number from 0 on`,
    );
  }
  checkNames(simulations);
  const run = options.run ?? await realRunner(simulations.length);
  const directory = await makeRunDirectory(workDir, now());
  const record = new RunRecord(directory, simulations, { ...options, jobs, now });
  const listener = new Listener(options.onEvent);
  await record.begin();
  await makeLatest(directory).catch((error) => record.fault(error.message));
  listener.emit({ kind: "run-started", directory, total: simulations.length });

  await inPool(simulations.length, jobs, async (index) => {
    const simulation = simulations[index];
    record.started(index);
    listener.emit({ kind: "simulation-started", index, simulation });
    const one = { run, record, listener, options, now };
    const outcome = await runRepeatedly(simulation, index, one, retries);
    record.ended(index, outcome);
    listener.emit({ kind: "simulation-ended", index, simulation, outcome });
  }, () => !signal?.aborted);

  const summary = await record.end();
  listener.emit({ kind: "run-ended", summary });
  listener.rethrow();
  return summary;
}

interface One {
  run: SimulationRunner;
  record: RunRecord;
  listener: Listener;
  options: RunAllOptions;
  now(): Date;
}

/** Runs a simulation, again while it is inconclusive. */
async function runRepeatedly(
  simulation: Simulation,
  index: number,
  one: One,
  retries: number,
): Promise<SimulationOutcome> {
  const { record, listener, options: { signal } } = one;
  const warnings: string[] = [];
  for (let attempt = 1;; attempt++) {
    const outcome = await runOne(simulation, index, one);
    if (!isInconclusive(outcome) || attempt > retries || signal?.aborted) {
      if (attempt === 1) return outcome;
      const last = { ...outcome, attempts: attempt, warnings: [...warnings, ...outcome.warnings] };
      for (const fault of await writeOutcome(record.directoryOf(index), last)) record.fault(fault);
      return last;
    }
    listener.emit({ kind: "simulation-repeated", index, simulation, outcome, attempt });
    warnings.push(attemptText(outcome, attempt));
    await Deno.remove(record.directoryOf(index), { recursive: true })
      .catch((error) => record.fault(error.message));
  }
}

function attemptText({ failure, verdict }: SimulationOutcome, attempt: number): string {
  const what = failure?.message.split("\n")[0] ?? "it did not pass";
  const bundle = failure?.bundle ? `; record: ${failure.bundle}` : "";
  return `attempt ${attempt} was ${inconclusiveLine(verdict!)}; it ended with: ${what}${bundle}`;
}

/** Never rejects: failures are in the outcome, or faults of the record. */
async function runOne(
  simulation: Simulation,
  index: number,
  { run, record, listener, options, now }: One,
): Promise<SimulationOutcome> {
  const startedAt = now();
  const directory = record.directoryOf(index);
  try {
    await Deno.mkdir(directory);
  } catch (error) {
    // Its outputs could not be written, so it does not run.
    const message = `cannot make ${directory}: ${(error as Error).message}`;
    record.fault(message);
    return notRunnable(simulation, "failed", message, startedAt, now());
  }
  let outcome: SimulationOutcome;
  try {
    options.signal?.throwIfAborted(); // while the directory was made
    outcome = await run(simulation, {
      directory,
      binaries: options.binaries.get(simulation) ?? new Map(),
      timeoutMs: options.timeoutMs,
      seed: options.seed,
      record: options.record,
      failures: failuresDirectory(undefined, options.workDir),
      command: options.command,
      signal: options.signal,
      onProgress: (progress) => {
        record.progress(index, progress);
        listener.emit({ kind: "progress", index, simulation, progress });
      },
      onLine: (line) => listener.emit({ kind: "line", index, simulation, line }),
    });
  } catch (error) {
    const { signal } = options;
    const status = signal?.aborted && error === signal.reason ? "interrupted" : "failed";
    outcome = notRunnable(simulation, status, messageOf(error), startedAt, now());
  }
  for (const fault of await writeOutcome(directory, outcome)) record.fault(fault);
  return outcome;
}

/** Returns the outcome of a simulation that could not be run, or whose runner threw. */
function notRunnable(
  { name, file, variant }: Simulation,
  status: "failed" | "interrupted",
  message: string,
  startedAt: Date,
  endedAt: Date,
): SimulationOutcome {
  return {
    name,
    file,
    variant,
    status,
    startedAt: startedAt.toISOString(),
    endedAt: endedAt.toISOString(),
    durationMs: Math.max(0, endedAt.getTime() - startedAt.getTime()),
    steps: [],
    captures: {},
    results: [],
    failure: { message, stderr: [], logs: [] },
    warnings: [],
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}

/** Loads the code of labs, which takes time, only if there is a simulation. */
async function realRunner(total: number): Promise<SimulationRunner> {
  if (total === 0) return () => Promise.reject(new Error("there is no simulation"));
  return (await import("./run_simulation.ts")).runSimulation;
}

/** Passes events on to `onEvent`. An error of it must not lose the outputs of the run. */
class Listener {
  #onEvent: ((event: RunEvent) => void) | undefined;
  #error: { thrown: unknown } | undefined;

  constructor(onEvent: ((event: RunEvent) => void) | undefined) {
    this.#onEvent = onEvent;
  }

  emit(event: RunEvent): void {
    if (this.#error) return;
    try {
      this.#onEvent?.(event);
    } catch (thrown) {
      this.#error = { thrown };
    }
  }

  rethrow(): void {
    if (this.#error) throw this.#error.thrown;
  }
}

/**
 * Runs `work` for the numbers from 0 to `total - 1`, in order, with at most `atOnce` in progress.
 *
 * @param more called before each start; no further work starts after it has returned false
 * @throws the first error, when all started work has ended; no work starts after a failure.
 */
export async function inPool(
  total: number,
  atOnce: number,
  work: (index: number) => Promise<void>,
  more: () => boolean = () => true,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < total && more()) {
      try {
        await work(next++);
      } catch (error) {
        next = total;
        throw error;
      }
    }
  };
  const workers = Array.from({ length: Math.min(atOnce, total) }, worker);
  const failed = (await Promise.allSettled(workers)).find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") throw failed.reason;
}
