import { InvalidOptionError } from "../../options/parse_options.ts";
import { RunRecord } from "./run_record.ts";
import { DEFAULT_WORK_DIR, makeLatest, makeRunDirectory } from "../report/run_directory.ts";
import { writeOutcome } from "../report/run_files.ts";
import type { RunAllOptions, RunEvent, RunSummary, SimulationRunner } from "../types/run_types.ts";
import { checkNames } from "../report/simulation_names.ts";
import type { Simulation, SimulationOutcome } from "../types/types.ts";

/**
 * Runs simulations, each in a lab of its own, and keeps what they leave in a directory of the run:
 *
 * ```text
 * <workDir>/latest -> sim-260102-030405   the newest run; names are in UTC
 * <workDir>/sim-260102-030405/
 *   manifest.json            what was run, by what, and what became of it
 *   progress.json            what each does now; at most some 200 ms old
 *   combined-results.json    the results of all of them
 *   combined-results.md      the same for people
 *   <simulation>/sim.json    how it went: status, steps, captures, failure
 *   <simulation>/results.json
 *   <simulation>/results.md
 * ```
 *
 * Each file is whole at any moment, and all are there at the end, also where simulations fail, take too
 * long or are interrupted. A simulation that cannot be run is one that failed; what could not be
 * written is in `errors` of the summary, and the others go on.
 *
 * @returns once all is written, also after `signal` ended it.
 * @throws {SimulationNameError} Two simulations have one name, or one has a name that no directory can have.
 * @throws {RunDirectoryError} The run's directory cannot be made.
 * @throws what `onEvent` threw, once all is written; it was not called again.
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
  checkNames(simulations);
  const run = options.run ?? await realRunner(simulations.length);
  const directory = await makeRunDirectory(workDir, now());
  const record = new RunRecord(directory, simulations, { ...options, jobs, now });
  const listener = new Listener(options.onEvent);
  await record.begin();
  await makeLatest(directory).catch((error) => record.fault(error.message));
  listener.tell({ kind: "run-started", directory, total: simulations.length });

  await inPool(simulations.length, jobs, async (index) => {
    const simulation = simulations[index];
    record.started(index);
    listener.tell({ kind: "simulation-started", index, simulation });
    const outcome = await runOne(simulation, index, { run, record, listener, options, now });
    record.ended(index, outcome);
    listener.tell({ kind: "simulation-ended", index, simulation, outcome });
  }, () => !signal?.aborted);

  const summary = await record.end();
  listener.tell({ kind: "run-ended", summary });
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

/** Never rejects: what goes wrong is in the outcome, or a fault of the record. */
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
    // Nothing of it could be kept, so it is not run at all.
    const message = `cannot make ${directory}: ${(error as Error).message}`;
    record.fault(message);
    return unfit(simulation, "failed", message, startedAt, now());
  }
  let outcome: SimulationOutcome;
  try {
    options.signal?.throwIfAborted(); // it may have been while the directory was made
    outcome = await run(simulation, {
      directory,
      binaries: options.binaries.get(simulation) ?? new Map(),
      timeoutMs: options.timeoutMs,
      seed: options.seed,
      signal: options.signal,
      onProgress: (progress) => {
        record.progress(index, progress);
        listener.tell({ kind: "progress", index, simulation, progress });
      },
      onLine: (line) => listener.tell({ kind: "line", index, simulation, line }),
    });
  } catch (error) {
    const { signal } = options;
    const status = signal?.aborted && error === signal.reason ? "interrupted" : "failed";
    outcome = unfit(simulation, status, messageOf(error), startedAt, now());
  }
  for (const fault of await writeOutcome(directory, outcome)) record.fault(fault);
  return outcome;
}

/** What became of a simulation of which nothing is known but that it did not run to its end. */
function unfit(
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

/** Labs are much to load, and a run of no simulations needs none. */
async function realRunner(total: number): Promise<SimulationRunner> {
  if (total === 0) return () => Promise.reject(new Error("there is no simulation"));
  return (await import("./run_simulation.ts")).runSimulation;
}

/** Who is told of what happens. One that throws must not cost the outputs of the run. */
class Listener {
  #onEvent: ((event: RunEvent) => void) | undefined;
  #error: { thrown: unknown } | undefined;

  constructor(onEvent: ((event: RunEvent) => void) | undefined) {
    this.#onEvent = onEvent;
  }

  tell(event: RunEvent): void {
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
 * Does numbered work, from 0 on and in that order, so much at a time and no more.
 *
 * @param more asked before each next one; once it says no, none is started any more
 * @throws what the first failed with, once all that had started are at their end; after a failure none
 * is started any more.
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
