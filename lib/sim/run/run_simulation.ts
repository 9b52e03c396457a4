import { Lab } from "../../lab/lab.ts";
import { recordingOf } from "../../lab/recording/entry.ts";
import { environmentVariable } from "../../options/environment.ts";
import {
  FAILURE_RECORD,
  ON_FAILURE,
  RECORD_VARIABLE,
  type RecordOptions,
} from "../../record/options.ts";
import type { Verdict } from "../../record/verdict.ts";
import { Limit, timeText } from "../values/limit.ts";
import { SimulationEndedError } from "../values/step_error.ts";
import {
  addPrograms,
  failedStatus,
  failureOf,
  logsOf,
  notRun,
  resultsOf,
  stepTitle,
  warningsOf,
} from "../perform/outcome.ts";
import { perform } from "../perform/perform.ts";
import { RunState } from "../perform/run_state.ts";
import { leftOutSteps } from "./fault_steps.ts";
import { type FailedLab, keepFailure, noteFailure, placeOf } from "./keep_failure.ts";
import type {
  RunContext,
  Simulation,
  SimulationOutcome,
  SimulationStatus,
  Step,
  StepOutcome,
} from "../types/types.ts";

/** The lab refuses longer labels. */
const LONGEST_LABEL = 100;

/**
 * Runs a simulation: builds its network, boots its virtual machines, performs its steps one after the
 * other, and removes the network. Never rejects; failures are in the outcome.
 *
 * The directory of the context then has `events.jsonl`, `state.json` and `nodes/` of the lab, and
 * `files/`, `certs/` and `captures/` of the steps. With `record: "on-failure"`, a failure leaves a record
 * elsewhere, too.
 */
export async function runSimulation(
  simulation: Simulation,
  context: RunContext,
): Promise<SimulationOutcome> {
  const timeoutMs = context.timeoutMs ?? simulation.timeoutMs;
  using end = new SimulationEnd(timeoutMs, context.signal);
  return await new Execution(simulation, context, end.signal).run();
}

class Execution {
  #simulation: Simulation;
  #context: RunContext;
  #signal: AbortSignal;
  #lab: Lab | undefined;
  #run: RunState | undefined;
  #setupMs: number | undefined;
  #steps: StepOutcome[];
  #leftOut: ReadonlySet<string>;
  #status: SimulationStatus = "passed";
  #failure: SimulationOutcome["failure"];
  #error: unknown;
  #verdict: Verdict | undefined;
  #failedLab: FailedLab | undefined;
  #begin = performance.now();

  constructor(simulation: Simulation, context: RunContext, signal: AbortSignal) {
    this.#simulation = simulation;
    this.#context = context;
    this.#signal = signal;
    const leftOut = this.#leftOut = leftOutSteps(simulation.steps);
    this.#steps = simulation.steps.map((step, index) =>
      notRun(leftOut.has(step.id) ? { ...step, skipped: true } : step, index)
    );
  }

  async run(): Promise<SimulationOutcome> {
    const { name, file, variant } = this.#simulation;
    const startedAt = new Date().toISOString();
    if (await this.#setUp()) await this.#performSteps();
    const seed = this.#lab?.seed ?? this.#seed;
    // Before the end, whose load says nothing about the steps.
    this.#verdict = this.#lab?.verdict;
    if (this.#failure) await this.#noteFailure();
    else if (this.#lab && this.#record === ON_FAILURE) recordingOf(this.#lab)?.discard();
    const warnings = await this.#tearDown();
    const run = this.#run;
    if (run && this.#failure) this.#failure.logs = await logsOf(run, this.#failure);
    const outcome: SimulationOutcome = {
      name,
      file,
      variant,
      status: this.#status,
      startedAt,
      endedAt: new Date().toISOString(),
      durationMs: this.#elapsed,
      ...this.#setupMs !== undefined && { setupMs: this.#setupMs },
      ...seed !== undefined && { seed },
      steps: this.#steps,
      captures: run?.captures.all ?? {},
      results: run ? resultsOf(run) : [],
      ...this.#failure && { failure: this.#failure },
      ...this.#verdict && { verdict: this.#verdict },
      warnings,
    };
    return this.#failedLab
      ? await keepFailure(this.#simulation, this.#context, outcome, this.#failedLab)
      : outcome;
  }

  /** Notes the failure in the record of the lab, while everything is still there. */
  async #noteFailure(): Promise<void> {
    const lab = this.#lab;
    const { where } = this.#failure!;
    await (lab && recordingOf(lab)?.failed(this.#error, placeOf(where)));
    if (this.#record !== ON_FAILURE || this.#status === "interrupted") return;
    this.#failedLab = { error: this.#error, linkEngine: lab?.linkEngine ?? null };
    if (lab) noteFailure(lab, this.#failure!);
  }

  get #record(): RecordOptions | typeof ON_FAILURE | undefined {
    const set = environmentVariable(RECORD_VARIABLE);
    return this.#context.record ?? (set === ON_FAILURE ? set : undefined);
  }

  get #elapsed(): number {
    return Math.round(performance.now() - this.#begin);
  }

  get #seed(): number | undefined {
    return this.#context.seed ?? this.#simulation.seed;
  }

  /** Builds the network; returns whether that succeeded. */
  async #setUp(): Promise<boolean> {
    const { name, topology, steps } = this.#simulation;
    this.#context.onProgress?.({ step: 0, steps: steps.length, doing: "building the network" });
    const limit = new Limit(this.#signal, "its network");
    const record = this.#record;
    try {
      limit.check();
      const lab = this.#lab = await Lab.fromConfig(topology, {
        label: name.slice(0, LONGEST_LABEL),
        outDir: { exact: this.#context.directory },
        ...record !== undefined && { record: record === ON_FAILURE ? FAILURE_RECORD : record },
        ...this.#seed !== undefined && { seed: this.#seed },
      });
      this.#run = new RunState(this.#simulation, this.#context, lab);
      const doing = "booting the virtual machines";
      await limit.wait(lab.boot(), { doing, late: () => doing });
      this.#setupMs = this.#elapsed;
      return true;
    } catch (error) {
      this.#status = failedStatus(error);
      this.#failure = failureOf(error);
      this.#error = error;
      return false;
    }
  }

  async #performSteps(): Promise<void> {
    const { steps } = this.#simulation;
    for (const [index, step] of steps.entries()) {
      if (step.skipped || this.#leftOut.has(step.id)) continue;
      const doing = stepTitle(step);
      this.#context.onProgress?.({ step: index + 1, steps: steps.length, doing });
      if (!await this.#performStep(step, index)) return;
    }
  }

  /** Performs a step; returns whether it passed. */
  async #performStep(step: Step, index: number): Promise<boolean> {
    const run = this.#run!;
    const outcome = this.#steps[index];
    const { number, id, action, device, where } = outcome;
    outcome.startedMs = this.#elapsed;
    run.lab.emit("step-started", { number, id, action, device: device ?? null, where });
    run.captures.start(id);
    const limit = new Limit(this.#signal, `step ${number}, ${stepTitle(step)}`, step.timeoutMs);
    try {
      limit.check();
      await perform(run, step, limit);
      outcome.status = "passed";
    } catch (error) {
      this.#status = outcome.status = failedStatus(error);
      this.#failure = failureOf(error, { step, index });
      this.#error = error;
    }
    outcome.durationMs = this.#elapsed - outcome.startedMs;
    const { status } = outcome;
    const message = this.#failure?.message ?? null;
    run.lab.emit("step-ended", { number, id, action, status, message });
    return status === "passed";
  }

  /** Ends all programs and captures, and removes the network; returns warnings. */
  async #tearDown(): Promise<string[]> {
    const warnings: string[] = [];
    const run = this.#run;
    const programs = [...run?.programs.values() ?? []];
    await Promise.all(programs.map((program) => program.stop()));
    await Promise.all(
      [...run?.packetCaptures.values() ?? []].map((packetCapture) => packetCapture.stop()),
    );
    try {
      await this.#lab?.close();
    } catch (error) {
      warnings.push(...reasons(error).map((reason) => `removing the network: ${reason}`));
    }
    // Processes that programs left behind end with the network: no output stays open.
    await Promise.all(programs.map(({ finished, drained }) => Promise.all([finished, drained])));
    if (!run) return warnings;
    addPrograms(run, this.#steps);
    return [...warningsOf(run, this.#status === "passed"), ...warnings];
  }
}

function reasons(error: unknown): string[] {
  if (error instanceof AggregateError) return error.errors.flatMap(reasons);
  return [error instanceof Error ? error.message : String(error)];
}

/** The longest time that setTimeout() accepts. */
const MAX_MS = 2 ** 31 - 1;

/** Ends a simulation early: when it reaches its time limit, or is interrupted from outside. */
class SimulationEnd implements Disposable {
  #controller = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #outside: AbortSignal | undefined;

  /** Starts the time limit. */
  constructor(timeoutMs: number | undefined, outside: AbortSignal | undefined) {
    this.#outside = outside;
    if (timeoutMs !== undefined) {
      this.#timer = setTimeout(() => {
        const message = `the simulation did not end within ${timeText(timeoutMs)}`;
        this.#controller.abort(new SimulationEndedError("timed-out", message));
      }, Math.min(timeoutMs, MAX_MS));
    }
    outside?.addEventListener("abort", this.#interrupt);
    if (outside?.aborted) this.#interrupt();
  }

  /** Aborted with a {@link SimulationEndedError} when the simulation must end. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#outside?.removeEventListener("abort", this.#interrupt);
  }

  #interrupt = () => {
    const message = "the simulation was interrupted";
    this.#controller.abort(new SimulationEndedError("interrupted", message));
  };
}
