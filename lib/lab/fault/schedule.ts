import defer * as asyncHooks from "node:async_hooks";
import defer * as durations from "../../options/duration.ts";
import { InvalidOptionError, parseOptions } from "../../options/parse_options.ts";
import { ActiveFault } from "./active.ts";
import { faultOps } from "./late.ts";
import type { LabCore } from "../model/lab.ts";
import { NotFoundError } from "../options/errors.ts";
import type { ScheduleAction, ScheduleStep } from "./steps.ts";
import type { Fault } from "./types.ts";

export type { ScheduleAction, ScheduleStep } from "./steps.ts";

/** The result of a step. */
export interface StepResult {
  /** The index of the step, in the given order, from 0. */
  step: number;
  /** The requested time, in milliseconds from the start. */
  askedMs: number;
  /** The actual time, in milliseconds from the start. */
  actualMs: number;
  /** Why it failed, if it did. */
  error?: unknown;
}

const isFault = (action: ScheduleAction): action is Fault =>
  typeof action === "object" && "kind" in action;

/** An action with its time. */
interface Due {
  step: number;
  askedMs: number;
  act(): unknown;
  what: unknown;
}

/** Runs steps at their times; steps with the same time in their given order. */
export class Schedule implements AsyncDisposable {
  /** The results so far, in the order in which the steps began. */
  readonly results: StepResult[] = [];
  #core: LabCore;
  #id: string;
  #faults = new Map<number, ActiveFault>();
  #names = new Map<string, number>();
  #cancelled = Promise.withResolvers<void>();
  #isOver = false;
  #inStep: asyncHooks.AsyncLocalStorage<Schedule>;
  #done: Promise<StepResult[]>;

  /**
   * Made by `lab.schedule()`.
   *
   * @internal
   */
  constructor(core: LabCore, id: string, given: ScheduleStep[]) {
    core.open("schedule()");
    this.#core = core;
    this.#id = id;
    const { stepsSchema } = faultOps();
    this.#inStep = new asyncHooks.AsyncLocalStorage();
    const steps = parseOptions(stepsSchema, given, "schedule()");
    const dues = this.#duesOf(steps);
    core.schedules.add(this);
    this.#done = this.#run(dues);
  }

  /**
   * Resolves with the results when all steps are done, the schedule was cancelled, or the lab closed.
   * If a step failed, it rejects with the error of the first one when all steps are done.
   */
  get done(): Promise<StepResult[]> {
    return this.#done;
  }

  /** The active faults of the schedule. */
  get faults(): ActiveFault[] {
    return [...this.#faults.values()].filter((fault) => !fault.healed);
  }

  /**
   * Starts no further steps; the effects so far stay. Resolves when the running steps are done; resolves
   * immediately if a running step calls it.
   */
  async cancel(): Promise<void> {
    this.#isOver = true;
    this.#cancelled.resolve();
    if (this.#inStep.getStore() !== this) await this.#done.catch(() => {});
  }

  /** As {@link Schedule.cancel}, when the lab closes. */
  stop(): void {
    void this.cancel();
  }

  /** Heals all active faults of the schedule. */
  async heal(): Promise<void> {
    // In reverse order: later faults are undone first.
    for (const fault of this.faults.reverse()) await fault.heal();
  }

  /** Cancels the schedule and heals its faults. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.cancel();
    await this.heal();
  }

  #duesOf(steps: ScheduleStep[]): Due[] {
    steps.forEach(({ name, do: action }, step) => {
      if (!isFault(action)) return;
      if (name === undefined) return;
      const other = this.#names.get(name);
      if (other !== undefined) {
        throw new InvalidOptionError(
          `schedule(): steps ${other} and ${step} have the same name "${name}"; ` +
            "give each its own name",
        );
      }
      this.#names.set(name, step);
    });
    const dues = steps.flatMap((step, n): Due[] => {
      const askedMs = durations.milliseconds(step.at);
      const wanted = step.do;
      if (typeof wanted === "function") {
        return [{ step: n, askedMs, act: wanted, what: functionName(wanted) }];
      }
      if (wanted === "heal") return [{ step: n, askedMs, act: () => this.heal(), what: wanted }];
      if ("heal" in wanted) return [this.#healing(n, askedMs, wanted.heal)];
      const act = () => this.#inject(n, wanted);
      const injecting = { step: n, askedMs, act, what: faultOps().faultRecord(wanted) };
      if (step.for === undefined) return [injecting];
      const what = { heal: step.name ?? n };
      const over = { step: n, askedMs: askedMs + durations.milliseconds(step.for), what };
      return [injecting, { ...over, act: () => this.#faults.get(n)?.heal() }];
    });
    return dues.sort((a, b) => a.askedMs - b.askedMs);
  }

  #healing(step: number, askedMs: number, name: string): Due {
    const target = this.#names.get(name);
    if (target === undefined) {
      const names = [...this.#names.keys()].join(", ") || "none";
      throw new NotFoundError(
        `schedule(): step ${step} heals "${name}", but no step with a fault has this name; there are: ${names}`,
      );
    }
    return { step, askedMs, act: () => this.#faults.get(target)?.heal(), what: { heal: name } };
  }

  async #inject(step: number, fault: Fault): Promise<void> {
    this.#faults.set(step, new ActiveFault(this.#core, `${this.#id}.${step}`, fault));
    await this.#core.settle();
  }

  async #run(dues: Due[]): Promise<StepResult[]> {
    const start = performance.now();
    const running: Promise<void>[] = [];
    for (const due of dues) {
      await this.#until(start + due.askedMs);
      if (this.#isOver) break;
      const actualMs = performance.now() - start;
      const result: StepResult = { step: due.step, askedMs: due.askedMs, actualMs };
      this.results.push(result);
      // A slow step does not delay the others.
      running.push(this.#perform(due, result));
    }
    await Promise.all(running);
    this.#isOver = true;
    this.#core.schedules.delete(this);
    const failed = this.results.find((result) => "error" in result);
    if (failed) throw failed.error;
    return this.results;
  }

  async #perform(due: Due, result: StepResult): Promise<void> {
    try {
      await this.#inStep.run(this, due.act);
    } catch (error) {
      result.error = error;
    }
    if (this.#core.bus.closed) return;
    this.#core.bus.emit({
      kind: "schedule-step",
      schedule: this.#id,
      step: due.step,
      action: due.what,
      askedMs: due.askedMs,
      actualMs: result.actualMs,
      error: "error" in result ? String(result.error) : null,
    });
  }

  async #until(time: number): Promise<void> {
    // A timer has a resolution of 1 ms and another clock: it may fire a little early.
    for (let ms; !this.#isOver && (ms = time - performance.now()) > 0;) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, Math.ceil(ms));
      await Promise.race([promise, this.#cancelled.promise]);
      clearTimeout(timer);
    }
  }
}

/** Returns the name of a function; an inline function has the name of its key, `do`. */
function functionName({ name }: { name: string }): string {
  return name === "" || name === "do" ? "function" : name;
}
